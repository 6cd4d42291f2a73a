//! Vehicle and plugins over a real bus, and what bad ones cost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use steward_plugins::bus::names::{PLUGIN_PATH, VEHICLE, VEHICLE_PATH};
use steward_plugins::bus::{Bus, BusPlugins, BusVehicle, PluginService, PluginState, connect, serve_simulator};
use steward_plugins::catalogue::bus_name;
use steward_plugins::invoke::{Invocation, Invoke, Outcome, OutcomeState, PluginError};
use steward_plugins::simulator::Fault;
use steward_plugins::vehicle::{Vehicle, VehicleError};
use tokio::sync::mpsc;
use zbus::interface;

use crate::car::{kestrel, list, read, values};
use crate::private_bus::PrivateBus;

const WINDOW: &str = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position";

/// A call with some arguments, in Chinese, by the passenger.
pub(crate) fn call(plugin: &str, action: &str, deadline_ms: u32) -> Invocation {
    Invocation {
        plugin: plugin.into(),
        action: action.into(),
        arguments: values([("level", 2.0.into()), ("zone", list(&["driver"])), ("on", true.into())]),
        turn: 7,
        zone: "passenger".into(),
        language: "zh".into(),
        deadline_ms,
        caller: ":1.99".into(),
    }
}

/// A plugin that behaves as the action's name says.
struct Moody {
    given_up: mpsc::UnboundedSender<u64>,
}

/// Reports when a call is dropped before its end.
struct Dropped(mpsc::UnboundedSender<u64>, u64);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(self.1);
    }
}

#[async_trait]
impl Invoke for Moody {
    async fn invoke(&self, invocation: &Invocation) -> Result<Outcome, PluginError> {
        match invocation.action.as_str() {
            "echo" => {
                let arguments = invocation.arguments.iter().map(|(name, value)| (name.clone(), value.clone()));
                let context =
                    values([("zone-of-speaker", invocation.zone.as_str().into()), ("language", invocation.language.as_str().into())]);
                let more = values([("turn", (invocation.turn as f64).into()), ("caller", invocation.caller.as_str().into())]);
                Ok(Outcome { values: arguments.chain(context).chain(more).collect(), ..Outcome::accepted() })
            }
            "hang" => {
                let _report = Dropped(self.given_up.clone(), invocation.turn);
                tokio::time::sleep(Duration::from_secs(600)).await;
                Ok(Outcome::accepted())
            }
            "panic" => panic!("this is what the test wants"),
            "refuse" => Ok(Outcome::not(OutcomeState::Refused, "not today")),
            other => Err(PluginError::Failed { plugin: "moody".into(), reason: format!("no action '{other}'") }),
        }
    }

    async fn cancel(&self, _plugin: &str, _turn: u64) {}
}

async fn moody(bus: &PrivateBus) -> (zbus::Connection, mpsc::UnboundedReceiver<u64>) {
    let (given_up, reports) = mpsc::unbounded_channel();
    let service = PluginService::new("moody", "1.0.0", Arc::new(Moody { given_up }));
    let connection = bus.bus().builder().serve_at(PLUGIN_PATH, service).name(bus_name("moody")).build().await.expect("the bus is there");
    (connection, reports)
}

/// A client of the plugins on a bus.
pub(crate) async fn client(bus: &Bus) -> BusPlugins {
    BusPlugins::new(connect(bus).await.expect("the bus is there"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vehicle_is_the_same_at_the_other_end() {
    let bus = PrivateBus::start();
    let car = kestrel();
    let _service = serve_simulator(&bus.bus(), &car).await.expect("the bus is there");
    let vehicle = BusVehicle::new(&connect(&bus.bus()).await.expect("the bus is there")).await.expect("a client");
    let mut changes = vehicle.changes();

    assert_eq!(vehicle.set(&values([(WINDOW, 40.0.into())])).await.expect("it answers"), [].into());
    assert_eq!(read(&car, WINDOW).await, Some(40.0.into()));
    let changed = tokio::time::timeout(Duration::from_secs(5), changes.recv()).await.expect("in time").expect("a change");
    assert_eq!(changed.get(WINDOW), Some(&40.0.into()));

    let refused = vehicle.set(&values([("Vehicle.Speed", 50.0.into())])).await.expect("it answers");
    assert!(refused["Vehicle.Speed"].contains("read only"));
    let reading = vehicle.get(&[WINDOW.into(), "Vehicle.Nothing".into()]).await.expect("it answers");
    assert_eq!((reading.values, reading.missing), (values([(WINDOW, 40.0.into())]), vec!["Vehicle.Nothing".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulators_own_door_forces_breaks_and_resets() {
    let bus = PrivateBus::start();
    let car = kestrel();
    let _service = serve_simulator(&bus.bus(), &car).await.expect("the bus is there");
    let connection = connect(&bus.bus()).await.expect("the bus is there");
    let proxy =
        zbus::Proxy::new(&connection, "org.steward1.vehicle", "/org/steward1/vehicle", "org.steward1.Simulator").await.expect("a proxy");
    let speed = std::collections::HashMap::from([("Vehicle.Speed", zbus::Variant::from(88_u32))]);
    proxy.call_method("Force", &(speed,)).await.expect("any kind of number");
    assert_eq!(read(&car, "Vehicle.Speed").await, Some(88.0.into()));

    let options = std::collections::HashMap::from([("reason", zbus::Variant::from("frozen"))]);
    proxy.call_method("Fault", &(WINDOW, "refuse", options)).await.expect("a fault");
    assert_eq!(car.set(&values([(WINDOW, 1.0.into())])).await.expect("it answers")[WINDOW], "frozen");
    let wrong = proxy.call_method("Fault", &(WINDOW, "explode", std::collections::HashMap::<&str, zbus::Variant<'_>>::new())).await;
    assert!(wrong.expect_err("no such kind").to_string().contains("explode"));

    proxy.call_method("Reset", &()).await.expect("a reset");
    assert_eq!(read(&car, "Vehicle.Speed").await, Some(0.0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vehicle_that_is_not_there_is_unavailable_at_once() {
    let bus = PrivateBus::start();
    let vehicle = BusVehicle::new(&connect(&bus.bus()).await.expect("the bus is there")).await.expect("nobody need be there yet");
    let started = Instant::now();
    assert!(matches!(vehicle.get(&[WINDOW.into()]).await, Err(VehicleError::Unavailable(_))));
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());

    // The same client finds a car that comes later, loses it again, and then hears the next one's changes.
    let first = serve_simulator(&bus.bus(), &kestrel()).await.expect("the bus is there");
    assert!(vehicle.get(&[WINDOW.into()]).await.is_ok());
    first.close().await.expect("it goes");
    assert!(matches!(vehicle.get(&[WINDOW.into()]).await, Err(VehicleError::Unavailable(_))));
    let car = kestrel();
    let _second = serve_simulator(&bus.bus(), &car).await.expect("the bus is there");
    assert!(vehicle.get(&[WINDOW.into()]).await.is_ok());
    let mut changes = vehicle.changes();
    car.set(&values([(WINDOW, 70.0.into())])).await.expect("it answers");
    let changed = tokio::time::timeout(Duration::from_secs(5), changes.recv()).await.expect("in time").expect("a change");
    assert_eq!(changed.get(WINDOW), Some(&70.0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_arrives_with_arguments_and_context() {
    let bus = PrivateBus::start();
    let (_service, _reports) = moody(&bus).await;
    let outcome = client(&bus.bus()).await.invoke(&call("moody", "echo", 1000)).await.expect("it answers");
    assert_eq!(outcome.state, OutcomeState::Accepted);
    let wanted = values([("level", 2.0.into()), ("zone", list(&["driver"])), ("on", true.into())]);
    assert!(wanted.iter().all(|(name, value)| outcome.values.get(name) == Some(value)), "{:?}", outcome.values);
    let wanted =
        values([("turn", 7.0.into()), ("zone-of-speaker", "passenger".into()), ("language", "zh".into()), ("caller", ":1.99".into())]);
    assert!(wanted.iter().all(|(name, value)| outcome.values.get(name) == Some(value)), "{:?}", outcome.values);
    let refused = client(&bus.bus()).await.invoke(&call("moody", "refuse", 1000)).await.expect("it answers");
    assert_eq!(refused, Outcome::not(OutcomeState::Refused, "not today"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_call_times_out_and_is_given_up_while_others_go_on() {
    let bus = PrivateBus::start();
    let (_service, mut reports) = moody(&bus).await;
    let plugins = Arc::new(client(&bus.bus()).await);
    let hanging = tokio::spawn({
        let plugins = Arc::clone(&plugins);
        async move { plugins.invoke(&call("moody", "hang", 300)).await }
    });
    assert!(plugins.invoke(&call("moody", "echo", 1000)).await.is_ok(), "one hanging call does not block the next");
    assert!(matches!(hanging.await.expect("no panic"), Err(PluginError::Timeout(_))));
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), reports.recv()).await.expect("in time"), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_full_keeps_its_callers_waiting_and_nobody_elses() {
    let bus = PrivateBus::start();
    let (_service, _reports) = moody(&bus).await;
    let (given_up, _other_reports) = mpsc::unbounded_channel();
    let other = PluginService::new("calm", "1.0.0", Arc::new(Moody { given_up }));
    let _other = bus.bus().builder().serve_at(PLUGIN_PATH, other).name(bus_name("calm")).build().await.expect("the bus is there");
    let plugins = Arc::new(client(&bus.bus()).await);
    let hanging = (0..4).map(|_| {
        let plugins = Arc::clone(&plugins);
        tokio::spawn(async move { plugins.invoke(&call("moody", "hang", 1500)).await })
    });
    let hanging: Vec<_> = hanging.collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(matches!(plugins.invoke(&call("moody", "echo", 100)).await, Err(PluginError::Timeout(_))), "there is no place for a fifth");
    assert!(plugins.invoke(&call("calm", "echo", 1000)).await.is_ok());
    for call in hanging {
        assert!(matches!(call.await.expect("no panic"), Err(PluginError::Timeout(_))));
    }
    assert!(plugins.invoke(&call("moody", "echo", 1000)).await.is_ok(), "places are given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_the_call() {
    let bus = PrivateBus::start();
    let (_service, mut reports) = moody(&bus).await;
    let plugins = Arc::new(client(&bus.bus()).await);
    let hanging = tokio::spawn({
        let plugins = Arc::clone(&plugins);
        async move { plugins.invoke(&call("moody", "hang", 60_000)).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    client(&bus.bus()).await.cancel("moody", 7).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!hanging.is_finished(), "somebody else's turn of the same number is not theirs to cancel");
    plugins.cancel("moody", 7).await;
    assert!(matches!(hanging.await.expect("no panic"), Err(PluginError::Failed { .. })));
    assert_eq!(reports.recv().await, Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_leaves_ends_the_call() {
    let bus = PrivateBus::start();
    let (_service, mut reports) = moody(&bus).await;
    let plugins = client(&bus.bus()).await;
    let left = tokio::time::timeout(Duration::from_millis(100), plugins.invoke(&call("moody", "hang", 60_000))).await;
    assert!(left.is_err());
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), reports.recv()).await.expect("in time"), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failed_call_and_not_a_silence() {
    let bus = PrivateBus::start();
    let (_service, _reports) = moody(&bus).await;
    let plugins = client(&bus.bus()).await;
    let started = Instant::now();
    assert!(matches!(plugins.invoke(&call("moody", "panic", 5000)).await, Err(PluginError::Failed { .. })));
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(plugins.invoke(&call("moody", "echo", 1000)).await.is_ok(), "the plugin lives on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_not_there_or_dies_is_unavailable() {
    let bus = PrivateBus::start();
    let plugins = Arc::new(client(&bus.bus()).await);
    let started = Instant::now();
    assert!(matches!(plugins.invoke(&call("moody", "echo", 5000)).await, Err(PluginError::Unavailable { .. })));
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(plugins.state_of("moody").await.expect("the bus answers"), PluginState::Absent);

    let (service, _reports) = moody(&bus).await;
    assert_eq!(plugins.state_of("moody").await.expect("the bus answers"), PluginState::Ready);
    let hanging = tokio::spawn({
        let plugins = Arc::clone(&plugins);
        async move { plugins.invoke(&call("moody", "hang", 60_000)).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    service.close().await.expect("it goes");
    let result = tokio::time::timeout(Duration::from_secs(5), hanging).await.expect("at once").expect("no panic");
    assert!(matches!(result, Err(PluginError::Unavailable { .. })), "{result:?}");
}

struct Nonsense;

#[interface(name = "org.steward1.Plugin")]
impl Nonsense {
    async fn invoke(
        &self,
        action: String,
        _arguments: std::collections::HashMap<String, zbus::OwnedVariant>,
        _context: std::collections::HashMap<String, zbus::OwnedVariant>,
    ) -> std::collections::HashMap<String, zbus::Variant<'static>> {
        match action.as_str() {
            "no-state" => [("reason".to_owned(), zbus::Variant::from("because"))].into(),
            "strange-state" => [("state".to_owned(), zbus::Variant::from("perhaps"))].into(),
            _ => [("state".to_owned(), zbus::Variant::from("accepted")), ("writes".to_owned(), zbus::Variant::from(3_u8))].into(),
        }
    }
}

struct Stranger;

#[interface(name = "org.example.Other")]
impl Stranger {
    async fn hello(&self) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_called_nonsense() {
    let bus = PrivateBus::start();
    let _service = bus.bus().builder().serve_at(PLUGIN_PATH, Nonsense).name(bus_name("nonsense")).build().await.expect("the bus is there");
    let _stranger = bus.bus().builder().serve_at(PLUGIN_PATH, Stranger).name(bus_name("stranger")).build().await.expect("the bus is there");
    let plugins = client(&bus.bus()).await;
    for (plugin, action) in [("nonsense", "no-state"), ("nonsense", "strange-state"), ("nonsense", "writes"), ("stranger", "hello")] {
        let result = plugins.invoke(&call(plugin, action, 1000)).await;
        assert!(matches!(result, Err(PluginError::Nonsense { .. })), "{plugin} {action}: {result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ages_travel_over_the_bus() {
    let bus = PrivateBus::start();
    let car = kestrel();
    let _service = serve_simulator(&bus.bus(), &car).await.expect("the bus is there");
    let vehicle = BusVehicle::new(&connect(&bus.bus()).await.expect("the bus is there")).await.expect("a client");
    car.fault("Vehicle.Speed", Some(Fault::stale(Duration::from_millis(2500)))).expect("a signal");
    car.fault(WINDOW, Some(Fault::Absent)).expect("a signal");
    let reading = vehicle.get(&["Vehicle.Speed".into(), WINDOW.into(), "Vehicle.IsMoving".into()]).await.expect("it answers");
    assert!(reading.ages["Vehicle.Speed"] >= Duration::from_millis(2500), "{:?}", reading.ages);
    assert_eq!((reading.ages.len(), reading.missing), (1, vec![WINDOW.to_owned()]));
    assert_eq!(reading.values["Vehicle.Speed"], 0.0.into());
}

/// An adapter that knows no ages.
struct OldCar;

#[interface(name = "org.steward1.Vehicle")]
impl OldCar {
    async fn get(&self, paths: Vec<String>) -> (std::collections::HashMap<String, zbus::Variant<'static>>, Vec<String>) {
        (paths.into_iter().map(|path| (path, zbus::Variant::from(3.0))).collect(), Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vehicle_without_ages_vouches_for_its_values() {
    let bus = PrivateBus::start();
    let _service = bus.bus().builder().serve_at(VEHICLE_PATH, OldCar).name(VEHICLE).build().await.expect("the bus is there");
    let vehicle = BusVehicle::new(&connect(&bus.bus()).await.expect("the bus is there")).await.expect("a client");
    let reading = vehicle.get(&["Vehicle.Speed".into()]).await.expect("it answers");
    assert_eq!((reading.values["Vehicle.Speed"].clone(), reading.ages.len()), (3.0.into(), 0));
}
