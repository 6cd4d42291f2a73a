//! The car's state as rules may rely on it: what is not known this very moment is left out, and counts as the less safe case.

use std::time::{Duration, Instant};

use plugins::value::{Value, Values};
use plugins::vehicle::{Reading, Vehicle};

/// The signal whose value other than zero means that the car moves.
pub const SPEED: &str = "Vehicle.Speed";

/// A value that the car confirmed longer ago than this is as good as unknown.
pub const FRESH: Duration = Duration::from_secs(2);

/// Reads signals; what is missing, stale or no number that can be compared is left out. Speed is without direction: a car that rolls
/// backward moves.
pub async fn known(vehicle: &dyn Vehicle, paths: &[String]) -> Values {
    if paths.is_empty() {
        return Values::new();
    }
    let asked = Instant::now();
    let Ok(Reading { values, ages, .. }) = vehicle.get(paths).await else { return Values::new() };
    let waited = asked.elapsed();
    let is_fresh = |path: &String| ages.get(path).copied().unwrap_or_default() + waited <= FRESH;
    let usable = |(path, value): (String, Value)| match value {
        Value::Number(number) if !number.is_finite() => None,
        Value::Number(number) if path == SPEED => Some((path, Value::Number(number.abs()))),
        value => Some((path, value)),
    };
    values.into_iter().filter(|(path, _)| is_fresh(path)).filter_map(usable).collect()
}

/// Whether the car moves, or may move for all that is known.
pub async fn is_moving(vehicle: &dyn Vehicle) -> bool {
    !stands(&known(vehicle, &[SPEED.to_owned()]).await)
}

/// Only a speed that is known and is zero counts as standing.
pub(super) fn stands(state: &Values) -> bool {
    state.get(SPEED).and_then(Value::number) == Some(0.0)
}
