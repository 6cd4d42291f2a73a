//! The D-Bus edge: who calls, limits, deadlines, errors. The only folder of this crate that serves D-Bus; the interfaces are those
//! of `contract/org.steward1.xml`.

use std::sync::Arc;
use std::time::Duration;

use plugins::bus::{BusPlugins, BusVehicle};
use plugins::invoke::Invoke;
use zbus::connection::Builder;
use zbus::fdo::{ObjectManager, RequestNameFlags};
use zbus::{Connection, ObjectPath};

use crate::config::{Bus, Config};
use crate::desk::Desk;
use crate::parts::{self, Doors, Loaded, Order};

mod assistant;
mod caller;
mod dictionary;
mod error;
mod knowledge;
mod language;
mod options;
mod plugin_info;
mod session;
mod watch;

pub use error::Error;
pub(crate) use plugin_info::rejected_folder;

/// Our name on the bus.
pub const NAME: &str = "org.steward1";
/// The object with the assistant, the language models and the knowledge.
pub const PATH: &str = "/org/steward1";
/// The object manager over the plugins.
const PLUGINS_PATH: &str = "/org/steward1/plugins";

/// Calls that we make ourselves: plugins have deadlines of their own, well below this.
const METHOD_TIMEOUT: Duration = Duration::from_secs(120);

/// The daemon cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No bus, or it refuses us.
    #[error("the {0} bus cannot be used: {1}; is it running, and may this user own {NAME} there?")]
    Bus(&'static str, #[source] zbus::Error),
    /// Somebody has our name.
    #[error("{NAME} is taken on this bus; is another stewardd running?")]
    Taken,
    /// The rules cannot be read, and without them nothing may be done.
    #[error(transparent)]
    Rules(#[from] parts::RulesError),
}

/// A daemon that serves.
pub struct Serving {
    connection: Connection,
    /// What it works with.
    pub desk: Arc<Desk>,
}

/// Takes our name and answers calls; the assistant is loaded meanwhile, and until it is there `Ask` is `NotReady`.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(config: Config) -> Result<Serving, ServeError> {
    let rules = parts::rules(&config)?;
    let (bus, builder) = match config.bus {
        Bus::Session => ("session", Builder::session()),
        Bus::System => ("system", Builder::system()),
    };
    let failed = |error| ServeError::Bus(bus, error);
    let desk = Arc::new(Desk::default());
    let connection = put_up(builder, &desk).await.map_err(failed)?;
    watch::farewells(&connection, Arc::clone(&desk)).await.map_err(failed)?;
    watch::status(&connection, &desk);
    let plugins = Arc::new(BusPlugins::new(connection.clone()));
    watch::neighbors(&connection, Arc::clone(&desk), Arc::clone(&plugins)).await.map_err(failed)?;
    let vehicle = Arc::new(BusVehicle::new(&connection).await.map_err(failed)?);
    match connection.request_name_with_flags(NAME, RequestNameFlags::DO_NOT_QUEUE).await {
        Ok(_) => {}
        Err(zbus::Error::NameTaken) => return Err(ServeError::Taken),
        Err(error) => return Err(failed(error)),
    }
    let doors = Doors { vehicle, plugins: Arc::clone(&plugins) as Arc<dyn Invoke> };
    let order = Order { config, rules, doors: Box::new(move |_, _| Ok(doors)) };
    load(connection.clone(), Arc::clone(&desk), plugins, order);
    Ok(Serving { connection, desk })
}

/// Serves every object on a connection, without taking the name yet.
async fn put_up(builder: Builder<'static>, desk: &Arc<Desk>) -> zbus::Result<Connection> {
    builder
        .method_timeout(METHOD_TIMEOUT)
        .serve_at(PATH, assistant::AssistantInterface { desk: Arc::clone(desk) })
        .serve_at(PATH, language::LanguageInterface::new(Arc::clone(desk)))
        .serve_at(PATH, knowledge::KnowledgeInterface::new(Arc::clone(desk)))
        .serve_at(PLUGINS_PATH, ObjectManager)
        .build()
        .await
}

/// Loads everything aside, then puts it to work.
fn load(connection: Connection, desk: Arc<Desk>, plugins: Arc<BusPlugins>, order: Order) {
    tokio::spawn(async move {
        let loading = Arc::clone(&desk);
        let progress = move |done, total| {
            if loading.is_ending() {
                // The one way out of the middle of loading; it drops the encoder, whose threads must not run while the process ends.
                std::panic::resume_unwind(Box::new("ending"));
            }
            loading.change_status(|status| status.progress = Some((done, total)));
        };
        let loaded = tokio::task::spawn_blocking(move || parts::load(order, progress)).await;
        if desk.is_ending() {
            return;
        }
        let loaded = loaded.unwrap_or_else(|_| Loaded::broken());
        if let Some(assistant) = loaded.assistant {
            desk.employ(assistant);
            loaded.stock.into_iter().for_each(|stock| desk.open_stock(stock));
            if let Err(error) = watch::put_up_plugins(&connection, &desk, &plugins).await {
                tracing::error!(%error, "the plugins could not be put on the bus");
            }
        }
        desk.change_status(|status| {
            let vehicle = status.missing.remove("vehicle");
            *status = loaded.status;
            status.loaded = true;
            status.missing.extend(vehicle.map(|sentence| ("vehicle".to_owned(), sentence)));
        });
        let status = desk.status();
        tracing::info!(status = status.name(), missing = ?status.missing, "loaded");
    });
}

impl Serving {
    /// Waits until the bus has gone.
    pub async fn disconnected(&self) {
        self.connection.closed().await;
    }

    /// Takes our name back, so that nobody calls any more, and closes the connection.
    pub async fn stop(self) {
        self.desk.end();
        // A bus that is gone needs no farewell.
        let _ = self.connection.release_name(NAME).await;
        self.connection.graceful_shutdown().await;
    }
}

fn session_path(number: u64) -> ObjectPath<'static> {
    ObjectPath::try_from(format!("{PATH}/session/{number}")).expect("digits are legal in a path")
}

#[cfg(test)]
mod tests;
