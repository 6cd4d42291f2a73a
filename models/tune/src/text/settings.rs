//! Settings of `prepare` as they are written: a TOML file in which every key may be left out and no other may stand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clean::Markup;
use super::error::TextError;
use super::language::Language;
use super::read::{Layout, Per};
use super::redact::Personal;
use super::split::Part;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// All chance follows from this number.
    pub seed: u64,
    /// Examples in other languages are left out.
    pub languages: Vec<Language>,
    /// Kinds of personal data that are replaced by placeholders.
    pub redact: Vec<Personal>,
    /// Lengths that are kept.
    pub length: Length,
    /// Windows over long text.
    pub window: Window,
    /// What counts as a duplicate.
    pub duplicates: Duplicates,
    /// Shares of the splits.
    pub split: Shares,
    /// How the training split is mixed.
    pub mix: Mix,
    /// How copies are varied.
    pub augment: Augment,
    /// How shards are written.
    pub shard: Shards,
    /// Where the text comes from.
    pub source: Vec<Source>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            languages: vec![Language::Zh, Language::En, Language::Mixed],
            redact: Personal::ALL.to_vec(),
            length: Length::default(),
            window: Window::default(),
            duplicates: Duplicates::default(),
            split: Shares::default(),
            mix: Mix::default(),
            augment: Augment::default(),
            shard: Shards::default(),
            source: Vec::new(),
        }
    }
}

/// Lengths in units: a Han character, or a word or number of another script.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Length {
    /// An example of fewer units, all fields together, is left out.
    pub min: usize,
    /// A field of more units is left out with its example, unless windows apply to it.
    pub max: usize,
}

impl Default for Length {
    fn default() -> Self {
        Self { min: 1, max: 2048 }
    }
}

/// Windows over text, passages and chats that are longer than `size`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Window {
    /// Units in a window at most; tokens, if `shard.tokenizer` is set. 0: no windows.
    pub size: usize,
    /// Units that a window repeats of the one before; at most half of `size`.
    pub overlap: usize,
    /// Whether windows of a passage without any of its answers are kept as questions that cannot be answered.
    pub unanswered: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self { size: 256, overlap: 32, unanswered: false }
    }
}

/// Similarities are Jaccard's, over pairs of neighboring units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Duplicates {
    /// Examples of one label that are so similar in every field are one too many.
    pub remove: f64,
    /// Examples that are so similar in one field never get into different splits.
    pub together: f64,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self { remove: 0.9, together: 0.8 }
    }
}

/// Shares of the splits; only their proportions count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shares {
    /// To learn from.
    pub train: f64,
    /// To choose by.
    pub validation: f64,
    /// To report.
    pub test: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self { train: 8.0, validation: 1.0, test: 1.0 }
    }
}

/// How the training split is put together from the sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mix {
    /// Examples in the training split before augmentation; as many as there are if left out.
    pub examples: Option<usize>,
    /// How often one example may be taken at most.
    pub max_repeats: usize,
    /// A usage log (JSONL) whose distribution of labels the labeled examples follow.
    pub usage: Option<PathBuf>,
    /// The log's key with the label; without one, `label`, `intent` or `plugin` and `action`, also inside a list `actions`.
    pub usage_key: Option<String>,
    /// Added to every label's count in the log, so that rare ones stay.
    pub usage_smoothing: f64,
}

impl Default for Mix {
    fn default() -> Self {
        Self { examples: None, max_repeats: 4, usage: None, usage_key: None, usage_smoothing: 1.0 }
    }
}

/// How copies of training examples are varied. Rates are probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Varied copies of each training example.
    pub copies: usize,
    /// A folder of plugins whose locale files give the synonyms.
    pub vocabulary: Option<PathBuf>,
    /// For each word that has synonyms: that another one takes its place.
    pub synonyms: f64,
    /// For each character or word that sounds like another: that it is misheard.
    pub homophones: f64,
    /// For each word that is no number, name or negation: that it is lost.
    pub dropped: f64,
    /// For each copy: that a filler is put in.
    pub fillers: f64,
}

impl Default for Augment {
    fn default() -> Self {
        Self { copies: 0, vocabulary: None, synonyms: 0.5, homophones: 0.04, dropped: 0.04, fillers: 0.15 }
    }
}

/// How shards are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shards {
    /// Examples in a shard at most.
    pub examples: usize,
    /// A `tokenizer.json`; its token numbers are then stored beside the text.
    pub tokenizer: Option<PathBuf>,
}

impl Default for Shards {
    fn default() -> Self {
        Self { examples: 8192, tokenizer: None }
    }
}

/// Where text comes from. Paths count from the settings file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Its name on the card and in every example.
    pub name: String,
    /// A file, or a folder of which every file of a known kind is read.
    pub path: PathBuf,
    /// What its records are.
    #[serde(default)]
    pub layout: Layout,
    /// How its texts are marked up.
    #[serde(default)]
    pub markup: Option<Markup>,
    /// What one example of a plain text is.
    #[serde(default)]
    pub per: Option<Per>,
    /// Names of a table's columns, if its first line does not give them.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// Where a record has what: `text`, `label`, `left`, `right`, `negatives`, `context`, `question`, `answers`, `turns`, `slots`.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Records with one value under this key stay in one split.
    #[serde(default)]
    pub group: Option<String>,
    /// The license, for the card.
    #[serde(default)]
    pub license: String,
    /// Where it is from, for the card.
    #[serde(default)]
    pub origin: String,
    /// Its share of the training split, in proportion to the other sources' weights. Either all sources have one or none has.
    #[serde(default)]
    pub weight: Option<f64>,
    /// The split that all of it goes to.
    #[serde(default)]
    pub into: Option<Part>,
    /// Whether copies of it may be varied.
    #[serde(default = "yes")]
    pub augment: bool,
}

fn yes() -> bool {
    true
}

/// A TOML file. What is wrong with it is said with file and line.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, TextError> {
    let text = std::fs::read_to_string(path).map_err(TextError::read(path))?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        TextError::Settings { place: format!("{}:{line}", path.display()), reason: error.message().to_owned() }
    })
}

impl Settings {
    /// Reads a file and makes its paths count from where the file is.
    ///
    /// # Errors
    /// If it cannot be read, or has a key or value that is not legal; the message names file and line.
    pub fn load(path: &Path) -> Result<Self, TextError> {
        let mut settings: Self = parse(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let paths = [&mut settings.mix.usage, &mut settings.augment.vocabulary, &mut settings.shard.tokenizer].into_iter().flatten();
        for given in paths.chain(settings.source.iter_mut().map(|source| &mut source.path)) {
            *given = folder.join(&*given);
        }
        settings.check(&path.display().to_string())?;
        Ok(settings)
    }

    /// Refuses what no run can follow. `place` is who said it.
    pub(crate) fn check(&self, place: &str) -> Result<(), TextError> {
        let rate = |rate: f64| (0.0..=1.0).contains(&rate);
        let shares = [self.split.train, self.split.validation, self.split.test];
        let rates = [self.augment.synonyms, self.augment.homophones, self.augment.dropped, self.augment.fillers];
        let mut names: Vec<&str> = self.source.iter().map(|source| source.name.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        let known = |key: &String| super::read::FIELDS.contains(&key.as_str());
        let stranger = self.source.iter().flat_map(|source| source.fields.keys()).find(|key| !known(key));
        let negative = self.source.iter().filter_map(|source| source.weight).any(|weight| !(weight > 0.0 && weight.is_finite()));
        let weighs =
            || self.source.iter().filter(|source| matches!(source.into, None | Some(Part::Train))).map(|source| source.weight.is_some());
        let (some_weigh, all_weigh) = (weighs().any(|weighs| weighs), weighs().all(|weighs| weighs));
        let rules = [
            (self.window.overlap * 2 > self.window.size, "window.overlap is at most half of window.size".to_owned()),
            (!(0.5..=1.0).contains(&self.duplicates.together), "duplicates.together is from 0.5 to 1".to_owned()),
            (
                !(self.duplicates.together..=1.0).contains(&self.duplicates.remove),
                "duplicates.remove is from duplicates.together to 1".to_owned(),
            ),
            (
                shares.iter().any(|share| !(*share >= 0.0 && share.is_finite())) || shares[0] <= 0.0,
                "split's shares are not negative, and train has one".to_owned(),
            ),
            (!rates.into_iter().all(rate), "augment's rates are from 0 to 1".to_owned()),
            (self.mix.usage_smoothing <= 0.0, "mix.usage-smoothing is above 0".to_owned()),
            (self.mix.max_repeats == 0, "mix.max-repeats is at least 1".to_owned()),
            (self.shard.examples == 0, "shard.examples is at least 1".to_owned()),
            (self.source.is_empty(), "no source is given".to_owned()),
            (twice.is_some(), format!("two sources are called {}", twice.map_or("", |pair| pair[0]))),
            (stranger.is_some(), format!("a source has no field `{}`", stranger.map_or("", String::as_str))),
            (some_weigh && !all_weigh, "either every source that trains has a weight or none has".to_owned()),
            (negative, "a source's weight is above 0".to_owned()),
        ];
        match rules.into_iter().find(|(broken, _)| *broken) {
            None => Ok(()),
            Some((_, reason)) => Err(TextError::Settings { place: place.to_owned(), reason }),
        }
    }
}
