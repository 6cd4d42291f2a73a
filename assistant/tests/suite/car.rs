//! What the tests share: the catalogue of signals, the plugins, the rules, and a car whose signals can be anything, unknown and stale
//! included.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use plugins::catalogue::Catalogue;
use plugins::value::{Value, Values};
use plugins::vehicle::{Reading, Vehicle, VehicleError};
use plugins::vss::Vss;
use steward_assistant::Policy;
use steward_assistant::session::Command;
use tokio::sync::broadcast;

/// A path of the checkout.
pub(crate) fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(below)
}

pub(crate) fn vss() -> Arc<Vss> {
    static VSS: OnceLock<Arc<Vss>> = OnceLock::new();
    Arc::clone(VSS.get_or_init(|| Arc::new(Vss::load(&path("plugins/vss")).expect("the catalogue of signals"))))
}

pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue::load(&[path("plugins")], &vss()))
}

/// The shipped rules.
pub(crate) fn policy() -> Policy {
    Policy::load(&[path("assistant/policy.toml")]).expect("the shipped rules")
}

/// A car that is read and never set. A signal that it does not have is unknown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Still {
    pub(crate) values: Values,
    pub(crate) ages: BTreeMap<String, Duration>,
}

#[async_trait]
impl Vehicle for Still {
    async fn get(&self, paths: &[String]) -> Result<Reading, VehicleError> {
        let values: Values = paths.iter().filter_map(|path| Some((path.clone(), self.values.get(path)?.clone()))).collect();
        let missing = paths.iter().filter(|path| !values.contains_key(*path)).cloned().collect();
        let ages = paths.iter().filter_map(|path| Some((path.clone(), *self.ages.get(path)?))).collect();
        Ok(Reading { values, missing, ages })
    }

    async fn set(&self, _values: &Values) -> Result<BTreeMap<String, String>, VehicleError> {
        Err(VehicleError::Failed("nobody sets this car".to_owned()))
    }

    fn changes(&self) -> broadcast::Receiver<Values> {
        broadcast::channel(1).1
    }
}

/// A command of which only the writes matter.
pub(crate) fn command(plugin: &str, action: &str) -> Command {
    let (direction, tier) = (None, "pattern".to_owned());
    Command { plugin: plugin.to_owned(), action: action.to_owned(), arguments: Values::new(), direction, tier, confidence: 1.0 }
}

/// A number as a value.
pub(crate) fn number(number: f64) -> Value {
    Value::Number(number)
}
