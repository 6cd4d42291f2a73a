//! `steward doctor`: looks an installation through and says what to do about each finding. It reads the same configuration as the
//! daemon and opens everything as the daemon does, in this process; then it asks the bus who is there.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::layout::Folders;
use super::show::{Look, Shown, print_line};
use super::{Failure, General, layout};
use crate::config::Config;

mod bus;
mod files;

/// What is looked through.
#[derive(Args)]
pub(super) struct Doctor {
    /// Look through what this configuration names, instead of the checkout's or the installation's own
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Leave the bus out
    #[arg(long)]
    files_only: bool,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Fine,
    /// Works, with less than it could.
    Careful,
    /// Does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Serialize)]
struct Finding {
    /// `configuration`, `library`, `models` and so on.
    check: &'static str,
    level: Level,
    /// What is so.
    text: String,
    /// What to do about it; empty where nothing need be done.
    advice: String,
}

impl Finding {
    fn fine(check: &'static str, text: impl ToString) -> Self {
        Finding { check, level: Level::Fine, text: text.to_string(), advice: String::new() }
    }

    fn careful(check: &'static str, text: impl ToString, advice: &str) -> Self {
        Finding { check, level: Level::Careful, text: text.to_string(), advice: advice.to_owned() }
    }

    fn bad(check: &'static str, text: impl ToString, advice: &str) -> Self {
        Finding { check, level: Level::Bad, text: text.to_string(), advice: advice.to_owned() }
    }
}

/// Looks, tells, and fails when something does not work.
pub(super) async fn run(general: &General, doctor: Doctor) -> Result<ExitCode, Failure> {
    let mut findings = Vec::new();
    match configuration(doctor.config) {
        Ok(config) => {
            findings.push(Finding::fine("configuration", "it can be read"));
            let bus = config.bus;
            let looked = tokio::task::spawn_blocking(move || files::look(&config)).await;
            findings.extend(looked.map_err(|_| Failure::failed("looking at the files broke; the lines above say where"))?);
            if !doctor.files_only {
                findings.extend(bus::look(general, bus).await);
            }
        }
        Err(failure) => findings.push(Finding::bad("configuration", failure, "correct that line; `stewardd --check-config` says the same")),
    }
    tell(&findings, general.shown());
    let bad = findings.iter().any(|finding| finding.level == Level::Bad);
    Ok(if bad { ExitCode::from(5) } else { ExitCode::SUCCESS })
}

/// What was named, else the checkout that this program was built in, else what is installed.
fn configuration(file: Option<PathBuf>) -> Result<Config, Failure> {
    if let Some(file) = file {
        return Config::load(Some(&file)).map_err(|error| Failure::wrong_use(error.to_string()));
    }
    match layout(&Folders::default()) {
        Ok(found) if found.in_checkout => Ok(found.config),
        _ => Config::load(None).map_err(|error| Failure::wrong_use(error.to_string())),
    }
}

fn tell(findings: &[Finding], shown: Shown) {
    if shown.json {
        return Shown::print_json(&serde_json::json!(findings));
    }
    for finding in findings {
        let (mark, look) = match finding.level {
            Level::Fine => ("✓", Look::Good),
            Level::Careful => ("!", Look::Careful),
            Level::Bad => ("✗", Look::Bad),
        };
        print_line(format_args!("{} {}: {}", shown.paint(look, mark), finding.check, finding.text));
        if !finding.advice.is_empty() {
            print_line(format_args!("    {}", finding.advice));
        }
    }
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    print_line(format_args!("{} fine, {} to look at, {} wrong", count(Level::Fine), count(Level::Careful), count(Level::Bad)));
}
