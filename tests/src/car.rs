//! The simulated car on the bus: its signals, its faults, and a record of what changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::task::JoinHandle;
use zbus::{Proxy, Variant};

use crate::client::Client;
use crate::json::{Dictionary, from_variant, same, to_variant};

/// The vehicle's bus name.
pub const SERVICE: &str = "org.steward1.vehicle";
/// Its object.
pub const OBJECT: &str = "/org/steward1/vehicle";

/// Signals by path.
pub type Signals = BTreeMap<String, Value>;

/// The car, with everything that changed since it was connected to.
#[derive(Debug)]
pub struct Car {
    vehicle: Proxy<'static>,
    simulator: Proxy<'static>,
    changes: Arc<Mutex<Vec<Signals>>>,
    listener: JoinHandle<()>,
}

impl Car {
    /// Connects and starts to record.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn connect(client: &Client) -> Result<Self> {
        let vehicle = client.proxy(SERVICE, OBJECT, "org.steward1.Vehicle").await?;
        let simulator = client.proxy(SERVICE, OBJECT, "org.steward1.Simulator").await?;
        let mut signals = vehicle.receive_signal("Changed").await?;
        let changes = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&changes);
        let listener = tokio::spawn(async move {
            while let Some(message) = signals.next().await {
                if let Ok(values) = message.body().deserialize::<Dictionary>() {
                    record.lock().unwrap_or_else(PoisonError::into_inner).push(plain(&values));
                }
            }
        });
        Ok(Car { vehicle, simulator, changes, listener })
    }

    /// Reads signals; unknown ones are left out.
    ///
    /// # Errors
    /// Nobody serves the vehicle.
    pub async fn read(&self, paths: &[&str]) -> Result<Signals> {
        let (values, _missing): (Dictionary, Vec<String>) = self.vehicle.call("Get", &(paths,)).await?;
        Ok(plain(&values))
    }

    /// Reads one signal.
    ///
    /// # Errors
    /// There is no such signal.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.read(&[path]).await?.remove(path).with_context(|| format!("the car has no {path}"))
    }

    /// Asks for signals as a plugin would; refused ones with reasons.
    ///
    /// # Errors
    /// Nobody serves the vehicle.
    pub async fn set(&self, values: &Signals) -> Result<BTreeMap<String, String>> {
        Ok(self.vehicle.call("Set", &(variants(values),)).await?)
    }

    /// Makes signals so, sensors too.
    ///
    /// # Errors
    /// An unknown path or a wrong type.
    pub async fn force(&self, values: &Signals) -> Result<()> {
        self.simulator.call::<_, _, ()>("Force", &(variants(values),)).await.context("the simulator refuses to force this")
    }

    /// Makes one signal so.
    ///
    /// # Errors
    /// An unknown path or a wrong type.
    pub async fn force_one(&self, path: &str, value: impl Into<Value>) -> Result<()> {
        self.force(&Signals::from([(path.to_owned(), value.into())])).await
    }

    /// Puts a fault in: `none`, `refuse`, `ignore`, `slow` or `clamp`.
    ///
    /// # Errors
    /// An unknown path or kind.
    pub async fn fault(&self, path: &str, kind: &str, options: &[(&str, Variant<'static>)]) -> Result<()> {
        let options: HashMap<&str, &Variant<'static>> = options.iter().map(|(name, value)| (*name, value)).collect();
        Ok(self.simulator.call("Fault", &(path, kind, options)).await?)
    }

    /// As it was at the start, without faults.
    ///
    /// # Errors
    /// Nobody serves the vehicle.
    pub async fn reset(&self) -> Result<()> {
        Ok(self.simulator.call("Reset", &()).await?)
    }

    /// Where the record stands; hand it to [`Car::since`].
    pub fn mark(&self) -> usize {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Every signal that changed since `mark`, with its newest value.
    pub fn since(&self, mark: usize) -> Signals {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes[mark..].iter().flatten().map(|(path, value)| (path.clone(), value.clone())).collect()
    }

    /// Waits until a signal has a value.
    ///
    /// # Errors
    /// It does not within two seconds; the message has what it is instead.
    pub async fn wait_for(&self, path: &str, wanted: impl Into<Value>) -> Result<()> {
        let wanted = wanted.into();
        let mut value = Value::Null;
        for _ in 0..200 {
            value = self.get(path).await?;
            if same(&value, &wanted) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("{path} should become {wanted} and is {value}")
    }
}

impl Drop for Car {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn plain(values: &Dictionary) -> Signals {
    values.iter().map(|(path, value)| (path.clone(), from_variant(value))).collect()
}

fn variants(values: &Signals) -> HashMap<&str, Variant<'static>> {
    values.iter().map(|(path, value)| (path.as_str(), to_variant(value))).collect()
}
