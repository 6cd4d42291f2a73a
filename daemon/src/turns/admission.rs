//! How much may be under way at once. Beyond it the answer is `Busy`, at once: nothing piles up.

/// The bounds. What waits for its conversation's running turn counts as under way.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Conversations that one caller has open beside the default one.
    pub sessions_per_caller: usize,
    /// Conversations that all callers together have open beside the default ones.
    pub sessions: usize,
    /// Turns of one conversation: one running, the rest waiting.
    pub turns_per_conversation: usize,
    /// Turns of one caller over all conversations.
    pub turns_per_caller: usize,
    /// Turns of everybody.
    pub turns: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { sessions_per_caller: 16, sessions: 256, turns_per_conversation: 4, turns_per_caller: 8, turns: 64 }
    }
}

/// Why a turn or a conversation is not begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too much is under way.
    #[error("{0}")]
    Busy(&'static str),
    /// The conversation is closed, or its opener has left.
    #[error("this session is closed; open another one")]
    Closed,
    /// Somebody else's.
    #[error("this session belongs to another caller")]
    Denied,
}

impl Limits {
    /// Whether one more turn fits, given what is under way in the conversation, for the caller and altogether.
    pub(super) fn admit(&self, in_conversation: usize, of_caller: usize, of_all: usize) -> Result<(), Refusal> {
        if in_conversation >= self.turns_per_conversation {
            return Err(Refusal::Busy("this session has turns waiting already; wait for one to finish"));
        }
        if of_caller >= self.turns_per_caller {
            return Err(Refusal::Busy("this caller has too many turns under way; wait for one to finish"));
        }
        if of_all >= self.turns {
            return Err(Refusal::Busy("too many turns are under way; try again in a moment"));
        }
        Ok(())
    }
}
