//! Plugins at the other end of a bus, each in its own process, started by the bus when first called. One that hangs, dies or answers
//! nonsense costs the calls made to it and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use zbus::message::Flags;
use zbus::names::{BusName, WellKnownName};
use zbus::{Connection, Message, Variant, fdo};

use crate::bus::names::{PLUGIN_INTERFACE, PLUGIN_PATH};
use crate::bus::outcome;
use crate::bus::variant::{Dictionary, OutDictionary, to_dictionary};
use crate::catalogue::bus_name;
use crate::invoke::{Invocation, Invoke, Outcome, PluginError};

/// Calls that one plugin may have running; more wait for their turn within their own deadline.
const CALLS_PER_PLUGIN: usize = 4;

/// A plugin that keeps its deadline answers `Timeout` itself; this is what that answer may take on the bus.
const TRAVEL: Duration = Duration::from_millis(50);

/// How long a plugin that sleeps may take to wake; after that its own deadline begins.
const WAKING: Duration = Duration::from_secs(1);

/// Whether a plugin can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginState {
    /// It runs.
    Ready,
    /// The bus starts it when it is called.
    Asleep,
    /// Nobody has its name and nobody can be started.
    Absent,
}

/// Calls `org.steward1.plugin.ID`.
#[derive(Debug)]
pub struct BusPlugins {
    connection: Connection,
    gates: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

impl BusPlugins {
    /// A client of the plugins on this connection's bus.
    pub fn new(connection: Connection) -> Self {
        BusPlugins { connection, gates: Mutex::new(BTreeMap::new()) }
    }

    /// Whether `plugin` runs, sleeps or is not there at all.
    ///
    /// # Errors
    /// The bus itself does not answer.
    pub async fn state_of(&self, plugin: &str) -> zbus::Result<PluginState> {
        let name = bus_name(plugin);
        let bus = fdo::DBusProxy::new(&self.connection).await?;
        if bus.name_has_owner(BusName::try_from(name.as_str())?).await? {
            return Ok(PluginState::Ready);
        }
        let startable = bus.list_activatable_names().await?.iter().any(|startable| startable.as_str() == name);
        Ok(if startable { PluginState::Asleep } else { PluginState::Absent })
    }

    async fn start(&self, plugin: &str) -> zbus::Result<()> {
        let name = bus_name(plugin);
        let bus = fdo::DBusProxy::new(&self.connection).await?;
        if !bus.name_has_owner(BusName::try_from(name.as_str())?).await? {
            bus.start_service_by_name(WellKnownName::try_from(name.as_str())?, 0).await?;
        }
        Ok(())
    }

    fn gate(&self, plugin: &str) -> Arc<Semaphore> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(plugin.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(CALLS_PER_PLUGIN))))
    }

    async fn call(&self, invocation: &Invocation) -> Result<Outcome, PluginError> {
        let gate = self.gate(&invocation.plugin);
        let _permit = gate.acquire().await;
        // From here on the plugin may be at work, and must hear when nobody waits any more.
        let mut left = Left { connection: &self.connection, plugin: &invocation.plugin, turn: invocation.turn, answered: false };
        let body = (&invocation.action, to_dictionary(&invocation.arguments), context(invocation));
        let name = bus_name(&invocation.plugin);
        let reply = self.connection.call_method(Some(name.as_str()), PLUGIN_PATH, Some(PLUGIN_INTERFACE), "Invoke", &body).await;
        left.answered = true;
        let reply = reply.map_err(|error| typed(&invocation.plugin, &error))?;
        let nonsense = |reason: String| PluginError::Nonsense { plugin: invocation.plugin.clone(), reason };
        let dictionary: Dictionary = reply.body().deserialize().map_err(|error| nonsense(error.to_string()))?;
        outcome::from_bus(&dictionary).map_err(nonsense)
    }
}

#[async_trait]
impl Invoke for BusPlugins {
    async fn invoke(&self, invocation: &Invocation) -> Result<Outcome, PluginError> {
        let limit = Duration::from_millis(u64::from(invocation.deadline_ms)) + TRAVEL;
        match tokio::time::timeout(limit, self.call(invocation)).await {
            Ok(result) => result,
            Err(_) => Err(PluginError::Timeout(invocation.plugin.clone())),
        }
    }

    /// A plugin that sleeps is started by the bus, which takes a moment in which the car may have begun to move.
    async fn wake(&self, plugin: &str) {
        match tokio::time::timeout(WAKING, self.start(plugin)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(plugin, %error, "a plugin could not be woken"),
            Err(_) => tracing::debug!(plugin, "a plugin takes long to wake"),
        }
    }

    async fn cancel(&self, plugin: &str, turn: u64) {
        if let Err(error) = send_cancel(&self.connection, plugin, turn).await {
            tracing::warn!(plugin, turn, %error, "a plugin could not be told to give up");
        }
    }
}

/// Cancels the call when its future is dropped before the answer: at the deadline, or because whoever asked has gone.
struct Left<'a> {
    connection: &'a Connection,
    plugin: &'a str,
    turn: u64,
    answered: bool,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (connection, plugin, turn) = (self.connection.clone(), self.plugin.to_owned(), self.turn);
            runtime.spawn(async move { send_cancel(&connection, &plugin, turn).await });
        }
    }
}

/// Without waiting for an answer, and without starting a plugin only to cancel.
async fn send_cancel(connection: &Connection, plugin: &str, turn: u64) -> zbus::Result<()> {
    let message = Message::method_call(PLUGIN_PATH, "Cancel")
        .destination(bus_name(plugin))
        .interface(PLUGIN_INTERFACE)
        .with_flags(Flags::NO_REPLY_EXPECTED | Flags::NO_AUTO_START)
        .build(&turn)?;
    connection.send(&message).await
}

fn context(invocation: &Invocation) -> OutDictionary {
    HashMap::from([
        ("turn".to_owned(), Variant::from(invocation.turn)),
        ("zone".to_owned(), Variant::from(invocation.zone.clone())),
        ("language".to_owned(), Variant::from(invocation.language.clone())),
        ("deadline-ms".to_owned(), Variant::from(invocation.deadline_ms)),
        ("caller".to_owned(), Variant::from(invocation.caller.clone())),
    ])
}

fn typed(plugin: &str, error: &zbus::Error) -> PluginError {
    let plugin = plugin.to_owned();
    if is_absence(error) {
        return PluginError::Unavailable { plugin, reason: error.to_string() };
    }
    match error {
        zbus::Error::MethodError(name, text, _) => {
            let reason = text.clone().unwrap_or_else(|| name.to_string());
            match name.as_str() {
                "org.steward1.Error.Timeout" => PluginError::Timeout(plugin),
                "org.steward1.Error.NotReady" => PluginError::Unavailable { plugin, reason },
                _ => PluginError::Failed { plugin, reason },
            }
        }
        zbus::Error::FDO(inner) if is_stranger(inner) => PluginError::Nonsense { plugin, reason: error.to_string() },
        _ => PluginError::Failed { plugin, reason: error.to_string() },
    }
}

/// Nobody has the name, nobody could be started, whoever had it went away without an answer, or the bus itself is gone.
pub(crate) fn is_absence(error: &zbus::Error) -> bool {
    use fdo::Error as Fdo;
    match error {
        zbus::Error::InputOutput(_) | zbus::Error::Connection(..) => true,
        zbus::Error::FDO(inner) => matches!(
            **inner,
            Fdo::ServiceUnknown(_)
                | Fdo::NameHasNoOwner(_)
                | Fdo::NoReply(_)
                | Fdo::NoServer(_)
                | Fdo::Disconnected(_)
                | Fdo::TimedOut(_)
                | Fdo::SpawnExecFailed(_)
                | Fdo::SpawnForkFailed(_)
                | Fdo::SpawnChildExited(_)
                | Fdo::SpawnChildSignaled(_)
                | Fdo::SpawnFailed(_)
                | Fdo::SpawnServiceNotFound(_)
        ),
        _ => false,
    }
}

/// Somebody has the name and does not serve what a plugin serves.
fn is_stranger(error: &fdo::Error) -> bool {
    use fdo::Error as Fdo;
    matches!(error, Fdo::UnknownMethod(_) | Fdo::UnknownObject(_) | Fdo::UnknownInterface(_) | Fdo::InvalidArgs(_))
}
