//! Serves one plugin's actions on the bus. Each call runs in a task of its own under its deadline, so that a panic or an endless
//! loop costs one call and is answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;
use zbus::interface;
use zbus::message::Header;

use crate::bus::names::BusError;
use crate::bus::outcome;
use crate::bus::variant::{Dictionary, OutDictionary, from_dictionary};
use crate::invoke::{Invocation, Invoke, Outcome, PluginError};
use crate::value::Values;

/// What a call has when its context names no deadline.
const DEFAULT_DEADLINE_MS: u32 = 1000;

/// `org.steward1.Plugin` for one plugin.
pub struct PluginService {
    plugin: String,
    version: String,
    handler: Arc<dyn Invoke>,
    calls: Arc<Mutex<Calls>>,
}

/// When a service was last of use.
#[derive(Clone)]
pub struct Activity {
    calls: Arc<Mutex<Calls>>,
}

struct Calls {
    running: HashMap<u64, Running>,
    next: u64,
    last: Instant,
}

struct Running {
    caller: String,
    turn: u64,
    abort: AbortHandle,
}

impl PluginService {
    /// Serves the plugin `plugin` with whatever `handler` does.
    pub fn new(plugin: &str, version: &str, handler: Arc<dyn Invoke>) -> Self {
        let calls = Arc::new(Mutex::new(Calls { running: HashMap::new(), next: 0, last: Instant::now() }));
        PluginService { plugin: plugin.to_owned(), version: version.to_owned(), handler, calls }
    }

    /// Tells when it may go to sleep.
    pub fn activity(&self) -> Activity {
        Activity { calls: Arc::clone(&self.calls) }
    }

    async fn fenced(&self, caller: String, invocation: Invocation) -> Result<Outcome, BusError> {
        let deadline = Duration::from_millis(u64::from(invocation.deadline_ms));
        let (turn, action) = (invocation.turn, invocation.action.clone());
        let handler = Arc::clone(&self.handler);
        let task = tokio::spawn(async move { handler.invoke(&invocation).await });
        let _entry = Entry::new(&self.calls, Running { caller, turn, abort: task.abort_handle() });
        match tokio::time::timeout(deadline, task).await {
            Err(_) => Err(BusError::Timeout(format!("{action} took longer than {} ms", deadline.as_millis()))),
            Ok(Ok(result)) => result.map_err(on_bus),
            Ok(Err(error)) if error.is_cancelled() => Err(BusError::Failed(format!("{action} was cancelled"))),
            Ok(Err(_)) => {
                tracing::error!(plugin = self.plugin, action, "the action panicked");
                Err(BusError::Failed(format!("{action} panicked")))
            }
        }
    }
}

#[interface(name = "org.steward1.Plugin")]
impl PluginService {
    /// context: "turn" t, "zone" s, "language" s, "deadline-ms" u, "caller" s
    #[zbus(out_args("outcome"))]
    async fn invoke(
        &self,
        #[zbus(header)] header: Header<'_>,
        action: String,
        arguments: Dictionary,
        context: Dictionary,
    ) -> Result<OutDictionary, BusError> {
        let arguments = read("arguments", &arguments)?;
        let invocation = invocation(&self.plugin, action, arguments, &read("context", &context)?);
        let outcome = self.fenced(sender(&header), invocation).await?;
        Ok(outcome::to_bus(&outcome))
    }

    /// Gives up what its caller has running for this turn.
    async fn cancel(&self, #[zbus(header)] header: Header<'_>, turn: u64) {
        let caller = sender(&header);
        for call in lock(&self.calls).running.values().filter(|call| call.turn == turn && call.caller == caller) {
            call.abort.abort();
        }
    }

    /// Version of the plugin.
    #[zbus(property(emits_changed_signal = "const"))]
    async fn version(&self) -> String {
        self.version.clone()
    }
}

impl Activity {
    /// For how long nothing has been asked of it; `None` while a call is running.
    pub fn idle_for(&self) -> Option<Duration> {
        let calls = lock(&self.calls);
        calls.running.is_empty().then(|| calls.last.elapsed())
    }
}

/// A running call's place in the list; dropping it ends the call, also when the caller's connection has gone.
struct Entry {
    calls: Arc<Mutex<Calls>>,
    number: u64,
}

impl Entry {
    fn new(calls: &Arc<Mutex<Calls>>, call: Running) -> Self {
        let mut list = lock(calls);
        let number = list.next;
        list.next += 1;
        list.running.insert(number, call);
        Entry { calls: Arc::clone(calls), number }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut list = lock(&self.calls);
        list.last = Instant::now();
        if let Some(call) = list.running.remove(&self.number) {
            call.abort.abort();
        }
    }
}

fn lock(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sender(header: &Header<'_>) -> String {
    header.sender().map(ToString::to_string).unwrap_or_default()
}

fn read(what: &str, dictionary: &Dictionary) -> Result<Values, BusError> {
    from_dictionary(dictionary).map_err(|(name, problem)| BusError::BadRequest(format!("{what}: {name}: {problem}")))
}

fn invocation(plugin: &str, action: String, arguments: Values, context: &Values) -> Invocation {
    let text = |key: &str, default: &str| context.get(key).and_then(|value| value.text()).unwrap_or(default).to_owned();
    let number = |key: &str| context.get(key).and_then(|value| value.number());
    Invocation {
        plugin: plugin.to_owned(),
        action,
        arguments,
        turn: number("turn").unwrap_or(0.0) as u64,
        zone: text("zone", "driver"),
        language: text("language", "en"),
        deadline_ms: number("deadline-ms").map_or(DEFAULT_DEADLINE_MS, |number| number as u32),
        caller: text("caller", ""),
    }
}

fn on_bus(error: PluginError) -> BusError {
    match &error {
        PluginError::Unavailable { .. } => BusError::NotReady(error.to_string()),
        PluginError::Timeout(_) => BusError::Timeout(error.to_string()),
        PluginError::Nonsense { .. } => BusError::Failed(error.to_string()),
        PluginError::Failed { reason, .. } => BusError::Failed(reason.clone()),
    }
}
