//! Checkpoints: a folder for each, renamed into place when all of it is on the disk. The last good one is never touched
//! before the next is complete.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::weights::{self, Weights};
use crate::{TuneError, file};

/// What a run must know to go on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// The best score on held-out examples so far, and its step.
    pub best: Option<(f64, u64)>,
    /// Looks since then.
    pub idle: u32,
}

/// A checkpoint that was read.
pub struct Checkpoint {
    /// The weights.
    pub weights: Weights,
    /// The optimizer's memory.
    pub moments: Weights,
    /// Where the run was.
    pub progress: Progress,
}

const PREFIX: &str = "checkpoint-";

/// Writes a checkpoint below `run` and then removes older ones.
pub fn write(run: &Path, weights: &Weights, moments: &Weights, progress: &Progress) -> Result<(), TuneError> {
    let place = run.join(format!("{PREFIX}{:09}", progress.step));
    let part = run.join(format!("{PREFIX}{:09}.part", progress.step));
    remove(&part)?;
    let written = fill(&part, weights, moments, progress);
    if written.is_err() {
        let _ = std::fs::remove_dir_all(&part); // a full disk gets its room back
        return written;
    }
    remove(&place)?;
    std::fs::rename(&part, &place).map_err(|source| TuneError::writing(&place, source))?;
    file::flush_folder(run)?;
    for old in complete(run)?.into_iter().filter(|old| *old != place) {
        remove(&old)?;
    }
    Ok(())
}

fn fill(part: &Path, weights: &Weights, moments: &Weights, progress: &Progress) -> Result<(), TuneError> {
    file::folder_exists(part)?;
    weights::write(&part.join("model.safetensors"), weights, &BTreeMap::new())?;
    weights::write(&part.join("optimizer.safetensors"), moments, &BTreeMap::new())?;
    let text = serde_json::to_vec(progress).map_err(|error| TuneError::format(part, error))?;
    file::write(&part.join("progress.json"), &text)
}

/// The last checkpoint of a run; none if there is none yet.
pub fn last(run: &Path) -> Result<Option<Checkpoint>, TuneError> {
    let Some(place) = complete(run)?.pop() else { return Ok(None) };
    let (weights, _) = weights::read(&place.join("model.safetensors"))?;
    let (moments, _) = weights::read(&place.join("optimizer.safetensors"))?;
    Ok(Some(Checkpoint { weights, moments, progress: file::read_json(&place.join("progress.json"))? }))
}

/// The name of the last checkpoint, for people.
pub fn last_name(run: &Path) -> Option<String> {
    let place = complete(run).ok()?.pop()?;
    Some(place.display().to_string())
}

/// Complete checkpoints, oldest first.
fn complete(run: &Path) -> Result<Vec<PathBuf>, TuneError> {
    let Ok(entries) = std::fs::read_dir(run) else { return Ok(vec![]) };
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.strip_prefix(PREFIX).is_some_and(|step| step.parse::<u64>().is_ok())
    };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(named).collect();
    found.sort();
    Ok(found)
}

fn remove(folder: &Path) -> Result<(), TuneError> {
    match std::fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(TuneError::writing(folder, source)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Stored;

    fn weights(value: f32) -> Weights {
        Weights::from([("a".to_owned(), Stored::new(vec![1], vec![value]))])
    }

    #[test]
    fn only_the_last_one_stays_and_a_half_written_one_does_not_count() {
        let run = tempfile::tempdir().unwrap();
        assert!(last(run.path()).unwrap().is_none());
        for step in [5, 10] {
            let progress = Progress { step, best: Some((0.5, 5)), idle: 1 };
            write(run.path(), &weights(step as f32), &weights(0.0), &progress).unwrap();
        }
        std::fs::create_dir(run.path().join("checkpoint-000000015.part")).unwrap();
        let found = last(run.path()).unwrap().unwrap();
        assert_eq!((found.progress.step, found.weights), (10, weights(10.0)));
        assert!(!run.path().join("checkpoint-000000005").exists());
    }
}
