//! Where ONNX Runtime's shared library is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::ModelError;

/// The variable that names the library and goes before every search.
const VARIABLE: &str = "STEWARD_ORT_LIB";
/// Where `models/fetch-onnxruntime.sh` puts it, below a checkout's root.
const IN_CHECKOUT: &str = ".steward/onnxruntime";
/// Where packages install it.
const INSTALLED: &str = "/usr/lib/steward";

/// The library to load: the one asked for, else that of `STEWARD_ORT_LIB`, else the first one found in
/// `.steward/onnxruntime/` of a folder above the executable or the working folder, else the installed one.
pub(crate) fn find(asked: Option<&Path>) -> Result<PathBuf, ModelError> {
    let starts = [std::env::current_exe().ok(), std::env::current_dir().ok()];
    let folders = starts.iter().flatten().flat_map(|start| start.ancestors()).map(|folder| folder.join(IN_CHECKOUT));
    choose(asked, std::env::var_os(VARIABLE), folders.chain([PathBuf::from(INSTALLED)]))
}

fn choose(asked: Option<&Path>, variable: Option<OsString>, folders: impl Iterator<Item = PathBuf>) -> Result<PathBuf, ModelError> {
    if let Some(path) = asked {
        return named(path, "the configured library");
    }
    if let Some(path) = variable.filter(|value| !value.is_empty()) {
        return named(Path::new(&path), "the library that STEWARD_ORT_LIB names");
    }
    folders
        .filter_map(|folder| library_in(&folder))
        .next()
        .ok_or_else(|| ModelError::library("libonnxruntime.so was not found; run `make setup`, or set STEWARD_ORT_LIB to its full path"))
}

/// A library that somebody named must be there: falling back to another one would hide the mistake.
fn named(path: &Path, what: &str) -> Result<PathBuf, ModelError> {
    if path.is_file() {
        return path.canonicalize().map_err(|source| ModelError::reading(path, source));
    }
    let path = path.display();
    Err(ModelError::library(format!("{what}, {path}, is not a file; run `make setup`, or set STEWARD_ORT_LIB to the right path")))
}

/// `libonnxruntime.so` or the highest `libonnxruntime.so.*` in a folder.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let names = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == "libonnxruntime.so" || name.starts_with("libonnxruntime.so.")
    };
    names.filter(|path| is_library(path) && path.is_file()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), b"").unwrap();
        }
        folder
    }

    #[test]
    fn nothing_found_says_what_to_do() {
        let folder = folder(&["libonnxruntime_providers_shared.so"]);
        let error = choose(None, None, [folder.path().to_owned()].into_iter()).unwrap_err();
        assert!(error.to_string().contains("run `make setup`, or set STEWARD_ORT_LIB"), "{error}");
    }

    #[test]
    fn a_named_library_is_never_replaced_by_a_found_one() {
        let found = folder(&["libonnxruntime.so.1.31.1"]);
        let missing = found.path().join("elsewhere.so");
        for (asked, variable) in [(Some(missing.as_path()), None), (None, Some(missing.clone().into_os_string()))] {
            let error = choose(asked, variable, [found.path().to_owned()].into_iter()).unwrap_err();
            assert!(error.to_string().contains("elsewhere.so"), "{error}");
        }
    }

    #[test]
    fn the_order_is_asked_then_variable_then_found() {
        let folder = folder(&["libonnxruntime.so.1.31.1", "asked.so", "variable.so"]);
        let found = folder.path().canonicalize().unwrap();
        let asked = found.join("asked.so");
        let variable = found.join("variable.so");
        let folders = || [PathBuf::from("/nonexistent"), found.clone()].into_iter();
        assert_eq!(choose(Some(&asked), Some(variable.clone().into()), folders()).unwrap(), asked);
        assert_eq!(choose(None, Some(variable.clone().into()), folders()).unwrap(), variable);
        assert_eq!(choose(None, Some(OsString::new()), folders()).unwrap(), found.join("libonnxruntime.so.1.31.1"));
    }
}
