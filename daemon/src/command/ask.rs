//! `steward ask`: one thing, or every line of the standard input.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value as Json;

use super::local::Local;
use super::show::{self, Shown, asks_back, print_line, print_piece, status_of};
use super::{Failure, Folders, General, Told, layout};
use crate::client::{Client, Telling};

/// Ask one thing, or every line of the standard input
#[derive(Args)]
pub(super) struct Ask {
    /// What to say; without it, every line of the standard input
    text: Vec<String>,
    #[command(flatten)]
    told: Told,
    /// Run the assistant in this process with a simulated car; needs no bus and no daemon
    #[arg(long)]
    local: bool,
    /// Show what was done, and why the answer is what it is
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten, next_help_heading = "Folders for --local")]
    folders: Folders,
}

/// Who answers.
enum Answerer {
    Daemon(Client),
    Here(Box<Local>),
}

impl Answerer {
    async fn ask(&self, text: &str, telling: &Telling) -> Result<Json, Failure> {
        match self {
            Answerer::Daemon(client) => Ok(client.ask(text, telling).await?),
            Answerer::Here(local) => local.ask(text, telling).await,
        }
    }
}

/// Asks.
pub(super) async fn run(general: &General, ask: Ask) -> Result<ExitCode, Failure> {
    let Ask { text, told, local, verbose, folders } = ask;
    let answerer = match local {
        true => Answerer::Here(Box::new(Local::start(layout(&folders)?).await?)),
        false => Answerer::Daemon(general.client().await?),
    };
    let asking = Asking { answerer, telling: told.telling(), shown: general.shown(), verbose };
    let status = if text.is_empty() { asking.lines().await? } else { asking.one(&text.join(" ")).await? };
    Ok(ExitCode::from(status))
}

struct Asking {
    answerer: Answerer,
    telling: Telling,
    shown: Shown,
    verbose: bool,
}

impl Asking {
    /// Asks one thing; a person at a terminal may answer when it is asked back.
    async fn one(&self, text: &str) -> Result<u8, Failure> {
        let mut reply = self.answerer.ask(text, &self.telling).await?;
        self.print(&reply);
        while asks_back(&reply) && !self.shown.json && self.shown.terminal && std::io::stdin().is_terminal() {
            let Some(line) = prompt()? else { break };
            reply = self.answerer.ask(&line, &self.telling).await?;
            self.print(&reply);
        }
        Ok(status_of(&reply))
    }

    /// Asks every line, in one conversation. The status is the last one that is not 0.
    async fn lines(&self) -> Result<u8, Failure> {
        let mut status = 0;
        let mut lines = Lines::default();
        while let Some(line) = lines.next()? {
            let reply = self.answerer.ask(&line, &self.telling).await?;
            self.print(&reply);
            status = match status_of(&reply) {
                0 => status,
                other => other,
            };
        }
        Ok(status)
    }

    fn print(&self, reply: &Json) {
        if self.shown.json {
            Shown::print_json(reply);
        } else if self.shown.terminal || self.verbose {
            let writes: Vec<String> = show::list(reply, "actions").iter().flat_map(|action| show::pairs(&action["writes"])).collect();
            print_piece(self.shown.reply(reply, if self.verbose { &writes } else { &[] }, None));
        } else {
            print_line(show::text(reply, "text"));
            for option in show::list(reply, "options") {
                print_line(format_args!("- {}", show::text(option, "label")));
            }
        }
    }
}

/// Lines of the standard input that are not empty.
#[derive(Default)]
struct Lines {
    number: usize,
}

impl Lines {
    fn next(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_until(b'\n', &mut bytes);
            if read.map_err(|error| Failure::failed(format!("the standard input cannot be read: {error}")))? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let wrong = |_| Failure::wrong_use(format!("line {} of the standard input is not UTF-8 text", self.number));
            let line = String::from_utf8(bytes).map_err(wrong)?;
            if !line.trim().is_empty() {
                return Ok(Some(line.trim().to_owned()));
            }
        }
    }
}

fn prompt() -> Result<Option<String>, Failure> {
    print_piece("> ");
    Lines::default().next()
}
