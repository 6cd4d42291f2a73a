//! Serves one plugin that is data alone, from its folder.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use steward_plugins::bus::{BusVehicle, connect, run_plugin};
use steward_plugins::catalogue::Plugin;
use steward_plugins::command::PluginOptions;
use steward_plugins::host::Declarative;
use steward_plugins::process;
use steward_plugins::vss::Vss;

fn main() -> ExitCode {
    let options = PluginOptions::parse();
    process::run("steward-plugin", serve(options))
}

async fn serve(options: PluginOptions) -> anyhow::Result<()> {
    let vss = Vss::load(&options.vss).context("the signal catalogue cannot be used; name its folder with --vss")?;
    let plugin = Plugin::load(&options.folder, &vss)?;
    anyhow::ensure!(
        plugin.manifest.plugin.program.is_empty(),
        "{} names its own program, {}: start that",
        options.folder.display(),
        plugin.manifest.plugin.program
    );
    let connection = connect(&options.bus).await.context("no bus can be reached; name one with --bus")?;
    let vehicle = BusVehicle::new(&connection).await.context("the bus does not let this plugin listen to the vehicle")?;
    let about = plugin.manifest.plugin.clone();
    let handler = Declarative::new([plugin], Arc::new(vss), Arc::new(vehicle));
    run_plugin(connection, &about, Arc::new(handler), options.idle_exit.map(Duration::from_secs)).await
}
