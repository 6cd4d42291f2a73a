//! The simulated car on a bus: serves `org.steward1.vehicle` until it is told to stop or the bus goes away.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use steward_plugins::bus::{Bus, serve_simulator};
use steward_plugins::process;
use steward_plugins::simulator::Simulator;
use steward_plugins::vss::Vss;
use tokio::signal::unix::{SignalKind, signal};

/// A simulated car: every signal of the catalogue in memory, couplings between them, and faults on demand.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Folder of the signal catalogue.
    #[arg(long, value_name = "DIR", default_value = "/usr/share/steward/plugins/vss")]
    vss: PathBuf,
    /// Folder of the start values.
    #[arg(long, value_name = "DIR", default_value = "/usr/share/steward/plugins/simulator")]
    start: PathBuf,
    /// The bus: session, system or an address. Without it, the bus that started this program, else the session bus.
    #[arg(long, default_value = "", hide_default_value = true)]
    bus: Bus,
}

fn main() -> ExitCode {
    let options = Options::parse();
    process::run("steward-simulator", serve(options))
}

async fn serve(options: Options) -> anyhow::Result<()> {
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
