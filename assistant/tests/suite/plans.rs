//! Random plans in random states: nothing passes that the oracle forbids. 100,000 plans; `STEWARD_PLANS` says how many else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use plugins::manifest::{Action, Risk};
use plugins::value::{Value, Values};
use plugins::vss::Vss;
use plugins::writes::{self, Writes};
use plugins::zone::Steering;
use steward_assistant::Policy;
use steward_assistant::policy::{Consent, SPEED, Verdict, Wish};

use crate::actions::{Dice, arguments, every};
use crate::car::{Still, catalogue, command, number, path, policy, vss};
use crate::oracle::{Seen, forbidden, needs_a_yes};

/// Commands of one plan at most.
const LONGEST: usize = 4;

fn how_many() -> usize {
    std::env::var("STEWARD_PLANS").map_or(100_000, |plans| plans.parse().expect("STEWARD_PLANS is a number"))
}

/// A car in any state: of every signal that matters it may be unknown how it is, or for how long.
fn any_car(dice: &mut Dice) -> Still {
    let mut car = Still::default();
    let mut put = |dice: &mut Dice, path: &str, value: Value| {
        let path = format!("Vehicle.{path}");
        match dice.below(20) {
            0 | 1 => return,
            2 => drop(car.ages.insert(path.clone(), Duration::from_millis(2001 + dice.below(60_000) as u64))),
            3 => drop(car.ages.insert(path.clone(), Duration::from_millis(dice.below(1500) as u64))),
            _ => {}
        }
        car.values.insert(path, value);
    };
    let speed = match dice.below(10) {
        0..=4 => 0.0,
        5 => *dice.pick(&[f64::NAN, f64::INFINITY, -1.0, -30.0, 0.01, 5.0, 5.1]),
        6 => dice.between(0.0, 25.0),
        _ => dice.between(0.0, 240.0),
    };
    put(dice, "Speed", number(speed));
    let gear = *dice.pick(&[-1.0, 0.0, 1.0, 5.0]);
    put(dice, "Powertrain.Transmission.CurrentGear", number(gear));
    for path in ["Body.Lights.Beam.Low.IsOn", "Cabin.IsWindowChildLockEngaged"] {
        let is_on = dice.percent(50);
        put(dice, path, Value::Bool(is_on));
    }
    for path in ["Body.Raindetection.Intensity", "Cabin.Light.PerceivedAmbientLight", "Exterior.AirTemperature"] {
        let reading = dice.between(-20.0, 100.0);
        put(dice, path, number(reading));
    }
    for side in ["DriverSide", "PassengerSide"] {
        let status = *dice.pick(&["OCCUPIED", "EMPTY"]);
        put(dice, &format!("Cabin.Seat.Row2.{side}.OccupancyStatus"), status.into());
    }
    car
}

/// Everything that a set of writes may come to.
fn all_writes(writes: &Writes) -> impl Iterator<Item = (&String, Option<&Value>)> {
    writes.values.iter().map(|(path, value)| (path, Some(value))).chain(writes.open.iter().map(|path| (path, None)))
}

/// What is wrong with letting this through.
fn objection(risk: Risk, writes: &Writes, car: &Still, is_agreed: bool) -> Option<String> {
    let seen = Seen(car);
    let class = match risk {
        Risk::Never => Some("it is never done"),
        Risk::Parked if seen.moves() => Some("the car may move"),
        Risk::Confirm if !is_agreed => Some("nobody was asked"),
        _ => None,
    };
    let of_one = |(path, value): (&String, Option<&Value>)| {
        let reason = forbidden(path, value, &seen).or_else(|| needs_a_yes(path, value, &seen).filter(|_| !is_agreed))?;
        Some(format!("{path} = {value:?}: {reason}"))
    };
    class.map(str::to_owned).or_else(|| all_writes(writes).find_map(of_one))
}

#[derive(Debug, Default)]
struct Tally {
    plans: usize,
    commands: usize,
    verdicts: BTreeMap<&'static str, usize>,
    agreed: usize,
    forbidden: Vec<String>,
}

impl Tally {
    /// Any arguments, any state.
    async fn one_command(&mut self, policy: &Policy, vss: &Vss, of: (&str, &Action), dice: &mut Dice, old: &mut Option<(Writes, Consent)>) {
        let (plugin, action) = of;
        let arguments = arguments(action, dice);
        // Some seats are not there, and nothing is set then.
        let Ok(writes) = writes::expand(action, &arguments, vss, Steering::Left) else { return };
        let (car, command) = (any_car(dice), command(plugin, &action.id));
        let wish = Wish { command: &command, risk: action.risk, writes: &writes, consent: None };
        self.judge(policy, wish, &car, old).await;
    }

    async fn judge(&mut self, policy: &Policy, wish: Wish<'_>, car: &Still, old: &mut Option<(Writes, Consent)>) {
        self.commands += 1;
        // A yes that was once given to something else.
        let other = old.take().filter(|(writes, _)| writes != wish.writes);
        let first = policy.check(Wish { consent: other.as_ref().map(|(_, consent)| consent), ..wish }, car).await.0;
        *self.verdicts.entry(first.name()).or_default() += 1;
        match first {
            Verdict::Allow(_) => self.note(wish, car, false),
            Verdict::Deny(_) => {}
            Verdict::Confirm(question) => {
                if let Verdict::Allow(_) = policy.check(Wish { consent: Some(&question.consent), ..wish }, car).await.0 {
                    self.agreed += 1;
                    self.note(wish, car, true);
                }
                *old = Some((wish.writes.clone(), question.consent));
            }
        }
    }

    fn note(&mut self, wish: Wish<'_>, car: &Still, is_agreed: bool) {
        if let Some(objection) = objection(wish.risk, wish.writes, car, is_agreed) {
            let speed = car.values.get(SPEED);
            self.forbidden.push(format!("{}.{} at {speed:?}: {objection}", wish.command.plugin, wish.command.action));
        }
    }
}

#[tokio::test]
async fn nothing_forbidden_passes() {
    let (policy, vss) = (policy(), vss());
    let actions: Vec<(&str, &Action)> = every(catalogue());
    let (mut tally, mut dice, mut old) = (Tally::default(), Dice(2026), None);
    let start = Instant::now();
    for _ in 0..how_many() {
        tally.plans += 1;
        for _ in 0..=dice.below(LONGEST) {
            tally.one_command(&policy, &vss, *dice.pick(&actions), &mut dice, &mut old).await;
        }
    }
    let Tally { plans, commands, verdicts, agreed, forbidden } = tally;
    println!("{plans} plans of {commands} commands in {:.1?}: {verdicts:?}, allowed after a yes {agreed}", start.elapsed());
    assert!(forbidden.is_empty(), "{} forbidden writes passed, as {:#?}", forbidden.len(), &forbidden[..forbidden.len().min(10)]);
    for verdict in ["allow", "confirm", "deny"] {
        assert!(verdicts[verdict] * 100 > commands, "hardly anything came to {verdict}, so little was tried: {verdicts:?}");
    }
}

/// The oracle knows better than rules of which one is missing: it would notice a rule that is wrong.
#[tokio::test]
async fn a_rule_that_is_left_out_is_missed() {
    let rules = std::fs::read_to_string(path("assistant/policy.toml")).expect("the shipped rules");
    let actions: Vec<(&str, &Action)> = every(catalogue());
    // Rules that protect each other go together: who turns the headlights off sets the switch as well.
    for names in [
        &["headlights-stay-on", "light-switch-not-off"][..],
        &["doors-stay-locked"],
        &["child-lock-protects"],
        &["driver-seat-does-not-move"],
        &["window-child-lock-holds"],
        &["windows-at-high-speed"],
        &["wipers-keep-the-view"],
        &["loud-while-driving"],
        &["occupied-seats-do-not-fold"],
    ] {
        let is_left_out = |rule: &&str| names.iter().any(|name| rule.contains(&format!("name = \"{name}\"")));
        let left: Vec<&str> = rules.split("[[rule]]").filter(|rule| !is_left_out(rule)).collect();
        let policy = Policy::parse("test", &left.join("[[rule]]")).expect("some rules less");
        assert_eq!(policy.len() + names.len(), self::policy().len(), "{names:?}");
        let (mut tally, mut dice) = (Tally::default(), Dice(11));
        // The class of an action may protect where the rule is missing, so that the rules are tried alone.
        for of in actions.iter().cycle().take(actions.len() * 60) {
            let action = Action { risk: Risk::Comfort, ..of.1.clone() };
            tally.one_command(&policy, &vss(), (of.0, &action), &mut dice, &mut None).await;
            if !tally.forbidden.is_empty() {
                break;
            }
        }
        assert!(!tally.forbidden.is_empty(), "without {names:?} nothing forbidden passes");
    }
}

/// What makes the car safer, at any speed and however little is known.
const SAFE: [(&str, Safe); 17] = [
    ("Vehicle.Cabin.Door.Row1.DriverSide.IsOpen", Safe::Off),
    ("Vehicle.Cabin.Door.Row2.PassengerSide.IsLocked", Safe::On),
    ("Vehicle.Cabin.Door.Row2.DriverSide.IsChildLockActive", Safe::On),
    ("Vehicle.Cabin.Door.Row2.DriverSide.Window.Position", Safe::Zero),
    ("Vehicle.Cabin.Sunroof.Position", Safe::Zero),
    ("Vehicle.Body.Trunk.Rear.Position", Safe::Zero),
    ("Vehicle.Body.Trunk.Rear.IsLocked", Safe::On),
    ("Vehicle.Body.Hood.IsOpen", Safe::Off),
    ("Vehicle.Body.Lights.Beam.Low.IsOn", Safe::On),
    ("Vehicle.Body.Lights.Beam.High.IsOn", Safe::Off),
    ("Vehicle.Body.Lights.Hazard.IsSignaling", Safe::On),
    ("Vehicle.Body.Lights.Running.IsOn", Safe::On),
    ("Vehicle.Body.Mirrors.DriverSide.IsFolded", Safe::Off),
    ("Vehicle.Cabin.HVAC.IsFrontDefrosterActive", Safe::On),
    ("Vehicle.Powertrain.FuelSystem.IsFuelPortFlapOpen", Safe::Off),
    ("Vehicle.ADAS.ESC.IsEnabled", Safe::On),
    ("Vehicle.ADAS.LaneDepartureDetection.IsEnabled", Safe::On),
];

#[derive(Clone, Copy, PartialEq)]
enum Safe {
    On,
    Off,
    Zero,
}

impl Safe {
    fn value(self) -> Value {
        match self {
            Safe::On => Value::Bool(true),
            Safe::Off => Value::Bool(false),
            Safe::Zero => number(0.0),
        }
    }
}

#[tokio::test]
async fn the_safe_reverse_always_passes() {
    let (policy, mut dice) = (policy(), Dice(7));
    for _ in 0..2000 {
        let car = any_car(&mut dice);
        for (path, safe) in SAFE {
            let writes = Writes { values: Values::from([(path.to_owned(), safe.value())]), open: Vec::new() };
            let command = command("test", "safe");
            let verdict = policy.check(Wish { command: &command, risk: Risk::Comfort, writes: &writes, consent: None }, &car).await.0;
            assert_eq!(verdict.name(), "allow", "{path} = {} in {:?}", safe.value(), car.values);
        }
    }
}

#[test]
fn actions_that_only_make_it_safer_wait_for_nothing() {
    let mut found = 0;
    let vss = vss();
    for (plugin, action) in every(catalogue()) {
        let arguments = arguments(action, &mut Dice(1));
        let Ok(writes) = writes::expand(action, &arguments, &vss, Steering::Left) else { continue };
        let is_safe = |(path, value): (&String, &Value)| SAFE.iter().any(|(safe, wanted)| safe == path && wanted.value() == *value);
        if action.arguments.is_empty() && !writes.values.is_empty() && writes.open.is_empty() && writes.values.iter().all(is_safe) {
            found += 1;
            assert_eq!(action.risk, Risk::Comfort, "{plugin}.{} only makes it safer", action.id);
        }
    }
    assert!(found >= 8, "only {found} such actions are found");
}
