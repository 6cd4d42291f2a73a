//! The navigation plugin's program.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use steward_plugins::bus::{Bus, BusVehicle, connect, run_plugin};
use steward_plugins::catalogue::Plugin;
use steward_plugins::host::Declarative;
use steward_plugins::navigation::Navigation;
use steward_plugins::process;
use steward_plugins::vehicle::Vehicle;
use steward_plugins::vss::Vss;

/// Serves the navigation plugin: looks places up, remembers home and work, sets destinations.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The plugin's folder, with its plugin.toml and places.toml.
    #[arg(default_value = "/usr/share/steward/plugins/navigation")]
    folder: PathBuf,
    /// Folder of the signal catalogue.
    #[arg(long, value_name = "DIR", default_value = "/usr/share/steward/plugins/vss")]
    vss: PathBuf,
    /// Folder where home, work and saved places are kept.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/steward")]
    state: PathBuf,
    /// The bus: session, system or an address. Without it, the bus that started this program, else the session bus.
    #[arg(long, default_value = "", hide_default_value = true)]
    bus: Bus,
    /// Ends after this many seconds without a call; the bus starts the plugin again when it is needed.
    #[arg(long, value_name = "SECONDS")]
    idle_exit: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    process::run(Navigation::PROGRAM, serve(options))
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let vss = Vss::load(&options.vss).context("the signal catalogue cannot be used; name its folder with --vss")?;
    let plugin = Plugin::load(&options.folder, &vss)?;
    let connection = connect(&options.bus).await.context("no bus can be reached; name one with --bus")?;
    let vehicle: Arc<dyn Vehicle> =
        Arc::new(BusVehicle::new(&connection).await.context("the bus does not let this plugin listen to the vehicle")?);
    let declarative = Arc::new(Declarative::new([plugin.clone()], Arc::new(vss), Arc::clone(&vehicle)));
    let navigation = Navigation::load(&plugin, declarative, vehicle, Some(&options.state))?;
    run_plugin(connection, &plugin.manifest.plugin, Arc::new(navigation), options.idle_exit.map(Duration::from_secs)).await
}
