//! Files that are there as a whole or not at all: bytes go to a neighbor, reach the disk, and take the name by one rename.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::TextError;

/// A file under way. Dropped without [`Whole::publish`], it leaves nothing.
pub(crate) struct Whole {
    path: PathBuf,
    partial: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Whole {
    pub(crate) fn create(path: &Path) -> Result<Self, TextError> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(TextError::write(&partial))?;
        Ok(Self { path: path.to_owned(), partial, file: Some(BufWriter::with_capacity(1 << 18, file)) })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), TextError> {
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(TextError::write(&self.path)),
            None => Ok(()),
        }
    }

    pub(crate) fn publish(mut self) -> Result<(), TextError> {
        if let Some(file) = self.file.take() {
            let file = file.into_inner().map_err(|error| TextError::write(&self.path)(error.into_error()))?;
            file.sync_all().map_err(TextError::write(&self.path))?;
        }
        std::fs::rename(&self.partial, &self.path).map_err(TextError::write(&self.path))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(TextError::write(folder))
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.partial);
    }
}

/// Writes a small file whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), TextError> {
    let mut file = Whole::create(path)?;
    file.write(bytes)?;
    file.publish()
}
