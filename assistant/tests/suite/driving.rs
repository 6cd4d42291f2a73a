//! Every risk class and every rule in every driving state, as `driving.toml` has it.

use std::collections::BTreeSet;
use std::time::Duration;

use plugins::manifest::Risk;
use plugins::value::{Value, Values};
use plugins::writes::Writes;
use serde::Deserialize;
use steward_assistant::Policy;
use steward_assistant::policy::{FRESH, SPEED, Wish};

use crate::car::{Still, command, number, policy, vss};

const GEAR: &str = "Vehicle.Powertrain.Transmission.CurrentGear";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    states: Vec<String>,
    class: Vec<ClassRow>,
    rule: Vec<RuleRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassRow {
    risk: Risk,
    is: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    name: String,
    set: String,
    to: Value,
    /// How fast `moving` is, in km/h.
    #[serde(default = "town")]
    speed: f64,
    /// Signals without which the rule would not hold.
    #[serde(default)]
    with: Values,
    is: String,
    /// The value that is allowed in every state.
    reverse: Option<Value>,
}

fn town() -> f64 {
    50.0
}

fn table() -> Table {
    toml::from_str(include_str!("driving.toml")).expect("the table is of its format")
}

/// The car in a state. What is unknown is only the speed; what is stale reads as if the car stood.
fn car(state: &str, moving: f64, with: &Values) -> Still {
    let (speed, gear) = match state {
        "parked" => (Some(0.0), 0.0),
        "idling" | "stale" => (Some(0.0), 1.0),
        "moving" => (Some(moving), 1.0),
        "unknown" => (None, 1.0),
        other => panic!("{other} is no state"),
    };
    let mut still = Still { values: with.clone(), ..Still::default() };
    still.values.entry(GEAR.to_owned()).or_insert(number(gear));
    still.values.extend(speed.map(|speed| (SPEED.to_owned(), number(speed))));
    if state == "stale" {
        still.ages.insert(SPEED.to_owned(), FRESH + Duration::from_millis(1));
    }
    still
}

async fn outcome(policy: &Policy, risk: Risk, path: &str, value: &Value, car: &Still) -> (String, Vec<String>) {
    let writes = Writes { values: Values::from([(path.to_owned(), value.clone())]), open: Vec::new() };
    let command = command("test", "set");
    let wish = Wish { command: &command, risk, writes: &writes, consent: None };
    let (verdict, decisions) = policy.check(wish, car).await;
    (verdict.name().to_owned(), decisions.into_iter().map(|decision| decision.rule).collect())
}

#[tokio::test]
async fn every_class_is_as_the_table_says() {
    let (table, policy) = (table(), policy());
    let classes: Vec<Risk> = table.class.iter().map(|row| row.risk).collect();
    assert_eq!(classes, [Risk::Read, Risk::Comfort, Risk::Confirm, Risk::Parked, Risk::Never], "every class, once");
    for row in &table.class {
        let mut found = Vec::new();
        for state in &table.states {
            let car = car(state, 50.0, &Values::new());
            found.push(outcome(&policy, row.risk, "Vehicle.Cabin.Lights.None", &true.into(), &car).await.0);
        }
        assert_eq!(found.join(" "), row.is, "risk {}", row.risk.name());
    }
}

#[tokio::test]
async fn every_rule_is_as_the_table_says() {
    let (table, policy, vss) = (table(), policy(), vss());
    assert_eq!(table.states, ["parked", "idling", "moving", "unknown", "stale"]);
    let mut wrong = Vec::new();
    for row in &table.rule {
        let signal = vss.signal(&row.set).unwrap_or_else(|| panic!("{}: there is no {}", row.name, row.set));
        signal.has_type(&row.to).unwrap_or_else(|problem| panic!("{}: {problem}", row.name));
        let mut found = Vec::new();
        for state in &table.states {
            let car = car(state, row.speed, &row.with);
            let (outcome, rules) = outcome(&policy, Risk::Comfort, &row.set, &row.to, &car).await;
            if outcome != "deny" && !rules.contains(&row.name) {
                wrong.push(format!("{} does not look at {} = {}", row.name, row.set, row.to));
            }
            found.push(outcome);
        }
        if found.join(" ") != row.is {
            wrong.push(format!("{} on {} = {}: {} and not {}", row.name, row.set, row.to, found.join(" "), row.is));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_table_has_every_rule_and_no_other() {
    let policy = policy();
    let names: BTreeSet<&str> = policy.names().collect();
    let rows = table().rule;
    let shown: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(shown, names);
    assert!(names.len() >= 40, "only {} rules", names.len());
}

#[tokio::test]
async fn the_safe_reverse_is_allowed_in_every_state() {
    let (table, policy) = (table(), policy());
    let mut tried = 0;
    for row in &table.rule {
        let Some(reverse) = &row.reverse else { continue };
        for state in &table.states {
            let car = car(state, 130.0, &row.with);
            let (found, rules) = outcome(&policy, Risk::Comfort, &row.set, reverse, &car).await;
            assert_eq!(found, "allow", "{}: {} = {reverse} while {state}: {rules:?}", row.name, row.set);
            tried += 1;
        }
    }
    assert!(tried > 100, "only {tried} reverses");
}

#[tokio::test]
async fn two_seconds_are_fresh_and_a_millisecond_more_is_not() {
    let policy = policy();
    for (age, expected) in [(Duration::ZERO, "allow"), (FRESH - Duration::from_millis(200), "allow"), (FRESH, "deny")] {
        let mut car = car("parked", 0.0, &Values::new());
        // Asking takes a moment too, so that two seconds to the dot are over by the time they are looked at.
        car.ages.insert(SPEED.to_owned(), age);
        assert_eq!(outcome(&policy, Risk::Comfort, "Vehicle.Body.Trunk.Rear.Position", &number(100.0), &car).await.0, expected, "{age:?}");
    }
}

#[tokio::test]
async fn a_car_that_rolls_backward_moves_and_a_speed_that_is_no_number_is_unknown() {
    let policy = policy();
    for speed in [number(-3.0), number(f64::NAN), number(f64::NEG_INFINITY), Value::Text("0".to_owned()), Value::Bool(false)] {
        let car = Still { values: Values::from([(SPEED.to_owned(), speed.clone())]), ..Still::default() };
        for (risk, path, value) in [
            (Risk::Comfort, "Vehicle.Body.Lights.Beam.Low.IsOn", Value::Bool(false)),
            (Risk::Parked, "Vehicle.Cabin.Lights.None", Value::Bool(true)),
        ] {
            assert_eq!(outcome(&policy, risk, path, &value, &car).await.0, "deny", "{speed:?} {path}");
        }
    }
}
