//! The programs of this crate as processes: started by the bus, told to end, left alone, wrongly called.

use std::time::Duration;

use steward_plugins::bus::{PluginState, serve_simulator};
use steward_plugins::invoke::{Invocation, Invoke, OutcomeState};
use steward_plugins::value::Values;

use crate::bus::{call, client};
use crate::car::{folder, kestrel, list, read, values};
use crate::private_bus::PrivateBus;

#[tokio::test(flavor = "multi_thread")]
async fn the_generic_host_is_started_by_the_bus_and_goes_to_sleep() {
    let program = env!("CARGO_BIN_EXE_steward-plugin");
    let (plugin, vss) = (folder().join("climate"), folder().join("vss"));
    let command = format!("{program} {} --vss {} --idle-exit 1", plugin.display(), vss.display());
    let bus = PrivateBus::with_services(&[("org.steward1.plugin.climate", command)]);
    let car = kestrel();
    let _service = serve_simulator(&bus.bus(), &car).await.expect("the bus is there");
    let plugins = client(&bus.bus()).await;
    assert_eq!(plugins.state_of("climate").await.expect("the bus answers"), PluginState::Asleep);

    let wish = values([("temperature", 25.5.into()), ("zone", list(&["driver"]))]);
    let outcome =
        plugins.invoke(&Invocation { arguments: wish, ..call("climate", "set-temperature", 10_000) }).await.expect("it is started");
    assert_eq!(outcome.state, OutcomeState::Accepted, "{outcome:?}");
    assert_eq!(read(&car, "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature").await, Some(25.5.into()));
    assert_eq!(plugins.state_of("climate").await.expect("the bus answers"), PluginState::Ready);

    let asleep = async {
        while plugins.state_of("climate").await.expect("the bus answers") != PluginState::Asleep {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asleep).await.expect("it goes to sleep");
    let again =
        plugins.invoke(&Invocation { arguments: Values::new(), ..call("climate", "on", 10_000) }).await.expect("it is started again");
    assert_eq!(again.state, OutcomeState::Accepted, "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_navigation_is_started_by_the_bus_and_remembers() {
    let state = tempfile::tempdir().expect("a temporary folder");
    let program = env!("CARGO_BIN_EXE_steward-navigation");
    let (plugin, vss) = (folder().join("navigation"), folder().join("vss"));
    let command = format!("{program} {} --vss {} --state {}", plugin.display(), vss.display(), state.path().display());
    let bus = PrivateBus::with_services(&[("org.steward1.plugin.navigation", command)]);
    let car = kestrel();
    let _service = serve_simulator(&bus.bus(), &car).await.expect("the bus is there");
    let plugins = client(&bus.bus()).await;
    let wish = values([("place", "8 mill lane".into())]);
    let outcome = plugins.invoke(&Invocation { arguments: wish, ..call("navigation", "set-home", 10_000) }).await.expect("it is started");
    assert_eq!(outcome.values.get("place"), Some(&"磨坊巷8号".into()), "{outcome:?}");
    assert!(state.path().join("navigation.toml").exists());
    assert_eq!(read(&car, "Vehicle.Cabin.Infotainment.Navigation.Home.Name").await, Some("磨坊巷8号".into()));
}

#[test]
fn programs_say_in_one_line_what_is_wrong() {
    for (program, arguments, wanted) in [
        (env!("CARGO_BIN_EXE_steward-plugin"), vec!["/nowhere", "--vss", "/nowhere"], "--vss"),
        (env!("CARGO_BIN_EXE_steward-simulator"), vec!["--vss", "/nowhere"], "--vss"),
    ] {
        let output = std::process::Command::new(program).args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.lines().count() == 1 && said.contains(wanted), "{said}");
    }
}

#[test]
fn the_simulator_ends_when_told_and_when_the_bus_goes() {
    let bus = PrivateBus::start();
    let run = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_steward-simulator"));
        command.arg("--vss").arg(folder().join("vss")).arg("--start").arg(folder().join("simulator")).args(["--bus", bus.address()]);
        command.env("RUST_LOG", "steward_simulator=info").stderr(std::process::Stdio::piped()).spawn().expect("it runs")
    };
    let ready = |child: &mut std::process::Child| {
        let mut line = String::new();
        let output = child.stderr.as_mut().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).expect("it says when it is ready");
        assert!(line.contains("on the bus"), "{line}");
    };
    let mut told = run();
    ready(&mut told);
    let killed = std::process::Command::new("kill").arg(told.id().to_string()).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(told.wait().expect("it ends").code(), Some(0));

    let mut left = run();
    ready(&mut left);
    drop(bus);
    assert_eq!(left.wait().expect("it ends").code(), Some(1));
}
