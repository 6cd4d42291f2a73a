//! What the tests share: the catalogue, the simulated car with the shipped start values, short ways to ask it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use steward_plugins::simulator::Simulator;
use steward_plugins::value::{Value, Values};
use steward_plugins::vehicle::Vehicle;
use steward_plugins::vss::Vss;

/// The folder of this crate, which is also the folder of the plugins.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The whole catalogue of signals, read once.
pub(crate) fn vss() -> Arc<Vss> {
    static VSS: OnceLock<Arc<Vss>> = OnceLock::new();
    Arc::clone(VSS.get_or_init(|| Arc::new(Vss::load(&folder().join("vss")).expect("the catalogue can be read"))))
}

/// The car as it is shipped.
pub(crate) fn kestrel() -> Simulator {
    Simulator::load(&vss(), &folder().join("simulator")).expect("the start values can be read")
}

/// Pairs as values.
pub(crate) fn values<const N: usize>(pairs: [(&str, Value); N]) -> Values {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What one signal reads.
pub(crate) async fn read(vehicle: &dyn Vehicle, path: &str) -> Option<Value> {
    vehicle.get(&[path.to_owned()]).await.expect("the car answers").values.remove(path)
}

/// A list of texts.
pub(crate) fn list(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| (*text).to_owned()).collect())
}
