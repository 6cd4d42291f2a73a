//! The commands by name: what the user typed to the code that does it.

mod prepare;
mod tokenizer;

use clap::{Parser, Subcommand};

/// Turns text into the models that Steward runs: offline, on a processor or a GPU.
#[derive(Parser)]
#[command(name = "steward-tune", version)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Clean, redact, deduplicate, split and mix text into shards.
    Prepare(prepare::Arguments),
    /// Train a tokenizer, or report on one.
    Tokenizer(tokenizer::Arguments),
}

impl CommandLine {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Prepare(arguments) => prepare::run(arguments),
            Command::Tokenizer(arguments) => tokenizer::run(arguments),
        }
    }
}
