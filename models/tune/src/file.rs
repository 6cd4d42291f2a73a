//! Files that are either whole or not there: written beside their place, flushed to the disk, then renamed.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::TuneError;

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, TuneError> {
    std::fs::read(path).map_err(|source| TuneError::reading(path, source))
}

/// A file as text.
pub fn read_text(path: &Path) -> Result<String, TuneError> {
    std::fs::read_to_string(path).map_err(|source| TuneError::reading(path, source))
}

/// A JSON file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TuneError> {
    serde_json::from_slice(&read(path)?).map_err(|error| TuneError::format(path, error))
}

/// A TOML file.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, TuneError> {
    toml::from_str(&read_text(path)?).map_err(|error| TuneError::format(path, error))
}

/// Replaces `path` by `bytes`. After a kill or a power cut the file has its old content or its new one.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), TuneError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder_exists(folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = folder.join(name);
    let written = write_flushed(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if let Err(source) = written {
        // A disk that is full stays usable: the half that was written goes away again.
        let _ = std::fs::remove_file(&part);
        return Err(TuneError::writing(path, source));
    }
    flush_folder(folder)
}

/// Makes a folder and those above it.
pub fn folder_exists(folder: &Path) -> Result<(), TuneError> {
    std::fs::create_dir_all(folder).map_err(|source| TuneError::writing(folder, source))
}

/// A rename is only on the disk when its folder is.
pub fn flush_folder(folder: &Path) -> Result<(), TuneError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(|source| TuneError::writing(folder, source))
}

fn write_flushed(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The sha256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inside/value");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_is_said_in_words() {
        let full = Path::new("/dev/full");
        let error = TuneError::writing(full, write_flushed(full, b"x").unwrap_err());
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
}
