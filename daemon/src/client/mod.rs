//! Calls the daemon: what the command line knows of D-Bus. Everything comes back as JSON with the keys of the contract.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::Duration;

use plugins::bus::BusVehicle;
use plugins::bus::names::{SIMULATOR_INTERFACE, VEHICLE, VEHICLE_PATH};
use plugins::bus::variant::to_dictionary;
use plugins::value::Values;
use serde_json::Value as Json;
use zbus::connection::Builder;
use zbus::fdo::{DBusProxy, ObjectManagerProxy};
use zbus::names::BusName;
use zbus::proxy::CacheProperties;
use zbus::wire::DynamicType;
use zbus::{Connection, Fd, Proxy, Variant};

use crate::bus::{NAME, PATH};
use crate::config::Bus;

mod conversation;
mod error;
mod json;

pub use conversation::{Conversation, Heard};
pub use error::ClientError;

use json::{Dictionary, object, objects};

/// Turns have a deadline of a minute; whoever waits longer waits for nothing.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long an install may take: gigabytes from a slow stick.
const INSTALL_PATIENCE: Duration = Duration::from_secs(1800);

/// What a client gets.
pub type Result<T> = std::result::Result<T, ClientError>;

/// Options of a question, as told on the command line.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// `zh`, `en`, or nothing: find out.
    pub language: Option<String>,
    /// Who speaks.
    pub zone: Option<String>,
}

/// A connection to the daemon's bus.
#[derive(Debug, Clone)]
pub struct Client {
    connection: Connection,
}

impl Client {
    /// Connects to a bus; whether the daemon is there shows with the first call.
    ///
    /// # Errors
    /// There is no bus.
    pub async fn connect(bus: Bus) -> Result<Client> {
        Self::connect_for(bus, PATIENCE).await
    }

    /// The same, for calls that may take half an hour.
    ///
    /// # Errors
    /// There is no bus.
    pub async fn connect_patiently(bus: Bus) -> Result<Client> {
        Self::connect_for(bus, INSTALL_PATIENCE).await
    }

    async fn connect_for(bus: Bus, patience: Duration) -> Result<Client> {
        let (name, builder) = match bus {
            Bus::Session => ("session", Builder::session()),
            Bus::System => ("system", Builder::system()),
        };
        let connection = builder.method_timeout(patience).build().await;
        let no_bus = |error: zbus::Error| ClientError::NoBus { bus: name, reason: error.to_string() };
        Ok(Client { connection: connection.map_err(no_bus)? })
    }

    /// One utterance in the connection's default session.
    ///
    /// # Errors
    /// See [`ClientError`], here and below.
    pub async fn ask(&self, text: &str, telling: &Telling) -> Result<Json> {
        let reply: Dictionary = self.call("Assistant", "Ask", &(text, telling.options())).await?;
        Ok(object(&reply))
    }

    /// Takes back what the last turn of this user did.
    ///
    /// # Errors
    /// As above.
    pub async fn undo(&self, telling: &Telling) -> Result<Json> {
        let reply: Dictionary = self.call("Assistant", "Undo", &(telling.options(),)).await?;
        Ok(object(&reply))
    }

    /// Stops everything of this user; how many turns that were.
    ///
    /// # Errors
    /// As above.
    pub async fn stop_all(&self) -> Result<u32> {
        self.call("Assistant", "StopAll", &()).await
    }

    /// Why a turn came out as it did.
    ///
    /// # Errors
    /// As above.
    pub async fn explain(&self, turn: u64) -> Result<Json> {
        let trace: Dictionary = self.call("Assistant", "Explain", &(turn,)).await?;
        Ok(object(&trace))
    }

    /// What can be said.
    ///
    /// # Errors
    /// As above.
    pub async fn catalogue(&self, language: &str) -> Result<Json> {
        let rows: Vec<Dictionary> = self.call("Assistant", "Catalogue", &(language,)).await?;
        Ok(objects(&rows))
    }

    /// Every property of the assistant and of the knowledge.
    ///
    /// # Errors
    /// As above.
    pub async fn status(&self) -> Result<Json> {
        let mut all = HashMap::new();
        for interface in ["Assistant", "Knowledge"] {
            let path = format!("{NAME}.{interface}");
            let properties: Dictionary = self.proxy(PATH, "org.freedesktop.DBus.Properties").await?.call("GetAll", &(path,)).await?;
            all.extend(properties);
        }
        Ok(json::in_order(all.iter().map(|(name, value)| (kebab(name), json::json(value)))))
    }

    /// Every plugin with its state.
    ///
    /// # Errors
    /// As above.
    pub async fn plugins(&self) -> Result<Json> {
        let manager = ObjectManagerProxy::builder(&self.connection).destination(NAME).path("/org/steward1/plugins").build().await?;
        let managed = manager.get_managed_objects().await.map_err(zbus::Error::from)?;
        let mut rows: Vec<(String, Json)> = Vec::new();
        for (path, interfaces) in managed {
            for (name, properties) in interfaces {
                if name.as_str() == "org.steward1.PluginInfo" {
                    let row = json::in_order(properties.iter().map(|(name, value)| (kebab(name), json::json(value))));
                    rows.push((path.to_string(), row));
                }
            }
        }
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Json::Array(rows.into_iter().map(|(_, row)| row).collect()))
    }

    /// Passages and answers near a query, best first.
    ///
    /// # Errors
    /// As above.
    pub async fn search(&self, query: &str, limit: u32, telling: &Telling) -> Result<Json> {
        let passages: Vec<Dictionary> = self.call("Knowledge", "Search", &(query, limit, telling.options())).await?;
        Ok(objects(&passages))
    }

    /// Installs a bundle by its open folder or file.
    ///
    /// # Errors
    /// As above; `Untrusted`, `Outdated` and `Incompatible` when it is refused.
    pub async fn install(&self, bundle: File) -> Result<Json> {
        let options: HashMap<&str, Variant<'_>> = HashMap::new();
        let report: Dictionary = self.call("Knowledge", "Install", &(Fd::from(OwnedFd::from(bundle)), options)).await?;
        Ok(object(&report))
    }

    /// Goes back to the generation before.
    ///
    /// # Errors
    /// As above.
    pub async fn rollback(&self) -> Result<Json> {
        let report: Dictionary = self.call("Knowledge", "Rollback", &()).await?;
        Ok(object(&report))
    }

    /// Opens a conversation with a memory of its own.
    ///
    /// # Errors
    /// As above.
    pub async fn open(&self, telling: &Telling) -> Result<Conversation> {
        let path: zbus::OwnedObjectPath = self.call("Assistant", "OpenSession", &(telling.options(),)).await?;
        Conversation::listen(self.clone(), path.to_string()).await
    }

    /// The vehicle's signals.
    ///
    /// # Errors
    /// Nobody serves them.
    pub async fn vehicle(&self) -> Result<BusVehicle> {
        let bus = DBusProxy::new(&self.connection).await?;
        let name = BusName::from_static_str(VEHICLE)?;
        if !bus.name_has_owner(name).await.map_err(zbus::Error::from)? {
            let hint = "start the car's adapter or steward-simulator";
            return Err(ClientError::NotRunning { service: VEHICLE.to_owned(), hint });
        }
        Ok(BusVehicle::new(&self.connection).await?)
    }

    /// Sets any signals of a simulated car, sensors too.
    ///
    /// # Errors
    /// A real car, an unknown signal, a value of the wrong type.
    pub async fn force(&self, values: &Values) -> Result<()> {
        let simulator = Proxy::new(&self.connection, VEHICLE, VEHICLE_PATH, SIMULATOR_INTERFACE).await?;
        Ok(simulator.call("Force", &(to_dictionary(values),)).await?)
    }

    async fn call<B, R>(&self, interface: &str, method: &'static str, body: &B) -> Result<R>
    where
        B: serde::Serialize + DynamicType,
        R: for<'d> zbus::wire::DynamicDeserialize<'d>,
    {
        Ok(self.proxy(PATH, &format!("{NAME}.{interface}")).await?.call(method, body).await?)
    }

    async fn proxy(&self, path: &str, interface: &str) -> zbus::Result<Proxy<'static>> {
        let builder = zbus::proxy::Builder::<Proxy<'static>>::new(&self.connection);
        let builder = builder.destination(NAME).path(path.to_owned()).interface(interface.to_owned());
        builder.cache_properties(CacheProperties::No).build().await
    }
}

impl Telling {
    fn options(&self) -> HashMap<&'static str, Variant<'_>> {
        let pairs = [("language", &self.language), ("zone", &self.zone)];
        pairs.into_iter().filter_map(|(key, value)| Some((key, Variant::from(value.as_deref()?)))).collect()
    }
}

/// `StatusDetail` becomes `status-detail`, as the dictionaries' keys are written.
fn kebab(name: &str) -> String {
    let mut key = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !key.is_empty() {
            key.push('-');
        }
        key.push(letter.to_ascii_lowercase());
    }
    key
}
