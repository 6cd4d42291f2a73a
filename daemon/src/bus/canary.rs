//! A sentence of our own, sent over the bus as anybody else's: whether it is still understood is what a watchdog should know. A timer
//! inside the process would go on ticking when callers are no longer answered.

use std::time::Duration;

use zbus::Connection;
use zbus::connection::Builder;

use super::options::Options;
use super::{NAME, PATH};
use crate::config::Bus;

/// A second connection, which only asks.
#[derive(Debug)]
pub struct Canary {
    connection: Connection,
    sentences: u64,
}

impl Canary {
    /// Connects.
    ///
    /// # Errors
    /// There is no bus.
    pub async fn hatch(bus: Bus) -> zbus::Result<Canary> {
        let builder = match bus {
            Bus::Session => Builder::session(),
            Bus::System => Builder::system(),
        };
        Ok(Canary { connection: builder.build().await?, sentences: 0 })
    }

    /// Its name on the bus, by which it is let past the limit on measuring.
    pub fn name(&self) -> String {
        self.connection.unique_name().map(ToString::to_string).unwrap_or_default()
    }

    /// Whether a sentence is understood in time. What it means does not matter: no plugin need have a phrase for it.
    pub async fn sings(&mut self, patience: Duration) -> bool {
        self.sentences += 1;
        // Never the same words twice, so that no memory of an earlier answer can stand in for the work.
        let text = format!("are you still listening, number {}", self.sentences);
        let interface = format!("{NAME}.Language");
        let body = (text, Options::new());
        let call = self.connection.call_method(Some(NAME), PATH, Some(interface.as_str()), "Understand", &body);
        match tokio::time::timeout(patience, call).await {
            Ok(Ok(_)) => true,
            // Said when the assistant could not be loaded: the road is open, and starting anew would not mend it.
            Ok(Err(zbus::Error::MethodError(name, ..))) if name.ends_with(".NotReady") => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the daemon's own sentence was not answered");
                false
            }
            Err(_) => {
                tracing::warn!(?patience, "the daemon's own sentence was not answered in time");
                false
            }
        }
    }
}
