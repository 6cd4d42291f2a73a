//! Text for training.

mod augment;
mod clean;
mod duplicates;
mod edit;
mod error;
mod example;
mod language;
mod mix;
mod random;
mod read;
mod redact;
mod settings;
mod shard;
mod split;
mod units;
mod usage;
mod whole;
mod window;

pub use error::TextError;
pub use example::{Example, Field, Kind, Role, Span};
pub use language::Language;
pub use shard::{Dataset, Shard};
pub use split::Part;
