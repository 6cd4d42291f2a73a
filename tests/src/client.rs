//! A program that talks to the assistant: its own connection, its own conversations, replies as JSON.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use zbus::proxy::CacheProperties;
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Proxy, Variant};

use crate::json::{Dictionary, from_dictionaries, from_dictionary, from_variant};

/// The daemon's bus name.
pub const SERVICE: &str = "org.steward1";
/// Its object.
pub const OBJECT: &str = "/org/steward1";
/// No turn takes longer, whatever the plugins do.
const PATIENCE: Duration = Duration::from_secs(30);

/// Options of `Ask`, by name.
pub type AskOptions<'a> = &'a [(&'a str, Variant<'static>)];

/// One connection to the assistant.
#[derive(Debug, Clone)]
pub struct Client {
    connection: Connection,
}

impl Client {
    /// Connects to the bus at `address`.
    ///
    /// # Errors
    /// There is no bus.
    pub async fn connect(address: &str) -> Result<Self> {
        let builder = zbus::connection::Builder::address(address).method_timeout(PATIENCE);
        // The timeout of methods begins to count only once the bus has said hello.
        let connection = tokio::time::timeout(PATIENCE, builder.build()).await.context("the message bus does not say hello")?;
        Ok(Client { connection: connection.context("the message bus does not answer")? })
    }

    /// The connection, for what has no method here.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A proxy of one of the daemon's interfaces, `Assistant`, `Language` or `Knowledge`, without a cache of properties.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn interface(&self, name: &str) -> zbus::Result<Proxy<'static>> {
        self.proxy(SERVICE, OBJECT, &format!("org.steward1.{name}")).await
    }

    /// A proxy of anything on the bus.
    ///
    /// # Errors
    /// The connection is gone, or a name is none.
    pub async fn proxy(&self, service: &str, object: &str, interface: &str) -> zbus::Result<Proxy<'static>> {
        let builder = zbus::proxy::Builder::<Proxy<'static>>::new(&self.connection);
        let builder = builder.destination(service.to_owned()).path(object.to_owned()).interface(interface.to_owned());
        builder.cache_properties(CacheProperties::No).build().await
    }

    /// `Assistant.Ask`: one utterance, one reply.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn ask(&self, text: &str, options: AskOptions<'_>) -> zbus::Result<Value> {
        let reply: Dictionary = self.interface("Assistant").await?.call("Ask", &(text, dictionary(options))).await?;
        Ok(from_dictionary(&reply))
    }

    /// `Language.Understand`: what it means, without doing it.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn understand(&self, text: &str, options: AskOptions<'_>) -> zbus::Result<Value> {
        let meaning: Dictionary = self.interface("Language").await?.call("Understand", &(text, dictionary(options))).await?;
        Ok(from_dictionary(&meaning))
    }

    /// `Knowledge.Search` in any language.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn search(&self, query: &str, limit: u32) -> zbus::Result<Value> {
        let passages: Vec<Dictionary> = self.interface("Knowledge").await?.call("Search", &(query, limit, dictionary(&[]))).await?;
        Ok(from_dictionaries(&passages))
    }

    /// `Assistant.Status` and `Assistant.StatusDetail`.
    ///
    /// # Errors
    /// Nobody serves them (yet).
    pub async fn status(&self) -> zbus::Result<(String, Value)> {
        let assistant = self.interface("Assistant").await?;
        let detail: Dictionary = assistant.get_property("StatusDetail").await?;
        Ok((assistant.get_property("Status").await?, from_dictionary(&detail)))
    }

    /// Opens a conversation and listens to its signals.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn open(&self) -> zbus::Result<Conversation> {
        let path: OwnedObjectPath = self.interface("Assistant").await?.call("OpenSession", &(dictionary(&[]),)).await?;
        Conversation::at(self, path.as_str()).await
    }
}

/// Something a conversation said: `Progress`, `Text` or `Finished`.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The signal's name.
    pub signal: String,
    /// The turn it belongs to.
    pub turn: u64,
    /// The other arguments, in order.
    pub arguments: Vec<Value>,
}

/// A session as its opener sees it.
#[derive(Debug)]
pub struct Conversation {
    proxy: Proxy<'static>,
    heard: UnboundedReceiver<Heard>,
    listener: JoinHandle<()>,
}

impl Conversation {
    /// The session at an object path, whoever opened it.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn at(client: &Client, path: &str) -> zbus::Result<Self> {
        let proxy = client.proxy(SERVICE, path, "org.steward1.Session").await?;
        let mut signals = proxy.receive_all_signals().await?;
        let (sender, heard) = unbounded_channel();
        // Signals that nobody takes stall the whole connection, so they are always taken.
        let listener = tokio::spawn(async move {
            while let Some(message) = signals.next().await {
                if let Some(signal) = read(&message) {
                    let _ = sender.send(signal);
                }
            }
        });
        Ok(Conversation { proxy, heard, listener })
    }

    /// Its object path.
    pub fn path(&self) -> String {
        self.proxy.path().to_string()
    }

    /// Says something; the answer comes as signals.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn ask(&self, text: &str, options: AskOptions<'_>) -> zbus::Result<u64> {
        self.proxy.call("Ask", &(text, dictionary(options))).await
    }

    /// Answers the question of a turn.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn answer(&self, turn: u64, value: impl Into<Variant<'static>>) -> zbus::Result<u64> {
        self.proxy.call("Answer", &(turn, value.into())).await
    }

    /// Takes the last turn back.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn undo(&self) -> zbus::Result<Value> {
        let reply: Dictionary = self.proxy.call("Undo", &()).await?;
        Ok(from_dictionary(&reply))
    }

    /// Stops a turn.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn cancel(&self, turn: u64) -> zbus::Result<()> {
        self.proxy.call("Cancel", &(turn,)).await
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The named errors of the contract.
    pub async fn close(&self) -> zbus::Result<()> {
        self.proxy.call("Close", &()).await
    }

    /// Everything heard of a turn, its `Finished` last.
    ///
    /// # Errors
    /// The turn does not finish in 30 s.
    pub async fn hear(&mut self, turn: u64) -> Result<Vec<Heard>> {
        let mut all = Vec::new();
        loop {
            let next = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
            let Ok(Some(heard)) = next else { bail!("turn {turn} does not finish; heard so far: {all:?}") };
            if heard.turn == turn {
                let last = heard.signal == "Finished";
                all.push(heard);
                if last {
                    return Ok(all);
                }
            }
        }
    }

    /// The reply of a turn.
    ///
    /// # Errors
    /// The turn does not finish in 30 s.
    pub async fn reply(&mut self, turn: u64) -> Result<Value> {
        let mut all = self.hear(turn).await?;
        Ok(all.pop().and_then(|mut last| last.arguments.pop()).unwrap_or_default())
    }

    /// Says something and waits for the reply.
    ///
    /// # Errors
    /// The named errors of the contract; the turn does not finish.
    pub async fn say(&mut self, text: &str, options: AskOptions<'_>) -> Result<Value> {
        let turn = self.ask(text, options).await?;
        self.reply(turn).await
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// The bus error's name, such as `org.steward1.Error.TooLarge`; other errors give their text.
pub fn error_name(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(name, _, _) => name.to_string(),
        other => other.to_string(),
    }
}

/// What the bus error says to a person.
pub fn error_text(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(_, Some(text), _) => text.clone(),
        other => other.to_string(),
    }
}

fn dictionary<'a>(options: AskOptions<'a>) -> std::collections::HashMap<&'a str, &'a Variant<'static>> {
    options.iter().map(|(name, value)| (*name, value)).collect()
}

fn read(message: &zbus::Message) -> Option<Heard> {
    let signal = message.header().member()?.to_string();
    let body = message.body();
    let (turn, argument) = match signal.as_str() {
        "Progress" => {
            let (turn, stage, detail): (u64, String, Dictionary) = body.deserialize().ok()?;
            return Some(Heard { signal, turn, arguments: vec![stage.into(), from_dictionary(&detail)] });
        }
        "Text" => {
            let (turn, delta): (u64, String) = body.deserialize().ok()?;
            (turn, Value::from(delta))
        }
        "Finished" => {
            let (turn, reply): (u64, Dictionary) = body.deserialize().ok()?;
            (turn, from_dictionary(&reply))
        }
        _ => return None,
    };
    Some(Heard { signal, turn, arguments: vec![argument] })
}

/// One property of any object as JSON.
///
/// # Errors
/// There is no such property.
pub async fn property(proxy: &Proxy<'_>, name: &str) -> zbus::Result<Value> {
    let value: OwnedVariant = proxy.get_property(name).await?;
    Ok(from_variant(&value))
}
