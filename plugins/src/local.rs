//! All plugins in one process, for a command line without a daemon and for tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::catalogue::Catalogue;
use crate::host::Declarative;
use crate::invoke::{Invocation, Invoke, Outcome, PluginError};
use crate::navigation::Navigation;
use crate::vehicle::Vehicle;
use crate::vss::Vss;

/// All plugins of a catalogue: those with code of their own, and the declarative ones.
pub struct Local {
    declarative: Arc<Declarative>,
    programs: BTreeMap<String, Arc<dyn Invoke>>,
}

impl Local {
    /// Serves a whole catalogue; what plugins learn is forgotten with the process.
    pub fn new(catalogue: &Catalogue, vss: Arc<Vss>, vehicle: Arc<dyn Vehicle>) -> Self {
        Self::with_state(catalogue, vss, vehicle, None)
    }

    /// Serves a whole catalogue. `state` is the folder where plugins keep what they learn.
    pub fn with_state(catalogue: &Catalogue, vss: Arc<Vss>, vehicle: Arc<dyn Vehicle>, state: Option<&Path>) -> Self {
        let declarative = Arc::new(Declarative::new(catalogue.plugins.values().cloned(), vss, Arc::clone(&vehicle)));
        let mut programs: BTreeMap<String, Arc<dyn Invoke>> = BTreeMap::new();
        for plugin in catalogue.plugins.values().filter(|plugin| plugin.manifest.plugin.program == Navigation::PROGRAM) {
            match Navigation::load(plugin, Arc::clone(&declarative), Arc::clone(&vehicle), state) {
                Ok(navigation) => {
                    programs.insert(plugin.id().to_owned(), Arc::new(navigation));
                }
                Err(error) => tracing::error!(plugin = plugin.id(), %error, "the plugin's program cannot be served"),
            }
        }
        Local { declarative, programs }
    }

    fn server(&self, plugin: &str) -> &dyn Invoke {
        self.programs.get(plugin).map_or(self.declarative.as_ref(), |program| program.as_ref())
    }
}

#[async_trait]
impl Invoke for Local {
    async fn invoke(&self, invocation: &Invocation) -> Result<Outcome, PluginError> {
        let limit = Duration::from_millis(u64::from(invocation.deadline_ms));
        match tokio::time::timeout(limit, self.server(&invocation.plugin).invoke(invocation)).await {
            Ok(result) => result,
            Err(_) => Err(PluginError::Timeout(invocation.plugin.clone())),
        }
    }

    async fn cancel(&self, plugin: &str, turn: u64) {
        self.server(plugin).cancel(plugin, turn).await;
    }
}
