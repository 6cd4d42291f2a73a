//! What goes on around us on the bus: callers that leave, plugins and the vehicle that come and go, and the status that changes
//! with it. Each stream is drained by a task of its own, because an unread one stalls the connection.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use plugins::bus::BusPlugins;
use plugins::bus::names::VEHICLE;
use tokio::sync::mpsc::unbounded_channel;
use zbus::fdo::DBusProxy;
use zbus::message::Type;
use zbus::names::BusName;
use zbus::{Connection, MatchRule, MessageStream};

use super::assistant::AssistantInterface;
use super::knowledge::KnowledgeInterface;
use super::plugin_info::PluginInfo;
use super::{NAME, PATH, session};
use crate::desk::Desk;
use crate::status::Status;

/// How often the progress of starting is published at most.
const PROGRESS_PAUSE: Duration = Duration::from_millis(250);

/// Ends sessions and turns with their callers.
pub(super) async fn farewells(connection: &Connection, desk: Arc<Desk>) -> zbus::Result<()> {
    // Only names without a new owner, so that arrivals do not wake us.
    let mut stream = owner_changes(connection, |rule| rule.arg(2, "")).await?;
    let connection = connection.clone();
    tokio::spawn(async move {
        while let Some((name, _)) = next(&mut stream).await {
            for number in desk.turns.farewell(&name) {
                session::take_down(&connection, number).await;
            }
        }
    });
    Ok(())
}

/// Keeps an eye on the vehicle's provider and on the plugins.
pub(super) async fn neighbors(connection: &Connection, desk: Arc<Desk>, plugins: Arc<BusPlugins>) -> zbus::Result<()> {
    let mut stream = owner_changes(connection, |rule| rule.arg0ns(NAME)).await?;
    let present = DBusProxy::new(connection).await?.name_has_owner(BusName::from_static_str(VEHICLE)?).await?;
    note_vehicle(&desk, present);
    // Asking the bus about a plugin takes an answer, which cannot come while the stream is not drained: so it is asked elsewhere.
    let (tell, mut awoken) = unbounded_channel::<String>();
    let connection = connection.clone();
    let house = Arc::clone(&desk);
    tokio::spawn(async move {
        while let Some(name) = awoken.recv().await {
            let Some(assistant) = house.assistant() else { continue };
            if let Some(plugin) = assistant.catalogue().plugins.values().find(|plugin| plugin.bus_name() == name) {
                refresh(&connection, &plugins, plugin.id()).await;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((name, owner)) = next(&mut stream).await {
            if name == VEHICLE {
                note_vehicle(&desk, !owner.is_empty());
            } else if tell.send(name).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Publishes every change of the status, each property only when it is another one.
pub(super) fn status(connection: &Connection, desk: &Desk) {
    let (connection, mut changes) = (connection.clone(), desk.watch_status());
    let mut told = desk.status();
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let now = changes.borrow_and_update().clone();
            if let Err(error) = publish(&connection, &told, &now).await {
                tracing::warn!(%error, "the status could not be published");
            }
            // While phrases are learnt it changes thousands of times; what happens meanwhile is told together.
            let pause = if now.loaded { Duration::ZERO } else { PROGRESS_PAUSE };
            told = now;
            // On a copy, because whoever waits for a value has seen it, and the loop must still see it.
            let _ = tokio::time::timeout(pause, changes.clone().wait_for(|status| status.loaded)).await;
        }
    });
}

/// Puts up an object for every plugin.
pub(super) async fn put_up_plugins(connection: &Connection, desk: &Desk, plugins: &BusPlugins) -> zbus::Result<()> {
    let Some(assistant) = desk.assistant() else { return Ok(()) };
    for info in PluginInfo::all(assistant.catalogue()) {
        let (id, path, usable) = (info.id.clone(), info.path(), info.is_usable());
        connection.object_server().at(path.as_str(), info).await?;
        if usable {
            refresh(connection, plugins, &id).await;
        }
    }
    Ok(())
}

async fn refresh(connection: &Connection, plugins: &BusPlugins, id: &str) {
    let refreshed = async {
        let state = plugins.state_of(id).await?;
        let path = format!("{}/{}", super::PLUGINS_PATH, id.replace('-', "_"));
        let object = connection.object_server().interface::<_, PluginInfo>(path).await?;
        let mut info = object.get_mut().await;
        let reason = info.reason.clone();
        if info.found(state) {
            info.state_changed(object.signal_emitter()).await?;
        }
        if info.reason != reason {
            info.reason_changed(object.signal_emitter()).await?;
        }
        zbus::Result::Ok(())
    };
    if let Err(error) = refreshed.await {
        tracing::warn!(plugin = id, %error, "the state of a plugin could not be found out");
    }
}

fn note_vehicle(desk: &Desk, present: bool) {
    desk.change_status(|status| {
        if present {
            status.missing.remove("vehicle");
        } else {
            status.lacks("vehicle", format!("nobody serves {VEHICLE}, so nothing can be read or set"));
        }
    });
}

async fn publish(connection: &Connection, told: &Status, now: &Status) -> zbus::Result<()> {
    let object = connection.object_server().interface::<_, AssistantInterface>(PATH).await?;
    let (interface, emitter) = (object.get().await, object.signal_emitter());
    interface.status_detail_changed(emitter).await?;
    if told.models != now.models {
        interface.models_changed(emitter).await?;
    }
    if told.loaded != now.loaded {
        let knowledge = connection.object_server().interface::<_, KnowledgeInterface>(PATH).await?;
        let knowledge = knowledge.get().await;
        knowledge.generation_changed(emitter).await?;
        knowledge.bundles_changed(emitter).await?;
    }
    if told.name() != now.name() {
        // Last, so that who waits for it finds the rest in place.
        interface.status_changed(emitter).await?;
    }
    Ok(())
}

async fn owner_changes(
    connection: &Connection,
    narrow: impl FnOnce(zbus::match_rule::Builder<'static>) -> zbus::match_rule::Builder<'static>,
) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")
        .interface("org.freedesktop.DBus")
        .member("NameOwnerChanged");
    MessageStream::for_match_rule(narrow(rule).build()?, connection, None).await
}

/// The next name that changed hands, and its new owner, empty for none. `None`: the connection is gone.
async fn next(stream: &mut MessageStream) -> Option<(String, String)> {
    loop {
        let message = stream.next().await?;
        let body = message.and_then(|message| message.body().deserialize::<(String, String, String)>());
        match body {
            Ok((name, _, owner)) => return Some((name, owner)),
            Err(error) => tracing::warn!(%error, "a change of owner cannot be read"),
        }
    }
}
