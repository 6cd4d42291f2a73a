//! Making a bundle: a generation, its golden questions, and the metadata that vouches for them, as a folder or as one file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::carrier::{Wanted, pack};
use super::error::UpdateError;
use super::golden::{GOLDEN, Golden};
use super::metadata::{Draft, Keys, Validity};
use super::names;
use crate::generation::Generation;
use crate::manifest::{MANIFEST, Manifest, sha256};

/// What is to be signed, and how.
pub struct Signing<'a> {
    /// A folder that [`Generation::build`] made.
    pub generation: &'a Path,
    /// The keys.
    pub keys: &'a Keys,
    /// The line; `None`: after the bundle's name, `kestrel-5` for `Kestrel 5`.
    pub line: Option<&'a str>,
    /// Version of the metadata; has to grow from bundle to bundle of a line. Seconds since 1970 are a good one.
    pub version: u64,
    /// When the bundle ends, in seconds since 1970.
    pub expires: u64,
    /// A file of golden questions; `None`: twenty are taken out of the generation.
    pub golden: Option<&'a Path>,
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBundle {
    /// The line.
    pub line: String,
    /// The bundle's name.
    pub name: String,
    /// The bundle's version.
    pub version: String,
    /// Golden questions in it.
    pub golden: usize,
}

/// Signs a generation into the new folder `out`, or into one file when its name ends in `.tar.zst`. It appears whole or not at all.
///
/// # Errors
/// The generation is damaged, a golden question is not answered, the line has no name, or `out` exists.
pub fn sign(order: &Signing, out: &Path) -> Result<SignedBundle, UpdateError> {
    if out.symlink_metadata().is_ok() {
        return Err(crate::error::KnowledgeError::Exists { path: out.to_owned() }.into());
    }
    let generation = Generation::open(order.generation)?;
    let manifest = generation.manifest().clone();
    let line = order.line.map_or_else(|| names::line_of(&manifest.name), str::to_owned);
    names::check_line(&line)?;
    let golden = golden(order, &generation)?;

    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new().prefix(".bundle-").tempdir_in(parent).map_err(UpdateError::io(parent))?;
    let folder = draft.path().join("bundle");
    write(order, &line, &manifest, &golden, &folder)?;
    let is_file = out.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".tar.zst"));
    let made = if is_file { pack(&folder, &draft.path().join("file"))? } else { folder };
    std::fs::rename(&made, out).map_err(UpdateError::io(out))?;
    Ok(SignedBundle { line, name: manifest.name, version: manifest.version, golden: golden.question.len() })
}

fn golden(order: &Signing, generation: &Generation) -> Result<Golden, UpdateError> {
    let Some(path) = order.golden else {
        let golden = Golden::from(generation)?;
        let none = "no question is found first by its own words; name a file of golden questions";
        return if golden.question.is_empty() { Err(UpdateError::malformed(GOLDEN, none)) } else { Ok(golden) };
    };
    let golden = Golden::read(path)?;
    golden.ask(generation, &|_| None)?;
    Ok(golden)
}

fn write(order: &Signing, line: &str, manifest: &Manifest, golden: &Golden, folder: &Path) -> Result<(), UpdateError> {
    let targets = folder.join("targets/knowledge").join(line);
    let metadata = folder.join("metadata");
    for path in [&targets, &metadata] {
        std::fs::create_dir_all(path).map_err(UpdateError::io(path))?;
    }
    let golden_file = targets.join(GOLDEN);
    std::fs::write(&golden_file, golden.to_toml()).map_err(UpdateError::io(&golden_file))?;
    for name in manifest.files.keys().map(String::as_str).chain([MANIFEST]) {
        let to = targets.join(name);
        std::fs::copy(order.generation.join(name), &to).map_err(UpdateError::io(&to))?;
    }
    let validity = Validity { version: order.version, expires: order.expires };
    let draft = Draft::new(line, files(&targets, line)?, validity);
    for (name, bytes) in draft.signed(order.keys)? {
        let path = metadata.join(name);
        std::fs::write(&path, bytes).map_err(UpdateError::io(&path))?;
    }
    Ok(())
}

/// Every file of a line's folder by its whole name.
pub(super) fn files(targets: &Path, line: &str) -> Result<BTreeMap<String, Wanted>, UpdateError> {
    let mut files = BTreeMap::new();
    for name in super::disk::list(targets)? {
        let path: PathBuf = targets.join(&name);
        let length = std::fs::metadata(&path).map_err(UpdateError::io(&path))?.len();
        files.insert(format!("knowledge/{line}/{}", name.to_string_lossy()), Wanted { length, sha256: sha256(&path)? });
    }
    Ok(files)
}
