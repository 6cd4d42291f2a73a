//! What makes a run this run and no other: settings and the content of every file that it reads, but not where they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Summary, summary};
use crate::text::error::TextError;
use crate::text::ledger::Ledger;
use crate::text::progress::Progress;
use crate::text::read;
use crate::text::settings::Settings;
use crate::text::{augment, whole};

/// Raised when the same settings and files would give other bytes.
const VERSION: u32 = 1;

/// A file that is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Input {
    /// Its path below the source's folder.
    pub(super) name: String,
    pub(super) sha256: String,
    #[serde(skip)]
    pub(super) path: PathBuf,
    #[serde(skip)]
    pub(super) size: u64,
}

pub(super) struct Identity {
    /// SHA-256 over all that the outcome follows from.
    pub(super) hash: String,
    /// Each source's files.
    pub(super) inputs: Vec<Vec<Input>>,
}

/// What the folder for the outcome holds.
pub(super) enum State {
    /// All of this run's outcome.
    Done(Summary),
    /// Nothing, or this run as far as it came.
    Open,
}

/// In the folder while a run is under way.
pub(super) const WORK: &str = "work";

/// What of the card is read back.
#[derive(Deserialize)]
struct Finished {
    identity: String,
    counts: BTreeMap<String, BTreeMap<String, u64>>,
    bad: u64,
}

impl Identity {
    pub(super) fn of(settings: &Settings, progress: &Progress) -> Result<Self, TextError> {
        let mut inputs = Vec::new();
        let all: Vec<Vec<PathBuf>> = settings.source.iter().map(read::files).collect::<Result<_, _>>()?;
        progress.begin("looking at the sources", all.iter().map(|files| files.len() as u64).sum());
        for (source, files) in settings.source.iter().zip(all) {
            inputs.push(files.into_iter().map(|path| input(path, &source.path, progress)).collect::<Result<Vec<_>, _>>()?);
        }
        let vocabulary = settings.augment.vocabulary.as_deref().map(augment::vocabulary::read).transpose()?;
        let others = [&settings.mix.usage, &settings.shard.tokenizer].map(|path| path.as_deref().map(hash_file).transpose());
        let [usage, tokenizer] = others;
        let mut plain = settings.clone();
        for path in [&mut plain.mix.usage, &mut plain.augment.vocabulary, &mut plain.shard.tokenizer] {
            *path = path.is_some().then(PathBuf::new);
        }
        plain.source.iter_mut().for_each(|source| source.path = PathBuf::new());
        let content = serde_json::json!([VERSION, plain, inputs, format!("{vocabulary:?}"), usage?, tokenizer?]);
        Ok(Self { hash: hex(&Sha256::digest(content.to_string())), inputs })
    }

    /// Makes the folder this run's, if it may be.
    pub(super) fn claim(&self, out: &Path, resume: bool) -> Result<State, TextError> {
        let refuse = |reason: &str| Err(TextError::Folder { path: out.to_owned(), reason: reason.to_owned() });
        let card = out.join("card.json");
        let mark = out.join(WORK).join("run");
        if card.is_file() {
            let bytes = std::fs::read(&card).map_err(TextError::read(&card))?;
            return match serde_json::from_slice::<Finished>(&bytes) {
                Ok(finished) if finished.identity == self.hash => {
                    // A run that was stopped just after its card was written has left this.
                    self.finish(out)?;
                    let ledger = Ledger { counts: finished.counts, bad: Vec::new() };
                    Ok(State::Done(Summary { was_done: true, bad: finished.bad, ..summary(&ledger) }))
                }
                _ => refuse("it holds data that were prepared with other settings or from other files; name another folder"),
            };
        }
        if mark.is_file() {
            let other = std::fs::read_to_string(&mark).map_err(TextError::read(&mark))? != self.hash;
            return match (resume, other) {
                (_, true) => {
                    refuse("it holds a run with other settings or other files that did not finish; name another folder, or delete it")
                }
                (false, false) => refuse("it holds a run that did not finish; --resume goes on with it"),
                (true, false) => Ok(State::Open),
            };
        }
        if has_other_files(out, &mark) {
            return refuse("it is not empty; name another folder");
        }
        let work = out.join(WORK);
        std::fs::create_dir_all(&work).map_err(TextError::write(&work))?;
        whole::write(&mark, self.hash.as_bytes())?;
        Ok(State::Open)
    }

    /// Takes away what only an unfinished run needs.
    pub(super) fn finish(&self, out: &Path) -> Result<(), TextError> {
        let work = out.join(WORK);
        if work.is_dir() { std::fs::remove_dir_all(&work).map_err(TextError::write(&work)) } else { Ok(()) }
    }
}

/// Whether there is anything in the folder but what a run leaves that was stopped before it made its mark.
fn has_other_files(out: &Path, mark: &Path) -> bool {
    let work = out.join(WORK);
    let names = |folder: &Path| folder.read_dir().map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    let stray: Vec<PathBuf> = names(out);
    let begun: Vec<PathBuf> = names(&work);
    stray.iter().any(|path| *path != work) || begun.iter().any(|path| path.file_stem() != mark.file_stem())
}

fn input(path: PathBuf, folder: &Path, progress: &Progress) -> Result<Input, TextError> {
    let below = path.strip_prefix(folder).ok().filter(|below| !below.as_os_str().is_empty());
    let name = below.or_else(|| path.file_name().map(Path::new)).unwrap_or(&path).to_string_lossy().into_owned();
    let size = std::fs::metadata(&path).map_err(TextError::read(&path))?.len();
    let sha256 = hash_file(&path)?;
    progress.advance(1);
    Ok(Input { name, sha256, path, size })
}

fn hash_file(path: &Path) -> Result<String, TextError> {
    let mut file = File::open(path).map_err(TextError::read(path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer).map_err(TextError::read(path))?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
