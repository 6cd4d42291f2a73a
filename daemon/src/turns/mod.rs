//! Turns under way: who asked, in which conversation, how many at once, how they are stopped. No bus and no assistant in here:
//! a turn is any future that is handed a session.
//!
//! *Invariant:* a conversation runs one turn at a time, in the order they were asked, and whoever leaves takes their turns along.

mod admission;
mod book;
mod conversation;
mod role;
mod turn;

pub use admission::{Limits, Refusal};
pub use book::Turns;
pub use conversation::{Conversation, Defaults};
pub use role::{Role, Roles};
pub use turn::{Ending, Plan, Turn};

/// Who calls, by the word of the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The connection's unique name; it is never given to another one.
    pub name: String,
    /// The user it belongs to.
    pub uid: u32,
    /// What that user is to the car.
    pub roles: Roles,
}

#[cfg(test)]
mod tests;
