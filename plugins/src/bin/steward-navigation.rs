//! The navigation plugin's program.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use steward_plugins::bus::{BusVehicle, connect, run_plugin};
use steward_plugins::catalogue::Plugin;
use steward_plugins::command::NavigationOptions;
use steward_plugins::host::Declarative;
use steward_plugins::navigation::Navigation;
use steward_plugins::process;
use steward_plugins::vehicle::Vehicle;
use steward_plugins::vss::Vss;

fn main() -> ExitCode {
    let options = NavigationOptions::parse();
    process::run(Navigation::PROGRAM, serve(options))
}

async fn serve(options: NavigationOptions) -> anyhow::Result<()> {
    let vss = Vss::load(&options.vss).context("the signal catalogue cannot be used; name its folder with --vss")?;
    let plugin = Plugin::load(&options.folder, &vss)?;
    let connection = connect(&options.bus).await.context("no bus can be reached; name one with --bus")?;
    let vehicle: Arc<dyn Vehicle> =
        Arc::new(BusVehicle::new(&connection).await.context("the bus does not let this plugin listen to the vehicle")?);
    let declarative = Arc::new(Declarative::new([plugin.clone()], Arc::new(vss), Arc::clone(&vehicle)));
    let navigation = Navigation::load(&plugin, declarative, vehicle, Some(&options.state))?;
    run_plugin(connection, &plugin.manifest.plugin, Arc::new(navigation), options.idle_exit.map(Duration::from_secs)).await
}
