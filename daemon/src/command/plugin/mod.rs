//! `steward plugin`: list what runs, begin a new one, check a folder, test its sentences.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use plugins::catalogue::Plugin;
use plugins::lint::{self, Finding};
use plugins::vss::Vss;
use serde_json::{Value as Json, json};

use super::local::Local;
use super::show::{Look, Shown, list, print_line, text};
use super::{Failure, Folders, General, absolute, layout};

mod cases;

/// Plugins
#[derive(Subcommand)]
pub(super) enum PluginCommand {
    /// Every plugin of the daemon with its state
    List,
    /// Begin a new plugin: a folder with an example that works, to be changed
    New {
        /// Its id: lower-case letters, digits and '-'
        id: String,
        /// Where the folder is made
        #[arg(long, value_name = "DIR", default_value = ".")]
        parent: PathBuf,
    },
    /// Check plugin folders against the format, themselves and the catalogue of signals
    Lint {
        /// Folders with a plugin.toml
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        #[command(flatten, next_help_heading = "Folders to check against")]
        against: Box<Folders>,
    },
    /// Say the sentences in tests/*.toml to an assistant in this process: they must become the commands written beside them
    Test {
        /// Folders with a plugin.toml
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// Beside these plugins
        #[command(flatten, next_help_heading = "Folders of the assistant")]
        against: Box<Folders>,
    },
}

/// Does it.
pub(super) async fn run(general: &General, command: PluginCommand) -> Result<ExitCode, Failure> {
    let shown = general.shown();
    match command {
        PluginCommand::List => show_plugins(shown, &general.client().await?.plugins().await?),
        PluginCommand::New { id, parent } => begin(shown, &id, &parent),
        PluginCommand::Lint { folders, against } => check(shown, &folders, &against),
        PluginCommand::Test { folders, against } => test(shown, &folders, &against).await,
    }
}

fn show_plugins(shown: Shown, plugins: &Json) -> Result<ExitCode, Failure> {
    if shown.json {
        Shown::print_json(plugins);
        return Ok(ExitCode::SUCCESS);
    }
    let plugins = plugins.as_array().map_or(&[][..], Vec::as_slice);
    if plugins.is_empty() {
        print_line("No plugins yet; steward status says how far the daemon is.");
    }
    let width = |key: &str| plugins.iter().map(|plugin| text(plugin, key).chars().count()).max().unwrap_or_default();
    let (ids, titles, versions) = (width("id"), width("title"), width("version"));
    for plugin in plugins {
        let look = match text(plugin, "state") {
            "ready" => Look::Good,
            "asleep" => Look::Dim,
            _ => Look::Bad,
        };
        let state = shown.paint(look, &format!("{:8}", text(plugin, "state")));
        let actions = list(plugin, "actions").len();
        let (id, title, version) = (text(plugin, "id"), text(plugin, "title"), text(plugin, "version"));
        print_line(format_args!("{state} {id:ids$}  {title:titles$}  {version:versions$}  {actions} actions"));
        if !text(plugin, "reason").is_empty() {
            print_line(format_args!("         {}", text(plugin, "reason")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn begin(shown: Shown, id: &str, parent: &Path) -> Result<ExitCode, Failure> {
    let folder = plugins::new::create(parent, id).map_err(|error| Failure::wrong_use(error.to_string()))?;
    if shown.json {
        Shown::print_json(&json!({ "folder": folder }));
    } else {
        let folder = folder.display();
        print_line(format_args!("{folder} is made. Change plugin.toml and locale/, then: steward plugin lint {folder}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what is found; an error among it is a failure.
fn check(shown: Shown, folders: &[PathBuf], against: &Folders) -> Result<ExitCode, Failure> {
    let config = layout(against)?.config;
    let vss = Vss::load(&config.vss).map_err(|error| Failure::failed(format!("{error}; say another with --vss")))?;
    let mut errors = 0;
    for folder in folders {
        let findings = match Plugin::read(folder) {
            Ok(plugin) => lint::plugin(&plugin, &vss),
            Err(error) => vec![Finding { is_error: true, place: folder.display().to_string(), problem: error.to_string() }],
        };
        errors += findings.iter().filter(|finding| finding.is_error).count();
        print_findings(shown, folder, &findings);
    }
    Ok(ExitCode::from(if errors > 0 { 5 } else { 0 }))
}

fn print_findings(shown: Shown, folder: &Path, findings: &[Finding]) {
    let folder = folder.display().to_string();
    if shown.json {
        let row = |finding: &Finding| json!({ "is-error": finding.is_error, "place": finding.place, "problem": finding.problem });
        Shown::print_json(&json!({ "folder": folder, "findings": findings.iter().map(row).collect::<Vec<_>>() }));
        return;
    }
    let verdict = if findings.is_empty() { shown.paint(Look::Good, "fine") } else { format!("{} findings", findings.len()) };
    print_line(format_args!("{}  {verdict}", shown.paint(Look::Bold, &folder)));
    for finding in findings {
        let look = if finding.is_error { Look::Bad } else { Look::Careful };
        let level = if finding.is_error { "error" } else { "advice" };
        print_line(format_args!("  {} {}: {}", shown.paint(look, level), finding.place, finding.problem));
    }
}

/// Says every sentence. The plugins are added to those that are there already, as in a car.
async fn test(shown: Shown, folders: &[PathBuf], against: &Folders) -> Result<ExitCode, Failure> {
    let mut layout = layout(against)?;
    for folder in folders {
        let folder = absolute(folder);
        Plugin::read(&folder).map_err(Failure::failed)?;
        layout.config.plugins.push(folder);
    }
    let local = Local::start(layout).await?;
    if let Some((folder, reason)) =
        local.status.rejected.iter().find(|(rejected, _)| folders.iter().any(|folder| absolute(folder) == Path::new(rejected)))
    {
        return Err(Failure::failed(format!("{folder} is left out: {reason}")));
    }
    let (mut passed, mut failed) = (0, 0);
    for folder in folders {
        for case in cases::read(folder)? {
            match case.difference(&local).await? {
                None => passed += 1,
                Some(became) => {
                    failed += 1;
                    show_difference(shown, &case, &became);
                }
            }
        }
    }
    if shown.json {
        Shown::print_json(&json!({ "passed": passed, "failed": failed }));
    } else {
        print_line(format_args!("{passed} of {} sentences became what is written beside them.", passed + failed));
    }
    Ok(ExitCode::from(if failed > 0 { 5 } else { 0 }))
}

fn show_difference(shown: Shown, case: &cases::Case, became: &str) {
    if shown.json {
        Shown::print_json(&json!({ "say": case.say, "wanted": case.wanted(), "became": became }));
        return;
    }
    print_line(format_args!("{} {}", shown.paint(Look::Bad, "✗"), shown.paint(Look::Bold, &case.say)));
    print_line(format_args!("    wanted  {}", case.wanted()));
    print_line(format_args!("    became  {became}"));
}
