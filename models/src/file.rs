//! Reading, hashing and replacing files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::ModelError;

/// The whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    fs::read(path).map_err(|source| ModelError::reading(path, source))
}

/// The whole file as UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, ModelError> {
    String::from_utf8(read(path)?).map_err(|_| ModelError::corrupt(path, "it is not UTF-8"))
}

/// The file's sha256, as 64 lowercase hexadecimal digits.
pub(crate) fn sha256(path: &Path) -> Result<String, ModelError> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path).map_err(|source| ModelError::reading(path, source))?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(ModelError::reading(path, source)),
        }
    }
}

/// Lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces a file in one step: a reader finds the old content or the new, never a part of it, also after a power cut.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), ModelError> {
    let temporary = temporary_beside(path);
    let result = write_synced(&temporary, write).and_then(|()| fs::rename(&temporary, path)).and_then(|()| sync_folder_of(path));
    if result.is_err() {
        // The rename may have happened already; then there is nothing left to remove, and that is fine.
        let _ = fs::remove_file(&temporary);
    }
    result.map_err(|source| ModelError::writing(path, source))
}

fn write_synced(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = io::BufWriter::new(File::create(path)?);
    write(&mut writer)?;
    writer.flush()?;
    // Renaming without this can leave a file of zero bytes under the final name.
    writer.get_ref().sync_all()
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// A name in the same folder (so that the rename stays on one file system) that no other process or thread uses.
fn temporary_beside(path: &Path) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.new", std::process::id()));
    path.with_file_name(name)
}
