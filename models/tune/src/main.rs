//! `steward-tune`: the command line. Each command lives in a file of its own below `command/`.

mod command;

use clap::Parser;

fn main() -> anyhow::Result<()> {
    command::CommandLine::parse().run()
}
