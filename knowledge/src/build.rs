//! Building a generation: read the sources, fill a folder nobody sees, flush it, give it its name.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use models::Embedder;

use crate::Progress;
use crate::database::Writer;
use crate::error::KnowledgeError;
use crate::generation::Generation;
use crate::manifest::{Counts, DATABASE, MANIFEST, Manifest, VECTORS, sha256};
use crate::query::Kind;
use crate::source::Source;
use crate::terms::Lexicon;
use crate::vectors;

impl Generation {
    /// Builds the source folder into the new folder `out`, which appears complete or not at all.
    ///
    /// With `SOURCE_DATE_EPOCH` set, the same source and embedder give the same bytes.
    ///
    /// # Errors
    /// A wrong source names its file and line; an `out` that exists is refused.
    pub fn build(
        source: &Path,
        out: &Path,
        embedder: Option<&Embedder>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Manifest, KnowledgeError> {
        if out.symlink_metadata().is_ok() {
            return Err(KnowledgeError::Exists { path: out.to_owned() });
        }
        let source = Source::read(source)?;
        let count = |kind| source.entries.iter().filter(|entry| entry.kind == kind).count();
        progress(Progress::Read { pairs: count(Kind::Curated), passages: count(Kind::Document) });

        let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let draft = tempfile::Builder::new().prefix(".generation-").tempdir_in(parent).map_err(KnowledgeError::io(parent))?;
        let manifest = fill(draft.path(), &source, embedder, progress)?;
        publish(draft, parent, out)?;
        progress(Progress::Published);
        Ok(manifest)
    }
}

/// Writes all files of a generation into `folder`, which is not published yet.
fn fill(
    folder: &Path,
    source: &Source,
    embedder: Option<&Embedder>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Manifest, KnowledgeError> {
    let word_lists: Vec<String> = Lexicon::built_in_files().map(str::to_owned).into_iter().chain(source.words.iter().cloned()).collect();
    let mut lexicon = Lexicon::default();
    for text in &word_lists {
        lexicon.add(&toml::from_str(text).map_err(|error| KnowledgeError::at(Path::new("words"), 1, error))?);
    }
    let mut writer = Writer::create(&folder.join(DATABASE))?;
    let numbers = writer.add(&source.entries, &lexicon)?;
    writer.finish(&word_lists)?;
    progress(Progress::Stored);

    let mut counts = counts(source);
    let mut names = vec![DATABASE];
    if let Some(embedder) = embedder {
        counts.vectors = vectors::build(&source.entries, &numbers, embedder, &folder.join(VECTORS), progress)?;
        names.push(VECTORS);
    }
    let files = names.into_iter().map(|name| Ok((name.to_owned(), sha256(&folder.join(name))?))).collect::<Result<_, KnowledgeError>>()?;
    let bundle = &source.bundle;
    let manifest = Manifest {
        format: Manifest::format(),
        name: bundle.name.clone(),
        version: bundle.version.clone(),
        license: bundle.license.clone(),
        vehicles: bundle.vehicles.clone(),
        languages: bundle.languages.clone(),
        created: now(),
        counts,
        embedder: embedder.map(vectors::record),
        files,
    };
    let path = folder.join(MANIFEST);
    std::fs::write(&path, manifest.to_toml()).map_err(KnowledgeError::io(&path))?;
    Ok(manifest)
}

fn counts(source: &Source) -> Counts {
    let of = |kind| source.entries.iter().filter(move |entry| entry.kind == kind);
    let documents: BTreeSet<&str> = of(Kind::Document).map(|entry| entry.document.as_str()).collect();
    Counts {
        pairs: of(Kind::Curated).count(),
        wordings: of(Kind::Curated).map(|entry| entry.wordings.len()).sum(),
        documents: documents.len(),
        passages: of(Kind::Document).count(),
        vectors: 0,
    }
}

/// Flushes everything to the disk, then gives the folder its name: after a power cut it is whole or absent.
fn publish(draft: tempfile::TempDir, parent: &Path, out: &Path) -> Result<(), KnowledgeError> {
    let files = std::fs::read_dir(draft.path()).map_err(KnowledgeError::io(draft.path()))?;
    for file in files {
        sync(&file.map_err(KnowledgeError::io(draft.path()))?.path())?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The temporary folder was private; a generation is read by the daemon's own user.
        let readable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(draft.path(), readable).map_err(KnowledgeError::io(draft.path()))?;
    }
    sync(draft.path())?;
    std::fs::rename(draft.path(), out).map_err(KnowledgeError::io(out))?;
    // Under its final name it is no longer temporary: nothing is left to delete.
    let _renamed = draft.keep();
    sync(parent)
}

fn sync(path: &Path) -> Result<(), KnowledgeError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(KnowledgeError::io(path))
}

/// Seconds since 1970, or what `SOURCE_DATE_EPOCH` says.
fn now() -> u64 {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|value| value.parse().ok());
    fixed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()))
}
