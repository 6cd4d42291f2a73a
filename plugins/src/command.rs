//! What the programs of this crate can be told on their command lines; here, so that their manual pages can be made from it.

use std::path::PathBuf;

use clap::Parser;

use crate::bus::Bus;

/// Serves one plugin from its folder: actions become the vehicle signals that its plugin.toml declares.
#[derive(Debug, Parser)]
#[command(name = "steward-plugin", version)]
pub struct PluginOptions {
    /// The plugin's folder, with its plugin.toml.
    pub folder: PathBuf,
    /// Folder of the signal catalogue.
    #[arg(long, value_name = "DIR", default_value = "/usr/share/steward/plugins/vss")]
    pub vss: PathBuf,
    /// The bus: session, system or an address. Without it, the bus that started this program, else the session bus.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub bus: Bus,
    /// Ends after this many seconds without a call; the bus starts the plugin again when it is needed.
    #[arg(long, value_name = "SECONDS")]
    pub idle_exit: Option<u64>,
}

/// Serves the navigation plugin: looks places up, remembers home and work, sets destinations.
#[derive(Debug, Parser)]
#[command(name = "steward-navigation", version)]
pub struct NavigationOptions {
    /// The plugin's folder, with its plugin.toml and places.toml.
    #[arg(default_value = "/usr/share/steward/plugins/navigation")]
    pub folder: PathBuf,
    /// Folder of the signal catalogue.
    #[arg(long, value_name = "DIR", default_value = "/usr/share/steward/plugins/vss")]
    pub vss: PathBuf,
    /// Folder where home, work and saved places are kept.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/steward")]
    pub state: PathBuf,
    /// The bus: session, system or an address. Without it, the bus that started this program, else the session bus.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub bus: Bus,
    /// Ends after this many seconds without a call; the bus starts the plugin again when it is needed.
    #[arg(long, value_name = "SECONDS")]
    pub idle_exit: Option<u64>,
}

/// A simulated car: every signal of the catalogue in memory, couplings between them, and faults on demand.
#[derive(Debug, Parser)]
#[command(name = "steward-simulator", version)]
pub struct SimulatorOptions {
    /// Folder of the signal catalogue.
    #[arg(long, value_name = "DIR", default_value = "/usr/share/steward/plugins/vss")]
    pub vss: PathBuf,
    /// Folder of the start values.
    #[arg(long, value_name = "DIR", default_value = "/usr/share/steward/plugins/simulator")]
    pub start: PathBuf,
    /// The bus: session, system or an address. Without it, the bus that started this program, else the session bus.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub bus: Bus,
}
