//! The simulated car: every signal of the catalogue in memory, with the couplings that make one signal follow another, and faults to
//! try out what happens when a car does not do what it was asked. It stands in for a car in development and in tests.

pub mod coupling;
pub mod fault;
mod pattern;
mod start;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::value::{Value, Values};
use crate::vehicle::{Reading, Vehicle, VehicleError};
use crate::vss::{SignalKind, Vss};

use coupling::Couplings;
pub use fault::Fault;
pub use start::StartError;

/// Changes that a slow listener may leave unread before it loses some.
const UNREAD_CHANGES: usize = 4096;

/// A wrong call of the simulator's own interface.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SimulatorError {
    /// The car has no such signal.
    #[error("this car has no signal {0}")]
    NoSignal(String),
    /// The value is of another type than the signal.
    #[error("{path}: {reason}")]
    WrongType {
        /// The signal.
        path: String,
        /// What it takes.
        reason: String,
    },
}

/// The simulated car. Clones are the same car.
#[derive(Debug, Clone)]
pub struct Simulator {
    car: Arc<Car>,
}

#[derive(Debug)]
struct Car {
    vss: Vss,
    couplings: Couplings,
    start: Values,
    state: Mutex<State>,
    changes: broadcast::Sender<Values>,
}

#[derive(Debug)]
struct State {
    values: Values,
    faults: BTreeMap<String, Fault>,
    /// Counts resets, so that a slow change from before one is dropped.
    age: u64,
}

/// A change that a `slow` fault holds back.
#[derive(Debug)]
struct Late {
    path: String,
    value: Value,
    delay: Duration,
}

impl Simulator {
    /// Builds the car: the catalogue without the signals that `car.toml` calls absent, neutral values, and on top of them the start
    /// values of every `*.toml` in `folder`; `couplings.toml` says which signal follows which.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown signal, a value of the wrong type; each names the file and the key.
    pub fn load(vss: &Vss, folder: &Path) -> Result<Self, StartError> {
        let begin = start::read(vss, folder)?;
        Ok(Self::new(begin.vss, begin.values, begin.couplings))
    }

    /// A car with nothing but the catalogue: neutral values, no couplings.
    pub fn neutral(vss: &Vss) -> Self {
        let values = vss.iter().map(|(path, signal)| (path.to_owned(), signal.neutral())).collect();
        Self::new(vss.clone(), values, Couplings::default())
    }

    fn new(vss: Vss, start: Values, couplings: Couplings) -> Self {
        let state = Mutex::new(State { values: start.clone(), faults: BTreeMap::new(), age: 0 });
        let (changes, _) = broadcast::channel(UNREAD_CHANGES);
        Simulator { car: Arc::new(Car { vss, couplings, start, state, changes }) }
    }

    /// The signals that this car has.
    pub fn vss(&self) -> &Vss {
        &self.car.vss
    }

    /// Sets any signals, sensors too, past their ranges and past faults.
    ///
    /// # Errors
    /// An unknown signal or a value of the wrong type; nothing is set then.
    pub fn force(&self, values: &Values) -> Result<(), SimulatorError> {
        for (path, value) in values {
            let signal = self.car.vss.signal(path).ok_or_else(|| SimulatorError::NoSignal(path.clone()))?;
            signal.has_type(value).map_err(|reason| SimulatorError::WrongType { path: path.clone(), reason })?;
        }
        let (changed, _) = self.car.apply(&mut self.car.lock(), values, Faults::Off);
        self.car.publish(changed);
        Ok(())
    }

    /// Puts a fault into a signal, or takes it out again. A `*` at the end of the path means all signals below.
    ///
    /// # Errors
    /// No signal fits the path.
    pub fn fault(&self, path: &str, fault: Option<Fault>) -> Result<(), SimulatorError> {
        let paths: Vec<&str> = self.car.vss.iter().map(|(name, _)| name).filter(|name| pattern::covers(path, name)).collect();
        if paths.is_empty() {
            return Err(SimulatorError::NoSignal(path.to_owned()));
        }
        let mut state = self.car.lock();
        for name in paths {
            match &fault {
                Some(fault) => state.faults.insert(name.to_owned(), fault.clone()),
                None => state.faults.remove(name),
            };
        }
        Ok(())
    }

    /// Back to the start values, without faults.
    pub fn reset(&self) {
        let mut state = self.car.lock();
        state.age += 1;
        state.faults.clear();
        let before = std::mem::replace(&mut state.values, self.car.start.clone());
        drop(state);
        let changed = self.car.start.iter().filter(|(path, value)| before.get(*path) != Some(*value));
        self.car.publish(changed.map(|(path, value)| (path.clone(), value.clone())).collect());
    }

    fn later(&self, late: Late, age: u64) {
        let car = Arc::clone(&self.car);
        tokio::spawn(async move {
            tokio::time::sleep(late.delay).await;
            let mut state = car.lock();
            if state.age != age {
                return;
            }
            let (changed, _) = car.apply(&mut state, &Values::from([(late.path, late.value)]), Faults::Off);
            drop(state);
            car.publish(changed);
        });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Faults {
    On,
    Off,
}

impl Car {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn publish(&self, changed: Values) {
        if !changed.is_empty() {
            // Nobody listening is no error.
            let _ = self.changes.send(changed);
        }
    }

    /// Why a signal cannot be set to this value; `None`: it can.
    fn refusal(&self, state: &State, path: &str, value: &Value) -> Option<String> {
        let Some(signal) = self.vss.signal(path) else { return Some("this car has no such signal".to_owned()) };
        if signal.kind != SignalKind::Actuator {
            return Some("the signal is read only".to_owned());
        }
        if let Err(reason) = signal.accepts(value) {
            return Some(reason);
        }
        match state.faults.get(path) {
            Some(Fault::Refuse { reason }) => Some(reason.clone()),
            _ => None,
        }
    }

    /// Stores `wanted` and what follows from it. Signals named in `wanted` are never moved by a coupling, and none moves twice.
    fn apply(&self, state: &mut State, wanted: &Values, faults: Faults) -> (Values, Vec<Late>) {
        let mut changed = Values::new();
        let mut late = Vec::new();
        let mut settled: BTreeSet<String> = wanted.keys().cloned().collect();
        let mut queue: Vec<(String, Value)> = wanted.iter().map(|(path, value)| (path.clone(), value.clone())).collect();
        while let Some((path, value)) = queue.pop() {
            let fault = if faults == Faults::On { state.faults.get(&path) } else { None };
            let value = match fault {
                None | Some(Fault::Absent | Fault::Stale { .. }) => value,
                Some(Fault::Ignore | Fault::Refuse { .. }) => continue,
                Some(Fault::Slow { delay }) => {
                    late.push(Late { path, value, delay: *delay });
                    continue;
                }
                Some(clamp @ Fault::Clamp { .. }) => clamp.clamped(state.values.get(&path), &value, self.vss.signal(&path)),
            };
            if state.values.get(&path) != Some(&value) {
                changed.insert(path.clone(), value.clone());
            }
            state.values.insert(path.clone(), value);
            for (follower, value) in self.couplings.followers(&path, &state.values) {
                if settled.insert(follower.clone()) {
                    queue.push((follower, value));
                }
            }
        }
        (changed, late)
    }
}

#[async_trait]
impl Vehicle for Simulator {
    async fn get(&self, paths: &[String]) -> Result<Reading, VehicleError> {
        let state = self.car.lock();
        let mut reading = Reading::default();
        for path in paths {
            let fault = state.faults.get(path);
            match state.values.get(path).filter(|_| fault != Some(&Fault::Absent)) {
                Some(value) => {
                    reading.values.insert(path.clone(), value.clone());
                    reading.ages.extend(fault.and_then(Fault::age).map(|age| (path.clone(), age)));
                }
                None => reading.missing.push(path.clone()),
            }
        }
        Ok(reading)
    }

    async fn set(&self, values: &Values) -> Result<BTreeMap<String, String>, VehicleError> {
        let (changed, late, age) = {
            let mut state = self.car.lock();
            let refused: BTreeMap<String, String> =
                values.iter().filter_map(|(path, value)| Some((path.clone(), self.car.refusal(&state, path, value)?))).collect();
            if !refused.is_empty() {
                return Ok(refused);
            }
            let (changed, late) = self.car.apply(&mut state, values, Faults::On);
            (changed, late, state.age)
        };
        self.car.publish(changed);
        for late in late {
            self.later(late, age);
        }
        Ok(BTreeMap::new())
    }

    fn changes(&self) -> broadcast::Receiver<Values> {
        self.car.changes.subscribe()
    }
}
