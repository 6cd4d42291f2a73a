//! `steward knowledge keys|sign|verify`: making signed bundles and looking at them, away from any car and any daemon.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use knowledge::update::{Car, Keys, Model, RefusalKind, Report, Signing, UpdateError, sign, verify};
use serde_json::json;

use super::Failure;
use super::show::{Shown, print_line};
use crate::config::Config;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// Signed bundles
#[derive(Subcommand)]
pub(super) enum BundleCommand {
    /// Make the keys of somebody who signs bundles, and the root of trust for cars
    Keys {
        /// The folder to make; it must not exist. Keep it away from cars, but for root.json in it
        folder: PathBuf,
        /// Make the next version of the root of trust in a folder that exists, before the last one ends; cars get it with bundles
        #[arg(long)]
        renew: bool,
        /// Days until the root of trust ends
        #[arg(long, value_name = "DAYS", default_value_t = 3650)]
        days: u64,
    },
    /// Sign a generation that was built: makes a bundle
    Sign {
        /// The generation's folder
        generation: PathBuf,
        /// The bundle to make, a folder, or one file if it ends in .tar.zst; it must not exist
        #[arg(long, short)]
        output: PathBuf,
        /// Folder of keys, as `steward knowledge keys` makes it
        #[arg(long, value_name = "DIR")]
        keys: PathBuf,
        /// The bundle's line: a later bundle takes the place of an earlier one of its line [default: after its name]
        #[arg(long)]
        line: Option<String>,
        /// Version of the metadata, which has to grow [default: the time, in seconds since 1970]
        #[arg(long)]
        version: Option<u64>,
        /// Days until the bundle can no longer be installed
        #[arg(long, value_name = "DAYS", default_value_t = 365)]
        days: u64,
        /// File of golden questions [default: twenty out of the generation]
        #[arg(long, value_name = "FILE")]
        golden: Option<PathBuf>,
    },
    /// Check a bundle as a car would, without installing it
    Verify {
        /// Folder or file of the bundle
        bundle: PathBuf,
        /// The root of trust [default: update.trust of the configuration]
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
        /// Whether it fits this vehicle line [default: any]
        #[arg(long, value_name = "LINE")]
        vehicle: Option<String>,
    },
}

/// Does it.
pub(super) async fn run(shown: Shown, command: BundleCommand) -> Result<ExitCode, Failure> {
    let done = tokio::task::spawn_blocking(move || match command {
        BundleCommand::Keys { folder, renew: false, days } => make_keys(shown, &folder, days),
        BundleCommand::Keys { folder, renew: true, days } => renew_root(shown, &folder, days),
        BundleCommand::Sign { generation, output, keys, line, version, days, golden } => {
            let keys = Keys::read(&keys).map_err(failure)?;
            let (line, golden, expires) = (line.as_deref(), golden.as_deref(), in_days(days));
            let version = version.unwrap_or_else(|| in_days(0));
            make_bundle(shown, &Signing { generation: &generation, keys: &keys, line, version, expires, golden }, &output)
        }
        BundleCommand::Verify { bundle, trust, vehicle } => check(shown, &bundle, trust, vehicle.as_deref()),
    });
    done.await.unwrap_or_else(|_| Err(Failure::failed("it broke; the lines above say where")))
}

/// Opens the folder or file of a bundle.
pub(super) fn open(bundle: &Path) -> Result<File, Failure> {
    File::open(bundle).map_err(|error| Failure::wrong_use(format!("{}: {error}", bundle.display())))
}

fn make_keys(shown: Shown, folder: &Path, days: u64) -> Result<ExitCode, Failure> {
    Keys::generate(folder, in_days(days)).map_err(failure)?;
    let trust = folder.join("root.json");
    if shown.json {
        Shown::print_json(&json!({ "keys": folder, "trust": trust }));
    } else {
        print_line(format_args!("Seven keys are in {}, and the root of trust for cars is {}.", folder.display(), trust.display()));
        print_line("Give root-1.key, root-2.key and root-3.key to three people; signing bundles takes the others.");
    }
    Ok(ExitCode::SUCCESS)
}

fn renew_root(shown: Shown, folder: &Path, days: u64) -> Result<ExitCode, Failure> {
    Keys::renew(folder, in_days(days)).map_err(failure)?;
    let trust = folder.join("root.json");
    if shown.json {
        Shown::print_json(&json!({ "keys": folder, "trust": trust }));
    } else {
        print_line(format_args!(
            "The root of trust in {} is good for {days} days; sign bundles with this folder, and cars learn of it.",
            trust.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn make_bundle(shown: Shown, order: &Signing, output: &Path) -> Result<ExitCode, Failure> {
    let made = sign(order, output).map_err(failure)?;
    if shown.json {
        let row =
            json!({ "line": made.line, "name": made.name, "version": made.version, "golden": made.golden, "metadata": order.version });
        Shown::print_json(&row);
    } else {
        let (name, version, line, golden) = (made.name, made.version, made.line, made.golden);
        print_line(format_args!("{name} {version} is signed as {line}, with {golden} golden questions: {}", output.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn check(shown: Shown, bundle: &Path, trust: Option<PathBuf>, vehicle: Option<&str>) -> Result<ExitCode, Failure> {
    let configured = || Config::load(None).map(|config| config.trust).map_err(|error| Failure::wrong_use(error.to_string()));
    let trust = trust.map_or_else(configured, Ok)?;
    let car = Car { vehicle, model: Model::Any, not_before: 0 };
    let Report { line, name, version, golden, .. } = verify(open(bundle)?.into(), &trust, &car).map_err(failure)?;
    if shown.json {
        Shown::print_json(&json!({ "line": line, "name": name, "version": version, "golden": golden }));
    } else {
        print_line(format_args!(
            "{name} {version} ({line}) is signed by those whom {} trusts, and answered {golden} questions of its own.",
            trust.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Refusals have the exit status of a refusal.
fn failure(error: UpdateError) -> Failure {
    let status = match error.kind() {
        RefusalKind::Untrusted | RefusalKind::Outdated | RefusalKind::Incompatible => 3,
        RefusalKind::TooLarge | RefusalKind::BadRequest => 2,
        _ => 5,
    };
    Failure { sentence: error.to_string(), status }
}

/// Seconds since 1970, some days from now. `SOURCE_DATE_EPOCH` is now, if it is set.
fn in_days(days: u64) -> u64 {
    let said = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|value| value.parse().ok());
    let now = said.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()));
    now.saturating_add(days.saturating_mul(DAY.as_secs()))
}
