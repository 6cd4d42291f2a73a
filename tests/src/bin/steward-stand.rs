//! `steward-stand`: the whole product on a private bus, for a demonstration, for a person, for other programs, or to be measured.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use steward_tests::conversation::{Printer, play};
use steward_tests::parent::Parent;
use steward_tests::script::Script;
use steward_tests::{Car, Checkout, Options, Stand, bench};
use tokio::signal::unix::{SignalKind, signal};

/// Starts Steward with a simulated car on a private bus.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// More plugins: a plugin's folder, or a folder of such; may be given several times
    #[arg(long, value_name = "DIR", global = true)]
    plugins: Vec<PathBuf>,
    #[command(subcommand)]
    command: Mode,
}

#[derive(Subcommand)]
enum Mode {
    /// Hold a scripted conversation; succeeds only if every turn comes out as the script expects
    Demo {
        /// Another script than tests/demo.toml
        #[arg(long)]
        script: Option<PathBuf>,
    },
    /// Talk to the car yourself
    Chat,
    /// Serve other programs until interrupted; prints the bus address when ready
    Serve,
    /// Measure
    Bench,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let work = run(arguments);
    // The signals are caught before anything is started, so that whenever one comes, the stand is dropped and leaves nothing behind.
    let outcome = tokio::select! {
        outcome = work => outcome,
        interrupted = interruption() => interrupted,
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("steward-stand: {error:#}");
        ExitCode::FAILURE
    })
}

async fn run(arguments: Arguments) -> Result<ExitCode> {
    let options = options(arguments.plugins)?;
    match arguments.command {
        Mode::Demo { script } => demo(options, script).await,
        Mode::Chat => chat(options).await,
        Mode::Serve => serve(options).await,
        Mode::Bench => bench::run(&start(options).await?).await.map(|()| ExitCode::SUCCESS),
    }
}

/// The checkout's plugins, and those that were named.
fn options(more: Vec<PathBuf>) -> Result<Options> {
    let shipped = Checkout::find()?.path("plugins");
    // The bus starts plugins from another folder.
    let more = more.iter().map(std::path::absolute).collect::<std::io::Result<Vec<_>>>()?;
    Ok(Options { plugins: Some(std::iter::once(shipped).chain(more).collect()), ..Options::default() })
}

/// SIGINT, SIGTERM, SIGHUP, or the end of the `make` that started us.
async fn interruption() -> Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let parent = Parent::now();
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        () = parent.leaving() => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(options: Options) -> Result<Stand> {
    let say = |what: &str| eprintln!("steward-stand: {what}");
    Stand::start(&Options { progress: say, ..options }).await
}

async fn demo(options: Options, script: Option<PathBuf>) -> Result<ExitCode> {
    let file = script.map_or_else(|| Checkout::find().map(|checkout| checkout.path("tests/demo.toml")), Ok)?;
    let script = Script::read(&file)?;
    let stand = start(options).await?;
    let car = Car::connect(stand.client()).await?;
    let mut session = stand.client().open().await?;
    let printer = Printer::default();
    println!();
    let wrong = play(&script, &mut session, &car, &mut |number, turn, played| printer.turn(number, turn, played)).await?;
    let all = script.turns.len();
    println!("{} of {all} turns came out as expected.", all - wrong);
    drop((session, car));
    stand.stop();
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn chat(options: Options) -> Result<ExitCode> {
    let state = Checkout::find()?.made("state");
    let stand = start(Options { state: Some(state), ..options }).await?;
    let mut command = tokio::process::Command::from(stand.command("steward")?);
    // Without a process group of its own it keeps the terminal, and Ctrl-C is its own to handle.
    let status = command.arg("chat").kill_on_drop(true).status().await.context("steward does not start")?;
    stand.stop();
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn serve(options: Options) -> Result<ExitCode> {
    let stand = start(options).await?;
    let (status, detail) = stand.client().status().await?;
    if status != "ready" {
        anyhow::bail!("the daemon is {status}: {detail}");
    }
    println!("DBUS_SESSION_BUS_ADDRESS={}", stand.address());
    std::io::stdout().flush()?;
    eprintln!("steward-stand: serving; interrupt to stop");
    // Held until `main` drops this future because of a signal.
    watch(stand).await
}

async fn watch(mut stand: Stand) -> Result<ExitCode> {
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        if let Some(status) = stand.daemon().ended() {
            anyhow::bail!("stewardd ended ({status}): {}", stand.daemon().log_end(8));
        }
    }
}
