//! The D-Bus side of plugins and vehicle: the only folder of this crate that knows D-Bus. The interfaces are those of `contract/`.

mod connect;
pub mod names;
mod outcome;
mod plugin_client;
mod plugin_service;
mod run;
pub mod variant;
mod vehicle_client;
mod vehicle_service;

pub use connect::{Bus, connect};
pub use plugin_client::{BusPlugins, PluginState};
pub use plugin_service::{Activity, PluginService};
pub use run::run_plugin;
pub use vehicle_client::BusVehicle;
pub use vehicle_service::{SimulatorService, VehicleService, serve_simulator};
