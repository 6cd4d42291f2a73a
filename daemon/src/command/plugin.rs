//! `steward plugin`: list what runs, check a folder.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use plugins::catalogue::Plugin;
use plugins::lint::{self, Finding};
use plugins::vss::Vss;
use serde_json::{Value as Json, json};

use super::show::{Look, Shown, list, print_line, text};
use super::{Failure, Folders, General, layout};

/// Plugins
#[derive(Subcommand)]
pub(super) enum PluginCommand {
    /// Every plugin of the daemon with its state
    List,
    /// Check plugin folders against the format, themselves and the catalogue of signals
    Lint {
        /// Folders with a plugin.toml
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        #[command(flatten, next_help_heading = "Folders to check against")]
        against: Box<Folders>,
    },
}

/// Does it.
pub(super) async fn run(general: &General, command: PluginCommand) -> Result<ExitCode, Failure> {
    let shown = general.shown();
    match command {
        PluginCommand::List => show_plugins(shown, &general.client().await?.plugins().await?),
        PluginCommand::Lint { folders, against } => check(shown, &folders, &against),
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

fn print_findings(shown: Shown, folder: &std::path::Path, findings: &[Finding]) {
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
