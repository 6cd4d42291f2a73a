//! A model's folder: what `model.toml` says about it, and whether its files are the ones it means.
//!
//! ```toml
//! [model]
//! name = "minilm-l6"
//! version = "1"
//! role = "encoder"
//! languages = ["en"]
//! license = "Apache-2.0"
//! [encoder]                     # of an encoder
//! pooling = "mean"              # mean | cls | last-token
//! normalize = true
//! max-tokens = 128
//! dimension = 384
//! [judge]                       # of a judge, instead of [encoder]
//! max-tokens = 256
//! match-scale = 1.0             # from the score of `match` to a probability: sigmoid(scale * score + offset)
//! match-offset = 0.0
//! nli-temperature = 1.0         # scores of `nli` are divided by it
//! no-answer = 0.0               # by how much words must score higher than "there is no answer"
//! guess-floor = 0.5             # cosine from which on a guess is worth judging
//! guess-weights = [10.0, 1.0, 0.0, -8.0]   # cosine, entailment, contradiction, offset: to the likelihood of a guess
//! guess = 0.8                   # from which likelihood on it counts
//! guess-lead = 0.1              # and by how much it must exceed the next one
//! [thresholds]                  # tuned for this very model
//! similar = 0.7
//! similar-margin = 0.05
//! question = 0.8
//! [files]                       # sha256 of every file beside model.toml, except *.md and LICENSE*
//! "model.onnx" = "..."
//! "tokenizer.json" = "..."
//! ```
//! A folder without `model.toml` is read as a plain sentence-transformers export.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{ModelError, Pooling, export, file};

/// What `model.toml` says. Unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelManifest {
    /// `[model]`: what it is.
    pub model: ModelSection,
    /// `[encoder]`: how sentences become vectors.
    pub encoder: Option<EncoderSection>,
    /// `[judge]`: how scores become probabilities.
    pub judge: Option<JudgeSection>,
    /// `[thresholds]`: which cosines mean something.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// `[files]`: file name to sha256 (hexadecimal) of every file of the model.
    pub files: BTreeMap<String, String>,
}

/// `[model]` of `model.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelSection {
    /// Short name.
    pub name: String,
    /// The model's own version.
    pub version: String,
    /// What it is for.
    pub role: Role,
    /// Languages it understands (`en`, `zh`); empty when unknown.
    pub languages: Vec<String>,
    /// SPDX name of the license; empty when unknown.
    pub license: String,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Turns one sentence into one vector.
    Encoder,
    /// Scores pairs of texts.
    Judge,
}

impl Role {
    /// The name in `model.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Encoder => "encoder",
            Role::Judge => "judge",
        }
    }
}

/// `[encoder]` of `model.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EncoderSection {
    /// From token vectors to a sentence vector.
    pub pooling: Pooling,
    /// Whether sentence vectors are scaled to unit length.
    pub normalize: bool,
    /// Longer texts are cut to this many tokens, special tokens counted in.
    pub max_tokens: usize,
    /// Components of a sentence vector.
    pub dimension: usize,
}

/// `[judge]` of `model.toml`: figures that were tuned for this very model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct JudgeSection {
    /// Longer pairs are cut to this many tokens, special tokens counted in, the longer text first.
    pub max_tokens: usize,
    /// What the score of `match` is multiplied by before the sigmoid.
    pub match_scale: f32,
    /// What is added then.
    pub match_offset: f32,
    /// What the scores of `nli` are divided by before the softmax; above 0.
    pub nli_temperature: f32,
    /// By how much the score of words must exceed that of "there is no answer".
    pub no_answer: f32,
    /// The lowest cosine at which a guess is worth judging.
    pub guess_floor: f32,
    /// How nearness and judgment make a likelihood: sigmoid of cosine, entailment and contradiction weighed, and an offset.
    pub guess_weights: [f32; 4],
    /// From which likelihood on a guess counts.
    pub guess: f32,
    /// By how much it must exceed that of the next one.
    pub guess_lead: f32,
}

impl JudgeSection {
    /// How likely a guess is right whose nearest known sentence has this cosine, and which the judge judged so: 0 to 1.
    pub fn likelihood(&self, cosine: f32, judgment: &crate::Judgment) -> f32 {
        let [near, follows, contrary, offset] = self.guess_weights;
        let logit = |share: f32| (share.clamp(1e-4, 1.0 - 1e-4) / (1.0 - share.clamp(1e-4, 1.0 - 1e-4))).ln();
        let sum = near * cosine + follows * logit(judgment.entailment) + contrary * logit(judgment.contradiction) + offset;
        1.0 / (1.0 + (-sum).exp())
    }
}

/// Cosines between -1 and 1, tuned for one model; another model's vectors lie elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Thresholds {
    /// The lowest cosine at which a sentence may mean the same as a known phrase.
    pub similar: f32,
    /// By how much the best meaning's cosine must exceed that of the second-best meaning.
    pub similar_margin: f32,
    /// The lowest cosine at which a question may be the same as a known one.
    pub question: f32,
}

impl Default for Thresholds {
    /// For models that nobody tuned thresholds for: close to "the same words".
    fn default() -> Self {
        Self { similar: 0.85, similar_margin: 0.1, question: 0.85 }
    }
}

/// A model's folder whose files were all found to be the right ones.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    path: PathBuf,
    manifest: ModelManifest,
    model: PathBuf,
    tokenizer: PathBuf,
    identity: String,
}

/// The names that `[files]` must have.
const MODEL: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";

impl ModelFolder {
    /// Reads a folder with `model.toml`, or a plain sentence-transformers export, and checks the hashes of its files.
    /// ONNX Runtime does not see any of them here.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let manifest_path = path.join("model.toml");
        if !manifest_path.exists() {
            return export::open(path);
        }
        let text = file::read_text(&manifest_path)?;
        let manifest: ModelManifest = toml::from_str(&text).map_err(|error| ModelError::corrupt(&manifest_path, error))?;
        check(&manifest).map_err(|reason| ModelError::corrupt(&manifest_path, reason))?;
        check_hashes(path, &manifest.files)?;
        check_all_listed(path, path, &manifest.files)?;
        Ok(Self::new(path, manifest, MODEL, TOKENIZER))
    }

    /// A folder whose files were checked; the names are relative to it.
    pub(crate) fn new(path: &Path, manifest: ModelManifest, model: &str, tokenizer: &str) -> Self {
        let identity = identity(&manifest);
        Self { path: path.to_owned(), manifest, model: path.join(model), tokenizer: path.join(tokenizer), identity }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the folder says about the model.
    pub fn manifest(&self) -> &ModelManifest {
        &self.manifest
    }

    /// What the folder says about an encoder.
    ///
    /// # Errors
    /// It is the folder of another kind of model.
    pub fn encoder(&self) -> Result<&EncoderSection, ModelError> {
        self.manifest.encoder.as_ref().ok_or_else(|| self.other_role(Role::Encoder))
    }

    /// What the folder says about a judge.
    ///
    /// # Errors
    /// It is the folder of another kind of model.
    pub fn judge(&self) -> Result<&JudgeSection, ModelError> {
        self.manifest.judge.as_ref().ok_or_else(|| self.other_role(Role::Judge))
    }

    fn other_role(&self, wanted: Role) -> ModelError {
        let (found, wanted) = (self.manifest.model.role.name(), wanted.name());
        ModelError::unsupported(&self.path, format!("it has the role {found}, and {wanted} is needed"))
    }

    /// The ONNX file.
    pub fn model_file(&self) -> &Path {
        &self.model
    }

    /// The tokenizer's file.
    pub fn tokenizer_file(&self) -> &Path {
        &self.tokenizer
    }

    /// sha256 (hexadecimal) over the model's files and everything else that decides about its vectors.
    pub fn identity(&self) -> &str {
        &self.identity
    }
}

/// Two models with the same identity make the same vectors. Names and thresholds are left out: they change none.
fn identity(manifest: &ModelManifest) -> String {
    let mut hasher = Sha256::new();
    for (name, hash) in &manifest.files {
        hasher.update(format!("file {name} {}\n", hash.to_lowercase()));
    }
    if let Some(EncoderSection { pooling, normalize, max_tokens, .. }) = &manifest.encoder {
        hasher.update(format!("pooling {}\nnormalize {normalize}\nmax-tokens {max_tokens}\n", pooling.name()));
    }
    file::hex(&hasher.finalize())
}

/// What the types of the manifest do not say.
fn check(manifest: &ModelManifest) -> Result<(), String> {
    check_role(manifest)?;
    let Thresholds { similar, similar_margin, question } = manifest.thresholds;
    if ![similar, similar_margin, question].iter().all(|value| (-1.0..=1.0).contains(value)) {
        return Err("[thresholds] are cosines: between -1 and 1".to_owned());
    }
    for name in [MODEL, TOKENIZER] {
        if !manifest.files.contains_key(name) {
            return Err(format!("[files] does not list {name}"));
        }
    }
    let outside = |name: &&String| !Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    match manifest.files.keys().find(outside) {
        Some(name) => Err(format!("[files] lists {name:?}, which is not inside the folder")),
        None => Ok(()),
    }
}

/// Exactly the section of the model's role, with figures that can be used.
fn check_role(manifest: &ModelManifest) -> Result<(), String> {
    match (manifest.model.role, &manifest.encoder, &manifest.judge) {
        (Role::Encoder, Some(encoder), None) if encoder.dimension == 0 || encoder.max_tokens == 0 => {
            Err("[encoder] dimension and max-tokens must be above 0".to_owned())
        }
        (Role::Judge, None, Some(judge)) if judge.max_tokens == 0 || judge.nli_temperature <= 0.0 || judge.nli_temperature.is_nan() => {
            Err("[judge] max-tokens and nli-temperature must be above 0".to_owned())
        }
        (Role::Encoder, Some(_), None) | (Role::Judge, None, Some(_)) => Ok(()),
        (role, ..) => Err(format!("a model with the role {0} has the section [{0}] and no other role's", role.name())),
    }
}

fn check_hashes(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), ModelError> {
    for (name, expected) in files {
        let path = folder.join(name);
        let found = file::sha256(&path)?;
        if !found.eq_ignore_ascii_case(expected) {
            return Err(ModelError::corrupt(&path, format!("its sha256 is {found}, and model.toml says {expected}")));
        }
    }
    Ok(())
}

/// A file that nobody vouches for could still be opened: a graph may name files with its weights.
fn check_all_listed(root: &Path, folder: &Path, files: &BTreeMap<String, String>) -> Result<(), ModelError> {
    let entries = std::fs::read_dir(folder).map_err(|source| ModelError::reading(folder, source))?;
    for entry in entries {
        let path = entry.map_err(|source| ModelError::reading(folder, source))?.path();
        if path.is_dir() {
            check_all_listed(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
        let prose = name.ends_with(".md") || name.starts_with("LICENSE") || name == "model.toml";
        if !prose && !files.contains_key(name.as_ref()) {
            return Err(ModelError::corrupt(&path, "[files] of model.toml does not list it"));
        }
    }
    Ok(())
}
