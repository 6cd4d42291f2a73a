//! `steward-package`: writes those files of an installation that follow from others: a plugin's place on the system bus, manual pages,
//! shell completions. Used when a package is made; it is not installed itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

mod pages;
mod plugin;

/// Writes the files of a package that are made from others.
#[derive(Parser)]
#[command(name = "steward-package", version)]
struct Arguments {
    /// The folder that stands for `/`
    #[arg(long, short, value_name = "DIR", global = true, default_value = ".")]
    root: PathBuf,
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    /// What plugins need on the system bus: policy, activation and a user of their own
    Plugins {
        /// Plugin folders
        #[arg(required = true)]
        folders: Vec<PathBuf>,
    },
    /// Manual pages and shell completions of every program
    Pages,
}

fn main() -> ExitCode {
    let Arguments { root, work } = Arguments::parse();
    let outcome = match work {
        Work::Plugins { folders } => folders.iter().try_for_each(|folder| plugin::write(folder, &root)),
        Work::Pages => pages::write(&root),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("steward-package: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the folder above a file, then the file.
fn put(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let folder = file.parent().context("a file lies in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    std::fs::write(file, content).with_context(|| format!("{} cannot be written", file.display()))
}
