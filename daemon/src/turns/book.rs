//! The book of everything under way: conversations by caller, turns by number.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assistant::Session;
use assistant::reply::Reply;
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};

use super::turn::{self, Memory};
use super::{Caller, Conversation, Defaults, Ending, Limits, Plan, Refusal, Turn};
use crate::metrics::Metrics;

/// Of how many turns it is remembered who asked them.
const REMEMBERED_TURNS: usize = 256;
/// How many default conversations of a user wait for a later `undo`.
const REMEMBERED_CONVERSATIONS: usize = 20;

/// Everything under way.
#[derive(Debug, Default)]
pub struct Turns {
    /// What became of them, counted.
    pub metrics: Metrics,
    limits: Limits,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    turns: u64,
    sessions: u64,
    callers: HashMap<String, Present>,
    running: BTreeMap<u64, Running>,
    askers: VecDeque<(u64, u32)>,
    undoable: HashMap<u32, VecDeque<Arc<Conversation>>>,
}

/// What a caller that is on the bus has open.
#[derive(Debug)]
struct Present {
    default: Arc<Conversation>,
    opened: BTreeMap<u64, Arc<Conversation>>,
}

#[derive(Debug)]
struct Running {
    caller: Caller,
    session: u64,
    stop: Arc<Notify>,
}

impl Turns {
    /// An empty book with other bounds than the usual ones.
    pub fn with_limits(limits: Limits) -> Self {
        Turns { limits, ..Turns::default() }
    }

    /// A panic while the book was open cannot leave it half written: every change is one call on one collection.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this caller was seen before and has not left.
    pub fn knows(&self, name: &str) -> Option<Caller> {
        self.book().callers.get(name).map(|present| present.default.owner.clone())
    }

    /// Writes a caller down, with an empty default conversation.
    pub fn welcome(&self, caller: &Caller) {
        let fresh = || Present { default: Conversation::new(0, caller.clone(), Defaults::default()), opened: BTreeMap::new() };
        self.book().callers.entry(caller.name.clone()).or_insert_with(fresh);
    }

    /// The caller's default conversation.
    ///
    /// # Errors
    /// The caller has left.
    pub fn default_of(&self, caller: &Caller) -> Result<Arc<Conversation>, Refusal> {
        self.book().callers.get(&caller.name).map(|present| Arc::clone(&present.default)).ok_or(Refusal::Closed)
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// Too many are open, or the caller has left.
    pub fn open(&self, caller: &Caller, defaults: Defaults) -> Result<Arc<Conversation>, Refusal> {
        let mut book = self.book();
        if book.callers.values().map(|present| present.opened.len()).sum::<usize>() >= self.limits.sessions {
            return Err(Refusal::Busy("too many sessions are open; try again later"));
        }
        book.sessions += 1;
        let number = book.sessions;
        let present = book.callers.get_mut(&caller.name).ok_or(Refusal::Closed)?;
        if present.opened.len() >= self.limits.sessions_per_caller {
            return Err(Refusal::Busy("this caller has too many sessions open; close one"));
        }
        let conversation = Conversation::new(number, caller.clone(), defaults);
        present.opened.insert(number, Arc::clone(&conversation));
        Ok(conversation)
    }

    /// Whether a conversation is still open.
    pub fn is_open(&self, conversation: &Conversation) -> bool {
        self.book().is_open(conversation)
    }

    /// Ends a conversation and everything under way in it.
    pub fn close(&self, conversation: &Conversation) {
        let mut book = self.book();
        if let Some(present) = book.callers.get_mut(&conversation.owner.name) {
            present.opened.remove(&conversation.number);
        }
        book.stop(|running| running.caller == conversation.owner && running.session == conversation.number);
    }

    /// Ends everything that a caller has. Returns the numbers of its sessions.
    pub fn farewell(&self, name: &str) -> Vec<u64> {
        let mut book = self.book();
        let Some(present) = book.callers.remove(name) else { return Vec::new() };
        book.stop(|running| running.caller.name == name);
        present.opened.into_keys().collect()
    }

    /// Begins a turn. `work` gets the conversation's memory as soon as the turns before are through, and the turn's number.
    ///
    /// # Errors
    /// Too much is under way, or the conversation is closed.
    pub fn begin<W, F>(self: &Arc<Self>, plan: Plan, work: W) -> Result<Turn, Refusal>
    where
        W: FnOnce(OwnedMutexGuard<Session>, u64) -> F + Send + 'static,
        F: Future<Output = Reply> + Send,
    {
        let Plan { asker, conversation, memory, deadline } = plan;
        let stop = Arc::new(Notify::new());
        let (number, memory) = {
            let mut book = self.book();
            let entered = book.enter(&self.limits, &asker, &conversation, &stop);
            let number = entered.inspect_err(|refusal| self.metrics.refused(refusal))?;
            // Still under the book's lock, so that the order of the numbers is the order in the queue.
            let memory: Memory = match memory {
                Some(memory) => Box::pin(std::future::ready(memory)),
                None => turn::queued(conversation.memory()),
            };
            (number, memory)
        };
        let (tell, ending) = oneshot::channel();
        let turns = Arc::clone(self);
        tokio::spawn(async move {
            let ended = turn::run(memory, stop, deadline, move |memory| work(memory, number)).await;
            turns.leave(number, &conversation, &ended);
            // Nobody may be listening any more, and then nobody need know.
            let _ = tell.send(ended);
        });
        Ok(Turn { number, begun: tokio::time::Instant::now(), ending })
    }

    fn leave(&self, number: u64, conversation: &Arc<Conversation>, ended: &Ending) {
        self.metrics.ended(ended);
        let mut book = self.book();
        book.running.remove(&number);
        // A turn that was stopped half way may have done something; whether there is anything to undo, the memory knows.
        let maybe_undoable = match ended {
            Ending::Replied(reply) => reply.actions.iter().any(|action| action.undoable),
            Ending::Stopped | Ending::Late | Ending::Broken => true,
        };
        if conversation.number == 0 && maybe_undoable {
            let kept = book.undoable.entry(conversation.owner.uid).or_default();
            if kept.len() == REMEMBERED_CONVERSATIONS {
                kept.pop_front();
            }
            kept.push_back(Arc::clone(conversation));
        }
    }

    /// The default conversation in which a user last did something that can be undone. Each is given once per such turn; its
    /// caller may have left.
    pub fn take_undoable(&self, uid: u32) -> Option<Arc<Conversation>> {
        self.book().undoable.get_mut(&uid)?.pop_back()
    }

    /// Stops one turn of a conversation; whether it was under way.
    pub fn stop_turn(&self, conversation: &Conversation, number: u64) -> bool {
        let book = self.book();
        let running = book.running.get(&number);
        let mine = running.filter(|running| running.caller == conversation.owner && running.session == conversation.number);
        mine.inspect(|running| running.stop.notify_one()).is_some()
    }

    /// Stops everything of a caller; how many turns that were.
    pub fn stop_caller(&self, caller: &Caller) -> usize {
        self.book().stop(|running| running.caller == *caller)
    }

    /// Stops everything of a user; how many turns that were.
    pub fn stop_user(&self, uid: u32) -> usize {
        self.book().stop(|running| running.caller.uid == uid)
    }

    /// The user who asked a turn, as long as that is remembered.
    pub fn asker(&self, turn: u64) -> Option<u32> {
        self.book().askers.iter().find(|(number, _)| *number == turn).map(|(_, uid)| *uid)
    }

    /// How many turns are under way.
    pub fn under_way(&self) -> usize {
        self.book().running.len()
    }
}

impl Book {
    fn is_open(&self, conversation: &Conversation) -> bool {
        let present = self.callers.get(&conversation.owner.name);
        present.is_some_and(|present| conversation.number == 0 || present.opened.contains_key(&conversation.number))
    }

    /// Gives a number to a turn, if there is room for it.
    fn enter(&mut self, limits: &Limits, asker: &Caller, place: &Conversation, stop: &Arc<Notify>) -> Result<u64, Refusal> {
        let own = place.owner == *asker;
        if (own && !self.is_open(place)) || !self.callers.contains_key(&asker.name) {
            return Err(Refusal::Closed);
        }
        if place.owner.uid != asker.uid {
            return Err(Refusal::Denied);
        }
        let mine = self.running.values().filter(|running| running.caller == *asker);
        let here = mine.clone().filter(|running| running.session == place.number).count();
        limits.admit(here, mine.count(), self.running.len())?;
        self.turns += 1;
        let running = Running { caller: asker.clone(), session: place.number, stop: Arc::clone(stop) };
        self.running.insert(self.turns, running);
        if self.askers.len() == REMEMBERED_TURNS {
            self.askers.pop_front();
        }
        self.askers.push_back((self.turns, asker.uid));
        Ok(self.turns)
    }

    fn stop(&self, which: impl Fn(&Running) -> bool) -> usize {
        // `notify_one` leaves a note for a turn that is not listening yet.
        self.running.values().filter(|running| which(running)).inspect(|running| running.stop.notify_one()).count()
    }
}
