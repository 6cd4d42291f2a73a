//! Where things are: the checkout, the programs built from it, and what `make setup` put into `.steward/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The file that only a checkout's root has.
const LANDMARK: &str = "plugins/FORMAT.md";

/// One checkout and the programs built from it.
#[derive(Debug, Clone)]
pub struct Checkout {
    root: PathBuf,
    programs: PathBuf,
}

impl Checkout {
    /// Finds the checkout from Cargo's hint, the working folder or the running program, in this order.
    ///
    /// # Errors
    /// None of them lies in a checkout.
    pub fn find() -> Result<Self> {
        let program = std::env::current_exe().context("the running program's own path is unknown")?;
        let hints = [std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from), std::env::current_dir().ok(), Some(program.clone())];
        let root = hints.iter().flatten().find_map(|start| start.ancestors().find(|folder| folder.join(LANDMARK).exists()));
        let Some(root) = root else { bail!("this is not a checkout: no folder above has {LANDMARK}") };
        let folder = program.parent().context("the running program lies in no folder")?;
        // Test programs lie one folder deeper than the programs they test.
        let programs = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
        Ok(Checkout { root: root.to_owned(), programs: programs.to_owned() })
    }

    /// A path inside the checkout.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A path inside `.steward/`, which holds what was fetched or made here.
    pub fn made(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(".steward").join(relative)
    }

    /// One of the workspace's programs.
    ///
    /// # Errors
    /// It has not been built.
    pub fn program(&self, name: &str) -> Result<PathBuf> {
        let path = self.programs.join(name);
        if !path.is_file() {
            bail!("{name} is not built; run `make build`");
        }
        Ok(path)
    }
}
