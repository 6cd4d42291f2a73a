//! Text for training: from files as people have them to shards and tokenizers.
//!
//! This side knows no tensors and no models. What training reads is [`Dataset`]; what leads there is [`Preparation`].

mod augment;
mod clean;
mod duplicates;
mod edit;
mod error;
mod example;
mod language;
mod ledger;
mod lines;
mod mix;
mod prepare;
mod progress;
mod random;
mod read;
mod redact;
mod refine;
mod settings;
mod shard;
mod split;
mod tokenizer;
mod units;
mod usage;
mod whole;
mod window;

pub use clean::Markup;
pub use error::TextError;
pub use example::{Example, Field, Kind, Role, Span};
pub use language::Language;
pub use lines::prepared_lines;
pub use prepare::{Preparation, Summary};
pub use progress::Progress;
pub use read::{Layout, Per};
pub use redact::Personal;
pub use settings::{Augment, Duplicates, Length, Mix, Settings, Shards, Shares, Source, Window};
pub use shard::{Dataset, Shard};
pub use split::Part;
pub use tokenizer::{Judgment, Judgments, TokenizerKind, TokenizerSettings, Tokens, judge_tokenizer, table, train_tokenizer};
