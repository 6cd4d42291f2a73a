//! What the driver told the navigation to remember. With a folder it outlives the process: one small file, replaced at once or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::navigation::places::Found;
use crate::navigation::route::Point;

/// So many destinations are kept.
const RECENT: usize = 20;

/// A place as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spot {
    name: String,
    latitude: f64,
    longitude: f64,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Memory {
    /// Where the driver lives.
    pub(crate) home: Option<Spot>,
    /// Where the driver works.
    pub(crate) work: Option<Spot>,
    /// Stopovers of the present trip, the next one first.
    pub(crate) stopovers: Vec<Spot>,
    /// Saved places, the latest last.
    pub(crate) favorites: Vec<Spot>,
    /// Destinations, the latest last.
    pub(crate) recent: Vec<Spot>,
}

/// The memory, and where it is kept.
#[derive(Debug)]
pub(crate) struct Remembered {
    file: Option<PathBuf>,
    memory: Mutex<Memory>,
}

impl From<&Found> for Spot {
    fn from(found: &Found) -> Self {
        Spot { name: found.name.clone(), latitude: found.point.latitude, longitude: found.point.longitude }
    }
}

impl Spot {
    /// As if it had just been found.
    pub(crate) fn found(&self) -> Found {
        Found { name: self.name.clone(), point: Point { latitude: self.latitude, longitude: self.longitude } }
    }
}

impl Memory {
    /// Adds a destination, each once.
    pub(crate) fn visit(&mut self, place: &Found) {
        self.recent.retain(|spot| spot.name != place.name);
        self.recent.push(place.into());
        let surplus = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..surplus);
    }

    /// Saves a place, each once.
    pub(crate) fn save(&mut self, place: &Found) {
        self.favorites.retain(|spot| spot.name != place.name);
        self.favorites.push(place.into());
    }
}

impl Remembered {
    /// Opens the memory in a folder; without one it lasts as long as the process. A file that cannot be read is put aside, because a
    /// navigation without memory is better than none.
    pub(crate) fn open(folder: Option<&Path>) -> Self {
        let file = folder.map(|folder| folder.join("navigation.toml"));
        let memory = file.as_deref().filter(|file| file.exists()).map(read).unwrap_or_default();
        Remembered { file, memory: Mutex::new(memory) }
    }

    /// A look at it.
    pub(crate) fn read(&self) -> Memory {
        self.lock().clone()
    }

    /// Changes it and keeps the change.
    ///
    /// # Errors
    /// The file cannot be written; the change holds for this process.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Memory)) -> std::io::Result<()> {
        let mut memory = self.lock();
        let before = memory.clone();
        change(&mut memory);
        match &self.file {
            Some(file) if *memory != before => write(file, &memory),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> Memory {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
    match text.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string())) {
        Ok(memory) => memory,
        Err(error) => {
            let aside = file.with_extension("toml.unreadable");
            tracing::error!(file = %file.display(), error, "the remembered places cannot be read and are put aside");
            if let Err(error) = std::fs::rename(file, &aside) {
                tracing::error!(file = %file.display(), %error, "they cannot even be put aside");
            }
            Memory::default()
        }
    }
}

/// Whole or not at all: written beside it, flushed to the disk, then renamed over it.
fn write(file: &Path, memory: &Memory) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = file.with_extension("toml.new");
    let text = toml::to_string(memory).map_err(std::io::Error::other)?;
    let mut output = std::fs::File::create(&beside)?;
    output.write_all(text.as_bytes())?;
    output.sync_all()?;
    std::fs::rename(&beside, file)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Found {
        Found { name: name.to_owned(), point: Point { latitude: 45.5, longitude: 10.25 } }
    }

    #[test]
    fn it_outlives_the_process() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = folder.path().join("state");
        Remembered::open(Some(&state)).change(|memory| memory.home = Some((&found("12 Garden Lane")).into())).expect("written");
        let again = Remembered::open(Some(&state)).read();
        assert_eq!(again.home.map(|spot| spot.found()), Some(found("12 Garden Lane")));
        assert!(Remembered::open(None).read().home.is_none());
    }

    #[test]
    fn an_unreadable_file_is_put_aside() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("navigation.toml"), "home = 3").expect("written");
        let remembered = Remembered::open(Some(folder.path()));
        assert_eq!(remembered.read(), Memory::default());
        assert!(folder.path().join("navigation.toml.unreadable").exists());
        remembered.change(|memory| memory.save(&found("Old Mill"))).expect("written");
        assert_eq!(Remembered::open(Some(folder.path())).read().favorites.len(), 1);
    }

    #[test]
    fn each_destination_is_kept_once_and_old_ones_go() {
        let mut memory = Memory::default();
        (0..30).for_each(|number| memory.visit(&found(&format!("place {number}"))));
        memory.visit(&found("place 15"));
        assert_eq!(memory.recent.len(), RECENT);
        assert_eq!(memory.recent.iter().filter(|spot| spot.name == "place 15").count(), 1);
        assert_eq!(memory.recent.last().map(|spot| spot.name.as_str()), Some("place 15"));
    }
}
