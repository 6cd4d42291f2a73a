//! The command line: what can be typed, and the way to what it does.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::client::{Client, Telling};
use crate::config::{Bus, Config};

mod ask;
mod bundle;
mod chat;
mod daemon;
mod failure;
mod knowledge;
mod layout;
mod local;
mod plugin;
mod show;
mod talk;
mod vehicle;

pub use failure::Failure;
use layout::{Folders, Layout};
use show::Shown;

const EXIT_HELP: &str = "Exit status: 0 done or answered, 2 wrong use, 3 refused or waiting for a confirmation, 4 not understood or \
asked back, 5 failed, 6 daemon not reachable.";

/// Talks to Steward, the voice assistant of the car.
#[derive(Parser)]
#[command(name = "steward", version, after_help = EXIT_HELP, max_term_width = 110)]
struct Arguments {
    #[command(flatten)]
    general: General,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args)]
struct General {
    /// Print JSON with the keys of the D-Bus dictionaries
    #[arg(long, global = true)]
    json: bool,
    /// The message bus [default: the one in /etc/steward/steward.toml, else session]
    #[arg(long, global = true, value_enum, value_name = "BUS")]
    bus: Option<BusName>,
}

#[derive(Clone, Copy, ValueEnum)]
enum BusName {
    Session,
    System,
}

#[derive(Subcommand)]
enum Command {
    /// Ask one thing, or every line of the standard input
    Ask(ask::Ask),
    /// Hold a conversation
    Chat(chat::Chat),
    /// What the daemon says about itself
    Status,
    /// Why a turn came out as it did
    Explain {
        /// Number of the turn
        turn: u64,
    },
    /// Everything that can be said
    Catalogue {
        /// Language of the sentences
        #[arg(long, short, value_parser = ["en", "zh"], default_value = "en")]
        language: String,
        /// Only these plugins
        plugins: Vec<String>,
    },
    /// Stop everything that this user has under way
    Stop,
    /// Take back what the last question of this user did
    Undo(Told),
    /// Plugins: list, check, begin a new one
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Vehicle signals: read, set, watch
    #[command(subcommand)]
    Vehicle(vehicle::VehicleCommand),
    /// What the car knows: search it, list it, build it, sign it, install it
    #[command(subcommand)]
    Knowledge(knowledge::KnowledgeCommand),
}

/// Who speaks, in which language.
#[derive(Args, Clone, Default)]
struct Told {
    /// Language of the question [default: find out]
    #[arg(long, short, value_parser = ["en", "zh"])]
    language: Option<String>,
    /// Who speaks [default: driver]
    #[arg(long, short, value_parser = ["driver", "passenger", "rear-left", "rear-middle", "rear-right"])]
    zone: Option<String>,
}

impl Told {
    fn telling(&self) -> Telling {
        Telling { language: self.language.clone(), zone: self.zone.clone() }
    }
}

impl General {
    fn shown(&self) -> Shown {
        let terminal = std::io::stdout().is_terminal();
        Shown { json: self.json, terminal, color: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    async fn client(&self) -> Result<Client, Failure> {
        Ok(Client::connect(self.bus()?).await?)
    }

    /// For calls that read gigabytes.
    async fn patient_client(&self) -> Result<Client, Failure> {
        Ok(Client::connect_patiently(self.bus()?).await?)
    }

    fn bus(&self) -> Result<Bus, Failure> {
        Ok(match self.bus {
            Some(BusName::Session) => Bus::Session,
            Some(BusName::System) => Bus::System,
            None => Config::load(None).map_err(|error| Failure::wrong_use(error.to_string()))?.bus,
        })
    }
}

/// Does what the arguments say. Whatever goes wrong is one sentence on the standard error.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    if arguments.iter().any(|argument| argument.to_str().is_none()) {
        eprintln!("steward: an argument is not UTF-8 text; write it in UTF-8.");
        return ExitCode::from(2);
    }
    let matches = match Arguments::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => error.exit(),
    };
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("steward: no threads can be started: {error}.");
            return ExitCode::from(5);
        }
    };
    let outcome = runtime.block_on(dispatch(arguments));
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    outcome.unwrap_or_else(|failure| {
        eprintln!("steward: {failure}");
        ExitCode::from(failure.status)
    })
}

async fn dispatch(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Arguments { general, command } = arguments;
    let shown = general.shown();
    match command {
        Command::Ask(ask) => ask::run(&general, ask).await,
        Command::Chat(chat) => chat::run(&general, chat).await,
        Command::Status => daemon::status(&general.client().await?, shown).await,
        Command::Explain { turn } => daemon::explain(&general.client().await?, shown, turn).await,
        Command::Catalogue { language, plugins } => daemon::catalogue(&general.client().await?, shown, &language, &plugins).await,
        Command::Stop => daemon::stop(&general.client().await?, shown).await,
        Command::Undo(told) => daemon::undo(&general.client().await?, shown, &told.telling()).await,
        Command::Plugin(command) => plugin::run(&general, command).await,
        Command::Vehicle(command) => vehicle::run(&general, command).await,
        Command::Knowledge(command) => knowledge::run(&general, command).await,
    }
}

/// The folders of this checkout or installation, with what the command line says instead.
fn layout(folders: &Folders) -> Result<Layout, Failure> {
    Layout::find(folders).map_err(Failure::wrong_use)
}

/// A folder that was named, made absolute, so that a message about it can be followed from anywhere.
fn absolute(path: &PathBuf) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_description() {
        for command in Arguments::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }
}
