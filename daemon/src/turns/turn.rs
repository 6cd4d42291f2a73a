//! One turn: runs behind a fence against panics, until it ends, is stopped, or its time is over.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use assistant::Session;
use assistant::reply::Reply;
use futures_util::FutureExt;
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Caller, Conversation};

/// A turn to be begun.
#[derive(Debug)]
pub struct Plan {
    /// Who asks. It may use its own conversations, and for `undo` those that its user left behind.
    pub asker: Caller,
    /// Where.
    pub conversation: Arc<Conversation>,
    /// The conversation's memory, if it is in hand already.
    pub memory: Option<OwnedMutexGuard<Session>>,
    /// When the turn must be through, waiting included.
    pub deadline: Duration,
}

/// A turn that was begun.
#[derive(Debug)]
pub struct Turn {
    /// Its number, never used twice.
    pub number: u64,
    pub(super) begun: Instant,
    pub(super) ending: oneshot::Receiver<Ending>,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// By itself.
    Replied(Box<Reply>),
    /// It was stopped by its caller, or its caller left.
    Stopped,
    /// Its time was over.
    Late,
    /// It broke; the log says why.
    Broken,
}

impl Turn {
    /// How long it has been under way.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Waits for the end.
    pub async fn ending(&mut self) -> Ending {
        (&mut self.ending).await.unwrap_or(Ending::Broken)
    }
}

/// A conversation's memory, or the promise of it.
pub(super) type Memory = Pin<Box<dyn Future<Output = OwnedMutexGuard<Session>> + Send>>;

/// How long a stopped turn is waited for, so that its conversation is free when its end is told. One that computes without
/// a pause is left behind: it cannot be stopped before its next pause, and nobody need wait for that.
const GRACE: Duration = Duration::from_millis(50);

/// Runs `work` once the memory is free.
pub(super) async fn run<W, F>(memory: Memory, stop: Arc<Notify>, deadline: Duration, work: W) -> Ending
where
    W: FnOnce(OwnedMutexGuard<Session>) -> F + Send + 'static,
    F: Future<Output = Reply> + Send,
{
    let until = Instant::now() + deadline;
    let memory = tokio::select! {
        memory = memory => memory,
        () = stop.notified() => return Ending::Stopped,
        () = tokio::time::sleep_until(until) => return Ending::Late,
    };
    let mut task = tokio::spawn(async move { work(memory).await });
    let ending = tokio::select! {
        ended = &mut task => return match ended {
            Ok(reply) => Ending::Replied(Box::new(reply)),
            Err(error) => broken(&error),
        },
        () = stop.notified() => Ending::Stopped,
        () = tokio::time::sleep_until(until) => Ending::Late,
    };
    abandon(task).await;
    ending
}

async fn abandon(mut task: JoinHandle<Reply>) {
    task.abort();
    // Whether it ended in time or not: there is nothing more to do about it.
    let _ = tokio::time::timeout(GRACE, &mut task).await;
}

fn broken(error: &tokio::task::JoinError) -> Ending {
    // Where it broke, the panic hook has logged; its message may quote what was said.
    tracing::error!(panic = error.is_panic(), "a turn broke");
    Ending::Broken
}

/// Takes a place in the queue for a memory at once, so that turns run in the order they were asked.
pub(super) fn queued(memory: impl Future<Output = OwnedMutexGuard<Session>> + Send + 'static) -> Memory {
    let mut memory: Memory = Box::pin(memory);
    // The first look at a lock enters its queue; a lock that is free is handed over here and now.
    match (&mut memory).now_or_never() {
        Some(guard) => Box::pin(std::future::ready(guard)),
        None => memory,
    }
}
