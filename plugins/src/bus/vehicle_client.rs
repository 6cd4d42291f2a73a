//! The vehicle at the other end of a bus.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use zbus::proxy::{Builder, CacheProperties, SignalStream};
use zbus::wire::DynamicType;
use zbus::{Connection, Proxy, Type};

use crate::bus::names::{VEHICLE, VEHICLE_INTERFACE, VEHICLE_PATH};
use crate::bus::variant::{Dictionary, from_variant, to_dictionary};
use crate::value::Values;
use crate::vehicle::{Reading, Vehicle, VehicleError};

/// How long a call may take: reading and asking are local work, so a second is already a fault.
const CALL_LIMIT: Duration = Duration::from_secs(1);

/// Changes that a listener may leave unread before it loses some.
const UNREAD_CHANGES: usize = 1024;

/// `org.steward1.vehicle` as a [`Vehicle`].
#[derive(Debug)]
pub struct BusVehicle {
    proxy: Proxy<'static>,
    changes: broadcast::Sender<Values>,
    forwarder: JoinHandle<()>,
}

impl BusVehicle {
    /// A client of whoever has the vehicle's name; nobody needs to have it yet.
    ///
    /// # Errors
    /// The connection does not work.
    pub async fn new(connection: &Connection) -> zbus::Result<Self> {
        let proxy: Proxy<'static> = Builder::new(connection)
            .destination(VEHICLE)
            .path(VEHICLE_PATH)
            .interface(VEHICLE_INTERFACE)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let signals = proxy.receive_signal("Changed").await?;
        let (changes, _) = broadcast::channel(UNREAD_CHANGES);
        let forwarder = tokio::spawn(forward(signals, changes.clone()));
        Ok(BusVehicle { proxy, changes, forwarder })
    }

    async fn call<B, R>(&self, method: &'static str, body: &B) -> Result<R, VehicleError>
    where
        B: Serialize + DynamicType + Sync,
        R: DeserializeOwned + Type,
    {
        let reply = self.call_if_there(method, body).await?;
        reply.ok_or_else(|| VehicleError::Failed(format!("the vehicle service has no method {method}")))
    }

    /// `None`: whoever serves the vehicle has no such method.
    async fn call_if_there<B, R>(&self, method: &'static str, body: &B) -> Result<Option<R>, VehicleError>
    where
        B: Serialize + DynamicType + Sync,
        R: DeserializeOwned + Type,
    {
        match tokio::time::timeout(CALL_LIMIT, self.proxy.call_method(method, body)).await {
            Err(_) => Err(VehicleError::Failed(format!("{method} took longer than {} s", CALL_LIMIT.as_secs()))),
            Ok(Err(zbus::Error::FDO(error))) if matches!(*error, zbus::fdo::Error::UnknownMethod(_)) => Ok(None),
            Ok(Err(error)) => Err(unreachable_or_failed(error)),
            Ok(Ok(message)) => message.body().deserialize().map(Some).map_err(|error| VehicleError::Failed(error.to_string())),
        }
    }
}

impl Drop for BusVehicle {
    fn drop(&mut self) {
        self.forwarder.abort();
    }
}

/// Always drains: an unread stream would stall everything else on the connection.
async fn forward(mut signals: SignalStream<'static>, changes: broadcast::Sender<Values>) {
    while let Some(message) = signals.next().await {
        match message.body().deserialize::<Dictionary>() {
            // Nobody listening is no error.
            Ok(dictionary) => drop(changes.send(readable(&dictionary))),
            Err(error) => tracing::warn!(%error, "a change of the vehicle cannot be read"),
        }
    }
}

/// One signal that cannot be read must not hide the others.
fn readable(dictionary: &Dictionary) -> Values {
    let value = |(path, value): (&String, &zbus::OwnedVariant)| match from_variant(value) {
        Ok(value) => Some((path.clone(), value)),
        Err(problem) => {
            tracing::warn!(path, %problem, "a signal of the vehicle cannot be read");
            None
        }
    };
    dictionary.iter().filter_map(value).collect()
}

/// What is no length of time is longer than any.
fn seconds(age: f64) -> Duration {
    Duration::try_from_secs_f64(age).unwrap_or(Duration::MAX / 2)
}

/// Nobody has the name, nobody can be started, or whoever had it went away: it is not there. Anything else: it failed.
fn unreachable_or_failed(error: zbus::Error) -> VehicleError {
    if crate::bus::plugin_client::is_absence(&error) { VehicleError::Unavailable(error.to_string()) } else { by_name(&error) }
}

fn by_name(error: &zbus::Error) -> VehicleError {
    match error {
        zbus::Error::MethodError(name, _, _) if name.as_str() == "org.steward1.Error.NotReady" => {
            VehicleError::Unavailable(error.to_string())
        }
        _ => VehicleError::Failed(error.to_string()),
    }
}

#[async_trait]
impl Vehicle for BusVehicle {
    async fn get(&self, paths: &[String]) -> Result<Reading, VehicleError> {
        let aged: Option<(Dictionary, HashMap<String, f64>, Vec<String>)> = self.call_if_there("GetWithAges", &(paths,)).await?;
        let (dictionary, ages, missing) = match aged {
            Some(aged) => aged,
            // An adapter that knows no ages vouches for what it hands out.
            None => {
                let (dictionary, missing) = self.call("Get", &(paths,)).await?;
                (dictionary, HashMap::new(), missing)
            }
        };
        let values = readable(&dictionary);
        // What cannot be read is as good as not there: nobody may take it for a known value.
        let unread = dictionary.into_keys().filter(|path| !values.contains_key(path));
        let missing = missing.into_iter().chain(unread).collect();
        Ok(Reading { values, missing, ages: ages.into_iter().map(|(path, age)| (path, seconds(age))).collect() })
    }

    async fn set(&self, values: &Values) -> Result<BTreeMap<String, String>, VehicleError> {
        let refused: HashMap<String, String> = self.call("Set", &(to_dictionary(values),)).await?;
        Ok(refused.into_iter().collect())
    }

    fn changes(&self) -> broadcast::Receiver<Values> {
        self.changes.subscribe()
    }
}
