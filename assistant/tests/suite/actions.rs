//! Random commands of the shipped plugins: any action, any arguments that its manifest allows.

use plugins::catalogue::Catalogue;
use plugins::manifest::{Action, Argument, Kind};
use plugins::value::{Value, Values};
use plugins::zone::Zone;

/// Numbers that look random and are the same every time (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `limit` - 1.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit.max(1) as u64) as usize
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A number between two others.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Every action with its plugin's id.
pub(crate) fn every(catalogue: &Catalogue) -> Vec<(&str, &Action)> {
    catalogue.plugins.values().flat_map(|plugin| plugin.manifest.actions.iter().map(|action| (plugin.id(), action))).collect()
}

/// Arguments that fit an action.
pub(crate) fn arguments(action: &Action, dice: &mut Dice) -> Values {
    let mut arguments = Values::new();
    for (name, argument) in &action.arguments {
        if argument.optional && dice.percent(30) {
            continue;
        }
        arguments.insert(name.clone(), argument_value(argument, dice));
    }
    arguments
}

fn argument_value(argument: &Argument, dice: &mut Dice) -> Value {
    match argument.kind {
        Kind::Number | Kind::Duration => Value::Number(on_the_grid(argument, dice)),
        Kind::Switch => Value::Bool(dice.percent(50)),
        Kind::Choice => Value::Text(dice.pick(&argument.values).clone()),
        Kind::Zone => Value::List(seats(argument, dice)),
        Kind::Time => Value::Text(format!("{:02}:{:02}", dice.below(24), dice.below(60))),
        Kind::Text | Kind::Contact | Kind::Place => Value::Text("somebody".to_owned()),
    }
}

fn on_the_grid(argument: &Argument, dice: &mut Dice) -> f64 {
    let low = argument.min.unwrap_or(0.0);
    let high = argument.max.unwrap_or(low + 100.0);
    let step = argument.step.filter(|step| *step > 0.0).unwrap_or(1.0);
    let steps = ((high - low) / step).floor();
    match dice.below(4) {
        0 => low,
        1 => low + steps * step,
        _ => low + step * dice.between(0.0, steps).round(),
    }
}

fn seats(argument: &Argument, dice: &mut Dice) -> Vec<String> {
    let allowed: &[Zone] = if argument.allowed.is_empty() { &Zone::ALL } else { &argument.allowed };
    let mut zones: Vec<String> = allowed.iter().filter(|_| dice.percent(50)).map(|zone| zone.name().to_owned()).collect();
    if zones.is_empty() {
        zones.push(dice.pick(allowed).name().to_owned());
    }
    zones
}
