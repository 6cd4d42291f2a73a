//! The simulated car on a bus: serves `org.steward1.vehicle` until it is told to stop or the bus goes away.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use steward_plugins::bus::serve_simulator;
use steward_plugins::command::SimulatorOptions;
use steward_plugins::process;
use steward_plugins::simulator::Simulator;
use steward_plugins::vss::Vss;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let options = SimulatorOptions::parse();
    process::run("steward-simulator", serve(options))
}

async fn serve(options: SimulatorOptions) -> anyhow::Result<()> {
    let vss = Vss::load(&options.vss).context("the signal catalogue cannot be used; name its folder with --vss")?;
    let simulator = Simulator::load(&vss, &options.start).context("the start values cannot be used; name their folder with --start")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let connection = serve_simulator(&options.bus, &simulator)
        .await
        .context("the car cannot be put on the bus: is the bus running, and is no other car on it?")?;
    tracing::info!(signals = simulator.vss().iter().count(), "the simulated car is on the bus");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = connection.closed() => anyhow::bail!("the bus has gone away"),
    }
    connection.close().await.context("the bus does not let go")
}
