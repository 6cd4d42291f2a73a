//! `steward knowledge`: search what the car knows, list it, build it, sign it, install it.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use knowledge::{Generation, Manifest, Progress};
use models::{Embedder, ModelFolder, Runtime, RuntimeOptions};
use serde_json::Value as Json;

use super::bundle::BundleCommand;
use super::show::{Look, Shown, list, print_line, text};
use super::{Failure, Folders, General, Told, layout};
use crate::config::Config;

/// What the car knows
#[derive(Subcommand)]
pub(super) enum KnowledgeCommand {
    /// Answers and passages near a question, best first
    Search {
        /// The question
        #[arg(required = true)]
        query: Vec<String>,
        /// How many
        #[arg(long, short = 'n', default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=256))]
        limit: u32,
        /// Only in this language
        #[arg(long, short, value_parser = ["en", "zh"])]
        language: Option<String>,
    },
    /// The bundles in use
    List,
    /// Verify a bundle and switch to it; the daemon does both
    Install {
        /// Folder or file of the bundle
        bundle: PathBuf,
    },
    /// Go back to the generation before
    Rollback,
    #[command(flatten)]
    Bundle(BundleCommand),
    /// Build a generation from a source folder
    Build {
        /// Folder with bundle.toml, qa/ and manual/
        source: PathBuf,
        /// The folder to make; it must not exist
        #[arg(long, short)]
        output: PathBuf,
        /// Without vectors: searched by words alone
        #[arg(long)]
        no_vectors: bool,
        #[command(flatten, next_help_heading = "Folders")]
        folders: Box<Folders>,
    },
}

/// Does it.
pub(super) async fn run(general: &General, command: KnowledgeCommand) -> Result<ExitCode, Failure> {
    let shown = general.shown();
    match command {
        KnowledgeCommand::Search { query, limit, language } => {
            let telling = Told { language, zone: None }.telling();
            let passages = general.client().await?.search(&query.join(" "), limit, &telling).await?;
            show_passages(shown, &passages)
        }
        KnowledgeCommand::List => show_bundles(shown, &general.client().await?.status().await?),
        KnowledgeCommand::Install { bundle } => {
            let bundle = super::bundle::open(&bundle)?;
            show_change(shown, &general.patient_client().await?.install(bundle).await?)
        }
        KnowledgeCommand::Rollback => show_change(shown, &general.patient_client().await?.rollback().await?),
        KnowledgeCommand::Bundle(command) => super::bundle::run(shown, command).await,
        KnowledgeCommand::Build { source, output, no_vectors, folders } => {
            let config = layout(&folders)?.config;
            let built = tokio::task::spawn_blocking(move || build(&config, &source, &output, no_vectors)).await;
            let manifest = built.map_err(|_| Failure::failed("building broke; the lines above say where"))??;
            show_built(shown, &manifest)
        }
    }
}

fn build(config: &Config, source: &Path, output: &Path, no_vectors: bool) -> Result<Manifest, Failure> {
    let embedder = if no_vectors { None } else { embedder(config)? };
    let bar = bar();
    let manifest = Generation::build(source, output, embedder.as_ref(), &mut |progress| match progress {
        Progress::Read { pairs, passages } => bar.set_message(format!("{pairs} pairs, {passages} passages")),
        Progress::Embedded { done, total } => {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
        Progress::Stored | Progress::Published => {}
    });
    bar.finish_and_clear();
    manifest.map_err(Failure::failed)
}

fn embedder(config: &Config) -> Result<Option<Embedder>, Failure> {
    let Some(name) = &config.encoder else { return Ok(None) };
    // Every processor: building is the only thing this process does.
    let options = RuntimeOptions { library: config.onnxruntime.clone(), providers: config.providers.clone(), threads: 0 };
    let loaded = Runtime::load(options).and_then(|runtime| Embedder::load(&runtime, &ModelFolder::open(&config.models.join(name))?));
    loaded.map(Some).map_err(|error| Failure::failed(format!("{error}; add --no-vectors to build without")))
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {msg}  {bar:30} {pos}/{len} {eta}").expect("the template is legal");
    ProgressBar::no_length().with_style(style)
}

fn show_passages(shown: Shown, passages: &Json) -> Result<ExitCode, Failure> {
    if shown.json {
        Shown::print_json(passages);
        return Ok(ExitCode::SUCCESS);
    }
    let passages = passages.as_array().map_or(&[][..], Vec::as_slice);
    if passages.is_empty() {
        print_line("Nothing is near that.");
        return Ok(ExitCode::from(4));
    }
    for passage in passages {
        let place = [text(passage, "document"), text(passage, "section")].join(" › ");
        let score = passage["score"].as_f64().unwrap_or_default();
        let place = place.trim_end_matches(" › ");
        print_line(format_args!(
            "{}  {}",
            shown.paint(Look::Title, &format!("{score:.2}")),
            shown.paint(Look::Bold, text(passage, "question"))
        ));
        print_line(format_args!("      {}", text(passage, "text").replace('\n', "\n      ")));
        print_line(format_args!(
            "      {}",
            shown.paint(Look::Dim, &format!("{} · {place} · {}", text(passage, "kind"), text(passage, "id")))
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn show_bundles(shown: Shown, status: &Json) -> Result<ExitCode, Failure> {
    let bundles = list(status, "bundles");
    if shown.json {
        Shown::print_json(&status["bundles"]);
    } else if bundles.is_empty() {
        print_line("No knowledge is installed.");
    } else {
        print_line(format_args!("generation {}", status["generation"]));
    }
    for bundle in bundles.iter().filter(|_| !shown.json) {
        let (name, version, license) = (text(bundle, "name"), text(bundle, "version"), text(bundle, "license"));
        print_line(format_args!(
            "{} {version}  {} answers, {} passages, {license}",
            shown.paint(Look::Bold, name),
            bundle["pairs"],
            bundle["passages"]
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn show_change(shown: Shown, report: &Json) -> Result<ExitCode, Failure> {
    let generation = &report["generation"];
    if shown.json {
        Shown::print_json(report);
    } else if report["changed"] == false {
        print_line(format_args!("{} {} is in use already, as generation {generation}.", text(report, "name"), text(report, "version")));
    } else if text(report, "line").is_empty() {
        print_line(format_args!("Back to generation {generation}."));
    } else {
        let (name, version) = (text(report, "name"), text(report, "version"));
        print_line(format_args!(
            "{name} {version} is in use, as generation {generation}; it answered {} questions of its own.",
            report["golden"]
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn show_built(shown: Shown, manifest: &Manifest) -> Result<ExitCode, Failure> {
    if shown.json {
        Shown::print_json(&serde_json::to_value(manifest).map_err(Failure::failed)?);
    } else {
        let counts = manifest.counts;
        print_line(format_args!(
            "{} {}: {} answers with {} wordings, {} passages of {} documents, {} vectors.",
            manifest.name, manifest.version, counts.pairs, counts.wordings, counts.passages, counts.documents, counts.vectors
        ));
    }
    Ok(ExitCode::SUCCESS)
}
