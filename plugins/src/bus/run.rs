//! The life of a plugin's process: on the bus, until it is told to stop, has nothing to do, or the bus goes away.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use zbus::Connection;

use crate::bus::names::PLUGIN_PATH;
use crate::bus::plugin_service::{Activity, PluginService};
use crate::catalogue::bus_name;
use crate::invoke::Invoke;
use crate::manifest::About;

/// What calls that still run may take once the plugin is to stop, and what the last answer takes to leave.
const LAST_CALLS: Duration = Duration::from_secs(1);
const LAST_WORDS: Duration = Duration::from_millis(20);

/// Puts a plugin on the bus and serves it. `idle_exit`: ends when nobody called for so long.
///
/// # Errors
/// The name is taken or not allowed, or the bus has gone away.
pub async fn run_plugin(
    connection: Connection,
    about: &About,
    handler: Arc<dyn Invoke>,
    idle_exit: Option<Duration>,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let service = PluginService::new(&about.id, &about.version, handler);
    let activity = service.activity();
    let name = bus_name(&about.id);
    connection.object_server().at(PLUGIN_PATH, service).await.context("the plugin cannot be served")?;
    listens(&connection).await?;
    connection.request_name(name.as_str()).await.with_context(|| format!("the name {name} is taken, or the bus does not allow it"))?;
    tracing::info!(plugin = about.id, version = about.version, "the plugin is on the bus");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = idle(&activity, idle_exit) => {
            // Calls that come from now on start the plugin anew; those that came before are still answered.
            connection.release_name(name.as_str()).await.context("the bus does not let go of the name")?;
        }
        () = connection.closed() => anyhow::bail!("the bus has gone away"),
    }
    // Not zbus's own graceful shutdown: it waits until nobody holds the connection, and the plugin's client of the vehicle does.
    let answered = async {
        while activity.idle_for().is_none() {
            tokio::time::sleep(LAST_WORDS).await;
        }
        tokio::time::sleep(LAST_WORDS).await;
    };
    // Whoever was promised an answer within a longer deadline hears that the plugin went away.
    let _ = tokio::time::timeout(LAST_CALLS, answered).await;
    connection.close().await.context("the bus does not let go")
}

/// Waits until the object server answers. The call that started this process arrives with the name, and would be lost before.
async fn listens(connection: &Connection) -> anyhow::Result<()> {
    let own = connection.unique_name().context("the bus gave no name")?.to_owned();
    for _ in 0..20 {
        let ping = connection.call_method(Some(own.as_str()), PLUGIN_PATH, Some("org.freedesktop.DBus.Peer"), "Ping", &());
        if let Ok(answered) = tokio::time::timeout(Duration::from_millis(50), ping).await {
            answered.context("the plugin does not answer itself")?;
            return Ok(());
        }
    }
    anyhow::bail!("the plugin does not answer itself on the bus")
}

async fn idle(activity: &Activity, limit: Option<Duration>) {
    let Some(limit) = limit else { return std::future::pending().await };
    loop {
        let left = match activity.idle_for() {
            Some(idle) if idle >= limit => return,
            Some(idle) => limit - idle,
            None => limit,
        };
        tokio::time::sleep(left.max(Duration::from_millis(10))).await;
    }
}
