//! `prepare`: from files to shards. The road: identity (is this the run that the folder holds?), gather (read, clean, redact,
//! window), sift (duplicates), divide (splits, weights), pour (copies, shards), card.

mod card;
mod divide;
mod gather;
mod identity;
mod pour;
mod sift;

use std::path::PathBuf;

use super::augment::{Augmenter, vocabulary};
use super::error::TextError;
use super::ledger::{Ledger, event};
use super::progress::Progress;
use super::settings::Settings;
use super::split::Part;
use super::tokenizer::Tokens;
use identity::{Identity, State};

/// A run of `prepare`.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// What to do.
    pub settings: Settings,
    /// Where the settings are from, for messages.
    pub place: String,
    /// The folder that shards and card go to.
    pub out: PathBuf,
    /// Whether the first bad record ends the run.
    pub strict: bool,
    /// Whether a run that was stopped goes on.
    pub resume: bool,
    /// Threads at work; 0 for one a core. The outcome does not depend on it.
    pub threads: usize,
}

/// What a run has brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Whether the folder held all of it before.
    pub was_done: bool,
    /// Examples in each split, in the order of [`Part::ALL`].
    pub examples: [u64; 3],
    /// Records that could not be used; `bad.jsonl` in the folder names them.
    pub bad: u64,
}

impl Preparation {
    /// Does it.
    ///
    /// # Errors
    /// If settings or a source are not legal, a file cannot be read or written, the folder holds something else, or, in a strict
    /// run, a record is bad.
    pub fn run(&self, progress: &Progress) -> Result<Summary, TextError> {
        self.settings.check(&self.place)?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build();
        let pool = pool.map_err(|error| TextError::Settings { place: "--threads".to_owned(), reason: error.to_string() })?;
        pool.install(|| self.follow(progress))
    }

    fn follow(&self, progress: &Progress) -> Result<Summary, TextError> {
        let identity = Identity::of(&self.settings, progress)?;
        if let State::Done(summary) = identity.claim(&self.out, self.resume)? {
            return Ok(summary);
        }
        let tokens = self.settings.shard.tokenizer.as_deref().map(Tokens::load).transpose()?;
        let gathered = gather::gather(self, &identity, tokens.as_ref(), progress)?;
        let mut ledger = gathered.ledger;
        let sifted = sift::sift(&gathered.examples, &self.settings, &mut ledger, &identity, progress)?;
        if let Some(bad) = ledger.bad.first().filter(|_| self.strict) {
            return Err(TextError::BadData { file: bad.file.clone(), line: bad.line, reason: bad.reason.clone() });
        }
        let divided = divide::divide(&sifted, &self.settings, &mut ledger)?;
        let groups = self.settings.augment.vocabulary.as_deref().map(vocabulary::read).transpose()?.unwrap_or_default();
        let augmenter = Augmenter::new(&self.settings.augment, groups, &sifted.characters, self.settings.seed);
        let pour = pour::Pour {
            preparation: self,
            examples: &gathered.examples,
            sifted: &sifted,
            divided: &divided,
            augmenter: &augmenter,
            tokens: tokens.as_ref(),
        };
        pour.pour(&mut ledger, progress)?;
        card::write(&self.out, &self.settings, &identity, &ledger, &sifted, &divided)?;
        identity.finish(&self.out)?;
        Ok(summary(&ledger))
    }
}

fn summary(ledger: &Ledger) -> Summary {
    let examples = Part::ALL.map(|part| ledger.total(&format!("{}{}", event::SPLIT, part.name())));
    Summary { was_done: false, examples, bad: ledger.bad.len() as u64 }
}
