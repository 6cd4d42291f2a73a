//! All plugins in one process, for a command line without a daemon and for tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::catalogue::Catalogue;
use crate::host::Declarative;
use crate::invoke::{Invocation, Invoke, Outcome, PluginError};
use crate::vehicle::Vehicle;
use crate::vss::Vss;

/// All plugins of a catalogue: those with code of their own, and the declarative ones.
pub struct Local {
    declarative: Arc<Declarative>,
    programs: BTreeMap<String, Arc<dyn Invoke>>,
}

impl Local {
    /// Serves a whole catalogue from its manifests.
    pub fn new(catalogue: &Catalogue, vss: Arc<Vss>, vehicle: Arc<dyn Vehicle>) -> Self {
        let declarative = Arc::new(Declarative::new(catalogue.plugins.values().cloned(), vss, vehicle));
        Local { declarative, programs: BTreeMap::new() }
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
