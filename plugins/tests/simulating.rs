//! The simulated car: all or nothing, couplings, faults, start values.

use std::path::Path;
use std::time::Duration;

use steward_plugins::simulator::{Fault, Simulator, SimulatorError, StartError};
use steward_plugins::value::Value;
use steward_plugins::vehicle::Vehicle;

use crate::car::{kestrel, read, values, vss};

const WINDOW: &str = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position";
const WINDOW_OPEN: &str = "Vehicle.Cabin.Door.Row1.DriverSide.Window.IsOpen";
const WINDOW_SWITCH: &str = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Switch";
const TEMPERATURE: &str = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature";
const TRUNK: &str = "Vehicle.Body.Trunk.Rear.IsOpen";

async fn set(car: &Simulator, path: &str, value: Value) {
    let refused = car.set(&values([(path, value)])).await.expect("the car answers");
    assert!(refused.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn one_bad_signal_refuses_the_whole_set() {
    let car = kestrel();
    let before = read(&car, WINDOW).await;
    for (path, value, reason) in [
        ("Vehicle.Speed", 30.0.into(), "read only"),
        ("Vehicle.Cabin.DriverPosition", "RIGHT".into(), "read only"),
        ("Vehicle.NoSuchSignal", true.into(), "no such signal"),
        ("Vehicle.Body.Trunk.Front.IsOpen", true.into(), "no such signal"),
        (WINDOW_OPEN, "yes".into(), "type boolean"),
        ("Vehicle.Cabin.Door.Row1.PassengerSide.Window.Position", 101.0.into(), "outside 0 to 100"),
        ("Vehicle.Cabin.Door.Row1.PassengerSide.Window.Position", 10.5.into(), "whole number"),
        (WINDOW_SWITCH, "AJAR".into(), "not one of"),
        (TEMPERATURE, f64::NAN.into(), "finite"),
    ] {
        let refused = car.set(&values([(WINDOW, 55.0.into()), (path, value)])).await.expect("the car answers");
        assert_eq!(refused.keys().collect::<Vec<_>>(), [path]);
        assert!(refused[path].contains(reason), "{path}: {}", refused[path]);
        assert_eq!(read(&car, WINDOW).await, before, "{path}");
    }
}

#[tokio::test]
async fn only_what_really_changed_is_announced() {
    let car = kestrel();
    let mut changes = car.changes();
    set(&car, TEMPERATURE, 21.0.into()).await; // as it was
    set(&car, WINDOW, 40.0.into()).await;
    assert_eq!(changes.recv().await, Ok(values([(WINDOW, 40.0.into()), (WINDOW_OPEN, true.into())])));
    assert!(changes.try_recv().is_err());
}

#[tokio::test]
async fn unknown_paths_are_missing_and_not_neutral() {
    let reading = kestrel().get(&["Vehicle.Speed".into(), "Vehicle.Spede".into()]).await.expect("the car answers");
    assert_eq!(reading.values, values([("Vehicle.Speed", 0.0.into())]));
    assert_eq!(reading.missing, ["Vehicle.Spede"]);
}

#[tokio::test]
async fn a_switch_moves_the_window_and_the_window_is_open_then() {
    let car = kestrel();
    set(&car, WINDOW_SWITCH, "ONE_SHOT_OPEN".into()).await;
    assert_eq!(read(&car, WINDOW).await, Some(100.0.into()));
    assert_eq!(read(&car, WINDOW_OPEN).await, Some(true.into()));
    set(&car, WINDOW, 0.0.into()).await;
    assert_eq!(read(&car, WINDOW_OPEN).await, Some(false.into()));
    // The switch still reads as before; pressing it again moves the window all the same.
    set(&car, WINDOW_SWITCH, "ONE_SHOT_OPEN".into()).await;
    assert_eq!(read(&car, WINDOW).await, Some(100.0.into()));
}

#[tokio::test]
async fn opening_what_is_open_does_not_move_it() {
    let car = kestrel();
    set(&car, WINDOW, 30.0.into()).await;
    set(&car, WINDOW_OPEN, true.into()).await;
    assert_eq!(read(&car, WINDOW).await, Some(30.0.into()));
    set(&car, WINDOW_OPEN, false.into()).await;
    assert_eq!(read(&car, WINDOW).await, Some(0.0.into()));
}

#[tokio::test]
async fn roof_tailgate_and_climate_follow_their_leaders() {
    let car = kestrel();
    set(&car, "Vehicle.Cabin.Sunroof.Switch", "OPEN".into()).await;
    assert_eq!(read(&car, "Vehicle.Cabin.Sunroof.Position").await, Some(100.0.into()));
    assert_eq!(read(&car, "Vehicle.Cabin.Sunroof.Shade.IsOpen").await, Some(true.into()));
    set(&car, "Vehicle.Cabin.Sunroof.Position", 0.0.into()).await;
    assert_eq!(read(&car, "Vehicle.Cabin.Sunroof.Shade.IsOpen").await, Some(true.into()), "a closed roof leaves its shade alone");
    set(&car, TRUNK, true.into()).await;
    assert_eq!(read(&car, "Vehicle.Body.Trunk.Rear.Position").await, Some(100.0.into()));
    let passenger = "Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature";
    set(&car, TEMPERATURE, 24.0.into()).await;
    assert_eq!(read(&car, passenger).await, Some(21.0.into()), "without sync");
    set(&car, "Vehicle.Cabin.HVAC.IsSyncActive", true.into()).await;
    set(&car, TEMPERATURE, 25.0.into()).await;
    assert_eq!(read(&car, passenger).await, Some(25.0.into()), "with sync");
}

#[tokio::test]
async fn force_sets_sensors_past_their_range_and_couplings_follow() {
    let car = kestrel();
    car.force(&values([("Vehicle.Speed", 90.0.into())])).expect("a number");
    assert_eq!(read(&car, "Vehicle.IsMoving").await, Some(true.into()));
    car.force(&values([(TEMPERATURE, 80.0.into())])).expect("no range for a force");
    assert_eq!(read(&car, TEMPERATURE).await, Some(80.0.into()));
    let wrong = car.force(&values([("Vehicle.Speed", "fast".into())]));
    assert!(matches!(wrong, Err(SimulatorError::WrongType { .. })));
    assert_eq!(car.force(&values([("Vehicle.Spede", 1.0.into())])), Err(SimulatorError::NoSignal("Vehicle.Spede".into())));
}

#[tokio::test]
async fn faults_do_what_they_say() {
    let car = kestrel();
    car.fault(WINDOW, Some(Fault::Refuse { reason: "blocked by ice".into() })).expect("a signal");
    let refused = car.set(&values([(WINDOW, 10.0.into()), (TEMPERATURE, 25.0.into())])).await.expect("the car answers");
    assert_eq!(refused.get(WINDOW).map(String::as_str), Some("blocked by ice"));
    assert_eq!(read(&car, TEMPERATURE).await, Some(21.0.into()), "all or nothing");

    car.fault(WINDOW, Some(Fault::Ignore)).expect("a signal");
    set(&car, WINDOW_SWITCH, "OPEN".into()).await;
    assert_eq!((read(&car, WINDOW).await, read(&car, WINDOW_OPEN).await), (Some(0.0.into()), Some(false.into())));

    car.fault(WINDOW, Some(Fault::Clamp { min: None, max: Some(35.0) })).expect("a signal");
    set(&car, WINDOW, 90.0.into()).await;
    assert_eq!((read(&car, WINDOW).await, read(&car, WINDOW_OPEN).await), (Some(35.0.into()), Some(true.into())));

    car.fault(WINDOW, None).expect("a signal");
    set(&car, WINDOW, 90.0.into()).await;
    assert_eq!(read(&car, WINDOW).await, Some(90.0.into()));
    assert!(car.fault("Vehicle.Spede", Some(Fault::Ignore)).is_err());
}

#[tokio::test]
async fn a_slow_signal_changes_later_and_a_reset_forgets_it() {
    let car = kestrel();
    let mut changes = car.changes();
    car.fault("Vehicle.Body.Trunk.Rear.*", Some(Fault::Slow { delay: Duration::from_millis(40) })).expect("signals");
    set(&car, TRUNK, true.into()).await;
    assert_eq!(read(&car, TRUNK).await, Some(false.into()));
    let changed = tokio::time::timeout(Duration::from_secs(5), changes.recv()).await.expect("it changes").expect("the car is there");
    assert_eq!(changed.get(TRUNK), Some(&true.into()));

    set(&car, TRUNK, false.into()).await;
    car.reset();
    set(&car, TRUNK, true.into()).await; // no fault any more
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(read(&car, TRUNK).await, Some(true.into()), "the closing from before the reset must not come");
}

#[tokio::test]
async fn a_reset_is_announced() {
    let car = kestrel();
    set(&car, TEMPERATURE, 28.0.into()).await;
    let mut changes = car.changes();
    car.reset();
    assert_eq!(changes.recv().await, Ok(values([(TEMPERATURE, 21.0.into())])));
}

fn start(folder: &Path, file: &str, text: &str) -> Result<Simulator, StartError> {
    std::fs::write(folder.join(file), text).expect("a temporary file");
    Simulator::load(&vss(), folder)
}

#[test]
fn wrong_start_values_name_file_and_key() {
    for (file, text, wanted) in [
        ("a.toml", "\"Vehicle.Spede\" = 1", vec!["a.toml", "Vehicle.Spede", "no such signal"]),
        ("a.toml", "Vehicle.Speed = true", vec!["a.toml", "Vehicle.Speed", "type float"]),
        ("a.toml", "\"Vehicle.Cabin.DriverPosition\" = \"UP\"", vec!["a.toml", "Vehicle.Cabin.DriverPosition", "not one of"]),
        ("car.toml", "absent = [\"Vehicle.Wings.*\"]", vec!["car.toml", "Vehicle.Wings.*"]),
        ("car.toml", "absent = [\"Vehicle.Speed\"]\n\"Vehicle.Speed\" = 1", vec!["car.toml", "Vehicle.Speed", "absent"]),
        ("couplings.toml", "[[coupling]]\nfrom = \"Vehicle.Speed\"\nto = \"Vehicle.Wings\"", vec!["couplings.toml", "Vehicle.Speed"]),
        (
            "couplings.toml",
            "[[coupling]]\nfrom = \"Vehicle.Speed\"\nto = \"Vehicle.IsMoving\"\nabove = 0\nunder = 1",
            vec!["couplings.toml", "under"],
        ),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = start(folder.path(), file, text).expect_err(text).to_string();
        for part in wanted {
            assert!(error.contains(part), "{error}: {part}");
        }
    }
}

#[test]
fn a_plugins_file_knows_better_than_the_general_one_but_not_than_another() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    start(folder.path(), "car.toml", "\"Vehicle.Speed\" = 1").expect("valid");
    start(folder.path(), "b.toml", "\"Vehicle.Speed\" = 2").expect("valid");
    let error = start(folder.path(), "c.toml", "\"Vehicle.Speed\" = 3").expect_err("contradiction").to_string();
    assert!(error.contains("c.toml") && error.contains("b.toml"), "{error}");
}
