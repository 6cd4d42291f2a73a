//! The door to the vehicle's signals. On the bus it is `org.steward1.vehicle`; in one process it is the simulator itself.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::value::{Value, Values};
use crate::zone::Steering;

/// What a read gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Path to value.
    pub values: Values,
    /// Asked for, and not there.
    pub missing: Vec<String>,
    /// How long ago the car last confirmed a value; one without an age it has confirmed just now.
    pub ages: BTreeMap<String, Duration>,
}

/// The vehicle could not be reached or did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VehicleError {
    /// Nobody serves the vehicle's signals.
    #[error("no vehicle service is there: {0}")]
    Unavailable(String),
    /// It is there, and the call went wrong.
    #[error("the vehicle service failed: {0}")]
    Failed(String),
}

/// Vehicle signals by VSS path.
#[async_trait]
pub trait Vehicle: Send + Sync {
    /// Reads signals.
    async fn get(&self, paths: &[String]) -> Result<Reading, VehicleError>;

    /// Sets signals, all or none. The result names the refused paths with reasons; empty: all were accepted, which is not yet done.
    async fn set(&self, values: &Values) -> Result<BTreeMap<String, String>, VehicleError>;

    /// Every change from now on.
    fn changes(&self) -> broadcast::Receiver<Values>;
}

/// Where the vehicle says which side the driver sits on.
const DRIVER_POSITION: &str = "Vehicle.Cabin.DriverPosition";

/// The steering side by the vehicle's own account; left-hand drive where it does not say.
///
/// # Errors
/// The vehicle cannot be asked.
pub async fn steering(vehicle: &dyn Vehicle) -> Result<Steering, VehicleError> {
    let reading = vehicle.get(&[DRIVER_POSITION.to_owned()]).await?;
    let position = reading.values.get(DRIVER_POSITION).and_then(Value::text);
    Ok(if position == Some("RIGHT") { Steering::Right } else { Steering::Left })
}
