//! Serves a vehicle, and for the simulator also the interface that changes its sensors and puts faults in.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, Variant, interface};

use crate::bus::connect::Bus;
use crate::bus::names::{BusError, VEHICLE, VEHICLE_PATH};
use crate::bus::variant::{Dictionary, OutDictionary, from_dictionary, to_dictionary};
use crate::simulator::{Fault, Simulator};
use crate::value::Values;
use crate::vehicle::{Vehicle, VehicleError};

/// `org.steward1.Vehicle` for any vehicle.
pub struct VehicleService {
    vehicle: Arc<dyn Vehicle>,
}

impl VehicleService {
    /// Serves `vehicle`; [`VehicleService::announce`] sends its changes.
    pub fn new(vehicle: Arc<dyn Vehicle>) -> Self {
        VehicleService { vehicle }
    }

    /// Sends `Changed` for every change of `vehicle` until the connection closes.
    pub async fn announce(vehicle: Arc<dyn Vehicle>, connection: Connection) -> zbus::Result<()> {
        let emitter = SignalEmitter::new(&connection, VEHICLE_PATH)?;
        let mut changes = vehicle.changes();
        loop {
            let changed = tokio::select! {
                changed = changes.recv() => changed,
                () = connection.closed() => return Ok(()),
            };
            match changed {
                Ok(values) => VehicleService::changed(&emitter, to_dictionary(&values)).await?,
                Err(RecvError::Lagged(lost)) => tracing::warn!(lost, "changes of the vehicle came faster than the bus took them"),
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }
}

#[interface(name = "org.steward1.Vehicle")]
impl VehicleService {
    /// Unknown paths are left out of values and named in missing.
    #[zbus(out_args("values", "missing"))]
    async fn get(&self, paths: Vec<String>) -> Result<(OutDictionary, Vec<String>), BusError> {
        let reading = self.vehicle.get(&paths).await.map_err(failed)?;
        Ok((to_dictionary(&reading.values), reading.missing))
    }

    /// As Get, with the seconds since the car last confirmed each value; a value without an age was confirmed just now.
    #[zbus(out_args("values", "ages", "missing"))]
    async fn get_with_ages(&self, paths: Vec<String>) -> Result<(OutDictionary, HashMap<String, f64>, Vec<String>), BusError> {
        let reading = self.vehicle.get(&paths).await.map_err(failed)?;
        let ages = reading.ages.into_iter().map(|(path, age)| (path, age.as_secs_f64())).collect();
        Ok((to_dictionary(&reading.values), ages, reading.missing))
    }

    /// All or nothing. refused: path to reason, empty when all were accepted. Accepted is not done: watch Changed.
    #[zbus(out_args("refused"))]
    async fn set(&self, values: Dictionary) -> Result<HashMap<String, String>, BusError> {
        let refused = self.vehicle.set(&read(&values)?).await.map_err(failed)?;
        Ok(refused.into_iter().collect())
    }

    /// Only what really changed.
    #[zbus(signal)]
    async fn changed(emitter: &SignalEmitter<'_>, values: HashMap<String, Variant<'_>>) -> zbus::Result<()>;
}

/// `org.steward1.Simulator`.
pub struct SimulatorService {
    simulator: Simulator,
}

impl SimulatorService {
    /// Serves the doors into `simulator` that a real car does not have.
    pub fn new(simulator: Simulator) -> Self {
        SimulatorService { simulator }
    }
}

#[interface(name = "org.steward1.Simulator")]
impl SimulatorService {
    /// Sets any signals, sensors too, whatever their range.
    async fn force(&self, values: Dictionary) -> Result<(), BusError> {
        self.simulator.force(&read(&values)?).map_err(|error| BusError::BadRequest(error.to_string()))
    }

    /// kind: "none", "refuse", "ignore" (accepted, never happens), "slow" (after delay-ms), "clamp" (min, max, or half of the way),
    /// "absent" (cannot be read), "stale" (confirmed age-ms ago, and no more).
    async fn fault(&self, path: String, kind: String, options: Dictionary) -> Result<(), BusError> {
        let fault = Fault::parse(&kind, &read(&options)?).map_err(|error| BusError::BadRequest(error.to_string()))?;
        self.simulator.fault(&path, fault).map_err(|error| BusError::NotFound(error.to_string()))
    }

    /// Back to the start values, without faults.
    async fn reset(&self) {
        self.simulator.reset();
    }
}

/// Puts the simulator on a bus under [`VEHICLE`], changes included.
///
/// # Errors
/// No bus, or somebody else has the name.
pub async fn serve_simulator(bus: &Bus, simulator: &Simulator) -> zbus::Result<Connection> {
    let vehicle: Arc<dyn Vehicle> = Arc::new(simulator.clone());
    let connection = bus
        .builder()
        .serve_at(VEHICLE_PATH, VehicleService::new(Arc::clone(&vehicle)))
        .serve_at(VEHICLE_PATH, SimulatorService::new(simulator.clone()))
        .name(VEHICLE)
        .build()
        .await?;
    tokio::spawn(VehicleService::announce(vehicle, connection.clone()));
    Ok(connection)
}

fn read(dictionary: &Dictionary) -> Result<Values, BusError> {
    from_dictionary(dictionary).map_err(|(name, problem)| BusError::BadRequest(format!("{name}: {problem}")))
}

fn failed(error: VehicleError) -> BusError {
    match error {
        VehicleError::Unavailable(_) => BusError::NotReady(error.to_string()),
        VehicleError::Failed(_) => BusError::Failed(error.to_string()),
    }
}
