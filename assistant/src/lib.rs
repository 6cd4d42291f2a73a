//! The mind of the car: understands what was said, decides, acts, answers. It knows no bus: the vehicle and the plugins are doors
//! handed in, so the same assistant answers on D-Bus and in one process.
//!
//! *Invariant:* nothing is set in the car that `policy` did not permit for exactly these writes in this state.

pub mod assistant;
pub mod policy;
pub mod reply;
pub mod session;

pub use assistant::{AnswerValue, AskOptions, Assistant, CatalogueRow, Parts};
pub use policy::Policy;
pub use session::Session;
