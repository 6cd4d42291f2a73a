//! One open session as its owner sees it.

use futures_util::StreamExt;
use serde_json::Value as Json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use zbus::{Message, Proxy};

use super::json::{Dictionary, object};
use super::{Client, ClientError, Result, Telling};

/// What a session says about a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A stage began.
    Stage(u64, String),
    /// A piece of the reply's text.
    Text(u64, String),
    /// The turn is through.
    Finished(u64, Json),
}

/// One open session.
#[derive(Debug)]
pub struct Conversation {
    proxy: Proxy<'static>,
    heard: UnboundedReceiver<Heard>,
    listener: JoinHandle<()>,
}

impl Conversation {
    pub(super) async fn listen(client: Client, path: String) -> Result<Conversation> {
        let proxy = client.proxy(&path, "org.steward1.Session").await?;
        let mut signals = proxy.receive_all_signals().await?;
        let (tell, heard) = unbounded_channel();
        // Signals that nobody takes stall the whole connection, so they are always taken.
        let listener = tokio::spawn(async move {
            while let Some(message) = signals.next().await {
                if let Some(said) = read(&message) {
                    let _ = tell.send(said);
                }
            }
        });
        Ok(Conversation { proxy, heard, listener })
    }

    /// Begins a turn; gives its number.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ask(&self, text: &str, telling: &Telling) -> Result<u64> {
        Ok(self.proxy.call("Ask", &(text, telling.options())).await?)
    }

    /// What is said next.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn hear(&mut self) -> Result<Heard> {
        self.heard.recv().await.ok_or_else(|| ClientError::Bus("the connection is gone".to_owned()))
    }

    /// Stops a turn.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cancel(&self, turn: u64) -> Result<()> {
        Ok(self.proxy.call("Cancel", &(turn,)).await?)
    }

    /// Takes back what the last turn did.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn undo(&self) -> Result<Json> {
        let reply: Dictionary = self.proxy.call("Undo", &()).await?;
        Ok(object(&reply))
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn read(message: &Message) -> Option<Heard> {
    let header = message.header();
    let body = message.body();
    match header.member()?.as_str() {
        "Progress" => {
            let (turn, stage, _): (u64, String, Dictionary) = body.deserialize().ok()?;
            Some(Heard::Stage(turn, stage))
        }
        "Text" => body.deserialize().ok().map(|(turn, text)| Heard::Text(turn, text)),
        "Finished" => {
            let (turn, reply): (u64, Dictionary) = body.deserialize().ok()?;
            Some(Heard::Finished(turn, object(&reply)))
        }
        _ => None,
    }
}
