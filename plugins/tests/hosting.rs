//! Manifest-only plugins: what is set, what is read, what is refused; and the one expansion from actions to signals.

use std::sync::Arc;

use steward_plugins::catalogue::Plugin;
use steward_plugins::host::Declarative;
use steward_plugins::invoke::{Invocation, Invoke, Outcome, OutcomeState, PluginError};
use steward_plugins::manifest::Manifest;
use steward_plugins::simulator::{Fault, Simulator};
use steward_plugins::value::Values;
use steward_plugins::vehicle::Vehicle;
use steward_plugins::writes::{self, WritesError};
use steward_plugins::zone::{Steering, Zone};

use crate::car::{kestrel, list, read, values, vss};

const MANIFEST: &str = r#"
    [plugin]
    id = "probe"
    title = { en = "Probe", zh = "探测" }
    version = "1.0.0"

    [[action]]
    id = "warm"
    risk = "comfort"
    effect = [
      { path = "Vehicle.Cabin.HVAC.Station.{zone}.Temperature", value = "temperature" },
      { path = "Vehicle.Cabin.HVAC.IsAirConditioningActive", value = true, when = { mode = "cold" } },
      { path = "Vehicle.Cabin.HVAC.Station.{zone}.FanSpeed", value = "level", factor = 33.4 },
    ]
    [action.arguments]
    temperature = { type = "number", min = 16, max = 40 }
    mode = { type = "choice", values = ["cold", "mild"], default = "mild" }
    level = { type = "number", min = 0, max = 3, optional = true }
    zone = { type = "zone", default = "speaker", allowed = ["driver", "passenger", "rear-left", "rear-right"] }

    [[action]]
    id = "how-warm"
    risk = "read"
    answer = [{ path = "Vehicle.Cabin.HVAC.Station.{zone}.Temperature", round = 1 }]
    [action.arguments]
    zone = { type = "zone", default = "speaker" }

    [[action]]
    id = "how-far"
    risk = "read"
    answer = [
      { name = "distance", path = "Vehicle.TraveledDistance", factor = 0.001 },
      { name = "secret", path = "Vehicle.Body.Trunk.Front.IsOpen", when = { what = "trunk" } },
    ]
    [action.arguments]
    what = { type = "choice", values = ["trip", "trunk"], default = "trip" }

    [[action]]
    id = "open-trunk"
    risk = "comfort"
    effect = [{ path = "Vehicle.Body.Trunk.Rear.IsOpen", value = true }]

    [[action]]
    id = "airbag-off"
    risk = "never"
    effect = [{ path = "Vehicle.Cabin.IsWindowChildLockEngaged", value = true }]
"#;

fn manifest() -> Manifest {
    toml::from_str(MANIFEST).expect("a manifest")
}

fn host(car: &Simulator) -> Declarative {
    let plugin = Plugin { folder: "probe".into(), manifest: manifest(), locales: Default::default() };
    Declarative::new([plugin], vss(), Arc::new(car.clone()) as Arc<dyn Vehicle>)
}

fn call(action: &str, arguments: Values) -> Invocation {
    Invocation {
        plugin: "probe".into(),
        action: action.into(),
        arguments,
        turn: 1,
        zone: "driver".into(),
        language: "en".into(),
        deadline_ms: 1000,
        caller: String::new(),
    }
}

async fn invoke(car: &Simulator, action: &str, arguments: Values) -> Outcome {
    host(car).invoke(&call(action, arguments)).await.expect("the host answers")
}

#[tokio::test]
async fn an_action_sets_what_its_manifest_declares_and_says_what() {
    let car = kestrel();
    let arguments =
        values([("temperature", 23.0.into()), ("mode", "cold".into()), ("level", 3.0.into()), ("zone", list(&["passenger", "rear-left"]))]);
    let outcome = invoke(&car, "warm", arguments).await;
    assert_eq!(outcome.state, OutcomeState::Accepted, "{outcome:?}");
    for (path, value) in [
        ("Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature", 23.0.into()),
        ("Vehicle.Cabin.HVAC.Station.Row2.Driver.Temperature", 23.0.into()),
        ("Vehicle.Cabin.HVAC.Station.Row1.Passenger.FanSpeed", 100.0.into()),
        ("Vehicle.Cabin.HVAC.IsAirConditioningActive", true.into()),
    ] {
        assert_eq!(read(&car, path).await, Some(value), "{path}");
        assert!(outcome.writes.contains_key(path), "{path}");
    }
    assert_eq!(read(&car, "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature").await, Some(21.0.into()), "nobody asked for the driver");
}

#[tokio::test]
async fn arguments_are_checked_again() {
    let car = kestrel();
    for (arguments, reason) in [
        (values([]), "missing"),
        (values([("temperature", 60.0.into())]), "between 16 and 40"),
        (values([("temperature", 20.0.into()), ("mode", "hot".into())]), "options"),
        (values([("temperature", 20.0.into()), ("zone", list(&["rear-middle"]))]), "options"),
        (values([("temperature", true.into())]), "sense"),
        (values([("temperature", 20.0.into()), ("speed", 1.0.into())]), "sense"),
    ] {
        let outcome = invoke(&car, "warm", arguments.clone()).await;
        assert_eq!(outcome.state, OutcomeState::Refused, "{arguments:?}");
        assert!(outcome.reason.contains(reason), "{}", outcome.reason);
    }
    assert_eq!(read(&car, "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature").await, Some(21.0.into()));
}

#[tokio::test]
async fn the_vehicles_refusal_is_passed_on() {
    let car = kestrel();
    car.fault("Vehicle.Body.Trunk.Rear.IsOpen", Some(Fault::Refuse { reason: "too close to a wall".into() })).expect("a signal");
    let outcome = invoke(&car, "open-trunk", Values::new()).await;
    assert_eq!(outcome, Outcome::not(OutcomeState::Refused, "too close to a wall"));
}

#[tokio::test]
async fn what_is_never_done_is_refused() {
    let car = kestrel();
    assert_eq!(invoke(&car, "airbag-off", Values::new()).await.state, OutcomeState::Refused);
    assert_eq!(read(&car, "Vehicle.Cabin.IsWindowChildLockEngaged").await, Some(false.into()));
}

#[tokio::test]
async fn answers_are_scaled_and_given_per_zone() {
    let car = kestrel();
    car.force(&values([("Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature", 19.26.into())])).expect("a number");
    let outcome = invoke(&car, "how-warm", values([("zone", list(&["driver", "passenger"]))])).await;
    let wanted = values([("value", 21.0.into()), ("value@driver", 21.0.into()), ("value@passenger", 19.3.into())]);
    assert_eq!(outcome.values, wanted);
    assert_eq!(invoke(&car, "how-warm", Values::new()).await.values, values([("value", 21.0.into())]));
    assert_eq!(invoke(&car, "how-far", Values::new()).await.values, values([("distance", 12480.0.into())]));
}

#[tokio::test]
async fn what_the_car_does_not_report_is_unavailable() {
    let outcome = invoke(&kestrel(), "how-far", values([("what", "trunk".into())])).await;
    assert_eq!(outcome.state, OutcomeState::Unavailable);
}

#[tokio::test]
async fn strangers_are_errors() {
    let car = kestrel();
    assert!(matches!(host(&car).invoke(&call("fly", Values::new())).await, Err(PluginError::Failed { .. })));
    let other = Invocation { plugin: "other".into(), ..call("warm", Values::new()) };
    assert!(matches!(host(&car).invoke(&other).await, Err(PluginError::Unavailable { .. })));
}

#[test]
fn the_expansion_knows_zones_and_steering_sides() {
    let manifest = manifest();
    let expand = |zones: &[&str], steering| {
        let arguments = values([("temperature", 20.0.into()), ("mode", "mild".into()), ("zone", list(zones))]);
        writes::expand(&manifest.actions[0], &arguments, &vss(), steering).map(|writes| writes.values.into_keys().collect::<Vec<_>>())
    };
    let station = |seat: &str| format!("Vehicle.Cabin.HVAC.Station.{seat}.Temperature");
    assert_eq!(expand(&["driver", "rear-right"], Steering::Left), Ok(vec![station("Row1.Driver"), station("Row2.Passenger")]));
    // VSS names the rear seats after the driver's side, so that left and right change places with the steering wheel.
    assert_eq!(expand(&["driver", "rear-right"], Steering::Right), Ok(vec![station("Row1.Driver"), station("Row2.Driver")]));
    let nowhere = expand(&["rear-middle"], Steering::Left);
    assert_eq!(nowhere, Err(WritesError::NoZone { path: station("{zone}"), zone: Zone::RearMiddle }));
}

#[test]
fn the_inverse_of_an_effect_is_on_the_arguments_grid() {
    let manifest = manifest();
    let (effect, argument) = (&manifest.actions[0].effects[2], &manifest.actions[0].arguments["level"]);
    assert!((writes::current(effect, argument, &67.0.into()).expect("a number") - 2.0).abs() < 0.01);
}
