//! One conversation: whose it is, and its memory.

use std::sync::Arc;

use assistant::Session;
use plugins::zone::Zone;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Caller;

/// What is taken when a turn's options do not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// `zh`, `en`, or empty: find out.
    pub language: String,
    /// Who speaks; none: the driver.
    pub zone: Option<Zone>,
}

/// A conversation with its memory. Only its owner may use it.
#[derive(Debug)]
pub struct Conversation {
    /// Number of the session; 0 is a caller's default one.
    pub number: u64,
    /// Who opened it.
    pub owner: Caller,
    /// For options that a turn leaves out.
    pub defaults: Defaults,
    memory: Arc<Mutex<Session>>,
}

impl Conversation {
    pub(super) fn new(number: u64, owner: Caller, defaults: Defaults) -> Arc<Self> {
        Arc::new(Conversation { number, owner, defaults, memory: Arc::new(Mutex::new(Session::default())) })
    }

    /// The memory, once every turn before is through.
    pub fn memory(&self) -> impl Future<Output = OwnedMutexGuard<Session>> + Send + 'static {
        Arc::clone(&self.memory).lock_owned()
    }

    /// The memory, unless a turn has it.
    pub fn idle_memory(&self) -> Option<OwnedMutexGuard<Session>> {
        Arc::clone(&self.memory).try_lock_owned().ok()
    }
}
