//! The mind of the car: understands what was said, decides, acts, answers. It knows no bus: the vehicle and the plugins are doors
//! handed in, so the same assistant answers on D-Bus and in one process.
//!
//! *Invariant:* nothing is set in the car that `policy` did not permit for exactly these writes in this state.

pub mod act;
pub mod answer;
pub mod assistant;
pub mod policy;
pub mod reply;
pub mod say;
pub mod session;
pub mod understand;

mod rows;
mod trace;
mod turn;

pub use assistant::{AnswerValue, AskOptions, Assistant, AssistantError, CatalogueRow, NothingPending, Parts};
pub use policy::Policy;
pub use session::Session;

/// Runs work that blocks for milliseconds (a model, a database) without holding up the other tasks of this thread.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
