//! `stewardd`: the voice assistant as a service on the message bus.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use sd_notify::NotifyState;
use steward_daemon::arguments::Arguments;
use steward_daemon::bus::{Canary, Serving, serve};
use steward_daemon::config::Config;
use steward_daemon::parts;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How long ending may take: what is still at work then is left behind.
const PATIENCE: Duration = Duration::from_millis(1000);

/// Exit status for a configuration that cannot be used.
const WRONG_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match checked(&arguments) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("stewardd: {error}");
            return ExitCode::from(WRONG_CONFIGURATION);
        }
    };
    if arguments.check_config {
        println!("The configuration is fine.");
        return ExitCode::SUCCESS;
    }
    log_to_stderr(&config.level);
    tell_only_where_panics_are();
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stewardd: {error}");
            ExitCode::FAILURE
        }
    }
}

fn checked(arguments: &Arguments) -> Result<Config> {
    let config = Config::load(arguments.config.as_deref())?;
    parts::rules(&config).map(|_| config).map_err(Into::into)
}

fn run(config: Config) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads can be started")?;
    let outcome = runtime.block_on(serve_until_told(config));
    runtime.shutdown_timeout(PATIENCE);
    outcome
}

async fn serve_until_told(config: Config) -> Result<()> {
    // Caught before anything is started, so that a signal at any moment ends us cleanly.
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be caught")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be caught")?;
    let serving = tokio::select! {
        serving = serve(config) => serving?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let canary = match sd_notify::watchdog_enabled() {
        Some(limit) => Some((serving.canary().await.context("the watchdog cannot be fed")?, limit)),
        None => None,
    };
    tokio::spawn(tell_systemd(serving.desk.watch_status(), canary));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = serving.disconnected() => anyhow::bail!("the message bus has gone"),
    }
    stop(serving).await;
    Ok(())
}

async fn stop(serving: Serving) {
    tracing::info!("ending");
    notify(&[NotifyState::Stopping]);
    let _ = tokio::time::timeout(Duration::from_millis(300), serving.stop()).await;
}

/// Says when everything is loaded, and from then on, as long as sentences are understood, that they are.
async fn tell_systemd(status: tokio::sync::watch::Receiver<steward_daemon::status::Status>, canary: Option<(Canary, Duration)>) {
    tell_when_loaded(status).await;
    let Some((mut canary, limit)) = canary else { return };
    // Three tries within the limit, so that one slow answer on a busy machine is no reason to be started anew.
    let pause = limit / 3;
    loop {
        let next = tokio::time::Instant::now() + pause;
        if canary.sings(pause).await {
            notify(&[NotifyState::Watchdog]);
        }
        tokio::time::sleep_until(next).await;
    }
}

async fn tell_when_loaded(mut status: tokio::sync::watch::Receiver<steward_daemon::status::Status>) {
    if let Ok(status) = status.wait_for(|status| status.loaded).await {
        notify(&[NotifyState::Ready, NotifyState::Status(status.name())]);
    }
}

/// Tells systemd; without it nobody listens, and that is fine.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd could not be told");
    }
}

/// A panic's message may quote what somebody said, so it is logged for those who look for a fault and nowhere else.
fn tell_only_where_panics_are() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a part of the program broke");
        tracing::debug!(%panic, "its own words");
    }));
}

/// The bus library's own lines are about messages, which hold what people say, so they are left out at every level. ONNX Runtime
/// greets at length.
fn log_to_stderr(level: &str) {
    let filter = EnvFilter::new(format!("{level},zbus=warn,ort=warn"));
    let terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).with_ansi(terminal).init();
}
