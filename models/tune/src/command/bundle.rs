//! `steward-tune bundle`: a model's folder as the daemon opens it: the files, `model.toml` with their hashes, a card.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use steward_tune::file;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The ONNX file.
    #[arg(long)]
    model: PathBuf,
    /// The tokenizer.
    #[arg(long)]
    tokenizer: PathBuf,
    /// The folder to make.
    #[arg(long)]
    out: PathBuf,
    /// A file with all sections of model.toml but [files]; model.toml in the folder, if it is there, serves as well.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// The card's text (Markdown): what the model is, what it was made from, what it cannot do.
    #[arg(long)]
    card: Option<PathBuf>,
    /// Figures to put into the card: what evaluate wrote as JSON.
    #[arg(long)]
    figures: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let present = arguments.out.join("model.toml");
    let source = arguments.manifest.clone().unwrap_or_else(|| present.clone());
    let text = file::read_text(&source).context("model.toml's sections must be written by somebody who knows the model; see --manifest")?;
    let written = text.split("[files]").next().unwrap_or_default().trim_end().to_owned();
    let parsed: toml::Table = toml::from_str(&written)?;
    ensure!(parsed.contains_key("model"), "{} has no [model] section", source.display());
    let (model, tokenizer) = (file::read(&arguments.model)?, file::read(&arguments.tokenizer)?);
    let mut manifest = format!("{written}\n\n[files]\n");
    for (name, bytes) in [("model.onnx", &model), ("tokenizer.json", &tokenizer)] {
        writeln!(manifest, "\"{name}\" = \"{}\"", file::sha256(bytes))?;
    }
    let card = card(&arguments, model.len())?;
    // The manifest comes last: until then its hashes refuse the new files, and a half-made folder is never used.
    file::write(&arguments.out.join("tokenizer.json"), &tokenizer)?;
    file::write(&arguments.out.join("model.onnx"), &model)?;
    if let Some(card) = card {
        file::write(&arguments.out.join("CARD.md"), card.as_bytes())?;
    }
    file::write(&present, manifest.as_bytes())?;
    println!("{}: {:.1} MB", arguments.out.display(), (model.len() + tokenizer.len()) as f64 / 1e6);
    Ok(())
}

fn card(arguments: &Arguments, size: usize) -> anyhow::Result<Option<String>> {
    let Some(path) = &arguments.card else { return Ok(None) };
    let mut card = file::read_text(path)?.trim_end().to_owned();
    if let Some(figures) = &arguments.figures {
        let figures: serde_json::Map<String, serde_json::Value> = file::read_json(figures)?;
        card.push_str("\n\n## Measured\n\n| Figure | Value |\n| --- | --- |\n");
        for (name, value) in &figures {
            writeln!(card, "| {name} | {:.4} |", value.as_f64().unwrap_or(f64::NAN))?;
        }
    }
    write!(card, "\n\nmodel.onnx: {:.1} MB.\n", size as f64 / 1e6)?;
    Ok(Some(card))
}
