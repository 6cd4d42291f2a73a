//! The names on the bus that this crate serves or calls, and its error names.

/// Bus name of the vehicle's signals.
pub const VEHICLE: &str = "org.steward1.vehicle";
/// Object of the vehicle's signals and of the simulator.
pub const VEHICLE_PATH: &str = "/org/steward1/vehicle";
/// Interface of the vehicle's signals.
pub const VEHICLE_INTERFACE: &str = "org.steward1.Vehicle";
/// Interface that only the simulator has.
pub const SIMULATOR_INTERFACE: &str = "org.steward1.Simulator";
/// Object that every plugin serves under its own bus name, see [`crate::catalogue::bus_name`].
pub const PLUGIN_PATH: &str = "/org/steward1/plugin";
/// Interface of every plugin.
pub const PLUGIN_INTERFACE: &str = "org.steward1.Plugin";

/// The errors that the services of this crate answer with; the text is for a log, not for a driver.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.steward1.Error")]
pub enum BusError {
    /// Whatever goes wrong on the bus itself.
    #[zbus(error)]
    Bus(zbus::Error),
    /// Arguments that cannot be understood.
    BadRequest(String),
    /// Something that it needs is not there yet.
    NotReady(String),
    /// No such action, signal or plugin.
    NotFound(String),
    /// It took too long.
    Timeout(String),
    /// It went wrong.
    Failed(String),
}
