//! What must come along: the windshield is cleared by dry air blown at it, and the roof does not open under a shade that is drawn.

use plugins::value::{Value, Values};
use plugins::writes;
use plugins::zone::Steering;

use crate::actions::{Dice, arguments, every};
use crate::car::{catalogue, number, vss};

/// The writes of every action with many arguments.
fn everything() -> Vec<(String, Values)> {
    let (vss, mut dice) = (vss(), Dice(3));
    let mut all = Vec::new();
    for (plugin, action) in every(catalogue()) {
        for _ in 0..40 {
            let arguments = arguments(action, &mut dice);
            if let Ok(writes) = writes::expand(action, &arguments, &vss, Steering::Left) {
                all.push((format!("{plugin}.{}", action.id), writes.values));
            }
        }
    }
    all
}

#[test]
fn the_front_defroster_brings_fan_direction_and_air_conditioning() {
    let mut found = 0;
    for (name, writes) in everything() {
        if writes.get("Vehicle.Cabin.HVAC.IsFrontDefrosterActive") != Some(&Value::Bool(true)) {
            continue;
        }
        found += 1;
        assert_eq!(writes.get("Vehicle.Cabin.HVAC.IsAirConditioningActive"), Some(&Value::Bool(true)), "{name}: {writes:?}");
        for side in ["Driver", "Passenger"] {
            let station = |signal: &str| writes.get(&format!("Vehicle.Cabin.HVAC.Station.Row1.{side}.{signal}"));
            assert_eq!(station("AirDistribution"), Some(&"UP".into()), "{name}: {writes:?}");
            assert!(station("FanSpeed").and_then(Value::number).is_some_and(|speed| speed >= 50.0), "{name}: {writes:?}");
        }
    }
    assert!(found >= 80, "only {found} ways to turn it on are found");
}

#[test]
fn the_sunroof_opens_with_its_shade() {
    let (mut opened, mut closed) = (0, 0);
    for (name, writes) in everything() {
        let Some(position) = writes.get("Vehicle.Cabin.Sunroof.Position").and_then(Value::number) else { continue };
        let shade = writes.get("Vehicle.Cabin.Sunroof.Shade.Position");
        if position > 0.0 {
            opened += 1;
            assert_eq!(shade, Some(&number(100.0)), "{name}: {writes:?}");
        } else if name == "sunroof.set-position" {
            closed += 1;
            assert_eq!(shade, None, "closing the roof leaves the shade alone");
        }
    }
    assert!(opened >= 80 && closed >= 5, "{opened} openings, {closed} closings");
}
