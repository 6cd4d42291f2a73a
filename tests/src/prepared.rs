//! What takes long and stays good is made once and kept in `.steward/`: the knowledge generation and the phrases' vectors.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::checkout::Checkout;

/// The rules that the stand's daemon runs under.
pub const POLICY: &str = "assistant/policy.toml";
/// The sources of what the car knows.
const SOURCE: &str = "knowledge/kestrel";
/// The sentence encoder that the daemon takes when nothing else is configured.
pub const ENCODER: &str = "models/shipped/encoder";
/// The judge that it takes.
pub const JUDGE: &str = "models/shipped/judge";
/// The daemon's file of phrase vectors in its state folder.
const VECTORS: &str = "phrases.vectors";

/// ONNX Runtime's library as `make setup` left it.
///
/// # Errors
/// It was not fetched.
pub fn onnxruntime(checkout: &Checkout) -> Result<PathBuf> {
    let folder = checkout.made("onnxruntime");
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let library = files.filter(|path| path.is_file()).find(|path| path.to_string_lossy().contains("libonnxruntime.so"));
    library.context("ONNX Runtime is missing; run `make setup`")
}

/// A generation built from the checkout's sources. Its folder is named after everything that went into it, so an old one is never taken
/// for a new one, and a new one is only built when something changed.
///
/// # Errors
/// The sources cannot be built; the message has what `steward knowledge build` said.
pub fn knowledge(checkout: &Checkout, progress: fn(&str)) -> Result<PathBuf> {
    let home = checkout.made("knowledge");
    std::fs::create_dir_all(&home)?;
    // Several tests may want it at the same moment; the others wait for the first.
    let lock = File::create(home.join(".lock"))?;
    lock.lock()?;
    let folder = home.join(fingerprint(checkout)?);
    if !folder.is_dir() {
        progress("building the knowledge of the car (once)");
        remove_others(&home);
        build(checkout, &folder)?;
    }
    Ok(folder)
}

/// Where the vectors of every phrase are kept between runs.
pub fn vectors(checkout: &Checkout) -> PathBuf {
    checkout.made("state").join(VECTORS)
}

/// Puts the vectors that an earlier daemon worked out into a new state folder, so that it starts at once.
pub fn lend_vectors(checkout: &Checkout, state: &Path) {
    // Without them the daemon works them out again: slower, and as good.
    let _ = std::fs::copy(vectors(checkout), state.join(VECTORS));
}

/// Keeps the vectors that a daemon has worked out for the next one.
pub fn keep_vectors(checkout: &Checkout, state: &Path) {
    let (new, kept) = (state.join(VECTORS), vectors(checkout));
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    if size(&new) > size(&kept) {
        let _ = replace(&new, &kept);
    }
}

fn replace(new: &Path, kept: &Path) -> std::io::Result<()> {
    let folder = kept.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(&std::fs::read(new)?)?;
    draft.persist(kept)?;
    Ok(())
}

fn build(checkout: &Checkout, folder: &Path) -> Result<()> {
    let mut command = Command::new(checkout.program("steward")?);
    command.args(["knowledge", "build"]).arg(checkout.path(SOURCE)).arg("-o").arg(folder);
    command.env("STEWARD_ORT_LIB", onnxruntime(checkout)?);
    let output = command.stdin(Stdio::null()).output().context("steward does not start")?;
    if !output.status.success() {
        bail!("the knowledge of the car cannot be built: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// SHA-256 over everything that a generation is made from: sources, the code that reads them, the encoder's manifest, which has the hash of
/// its model.
fn fingerprint(checkout: &Checkout) -> Result<String> {
    let mut files = Vec::new();
    for folder in [SOURCE, "knowledge/src", "knowledge/words", "models/shipped"] {
        collect(&checkout.path(folder), &mut files);
    }
    files.retain(|file| file.extension().is_none_or(|extension| extension != "onnx"));
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let name = file.strip_prefix(checkout.path("")).unwrap_or(&file);
        hash.update(name.to_string_lossy().as_bytes());
        hash.update(std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?);
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

fn remove_others(home: &Path) {
    let folders = std::fs::read_dir(home).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    for folder in folders {
        // One that a running daemon has open stays readable for it; one that cannot be removed only takes room.
        let _ = std::fs::remove_dir_all(folder);
    }
}
