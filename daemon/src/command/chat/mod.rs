//! `steward chat`: a conversation at a prompt, with what changes in the car after every turn.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use plugins::vss::Vss;
use plugins::zone::Zone;
use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use serde_json::Value as Json;

use super::daemon::tree;
use super::layout::state_home;
use super::local::Local;
use super::show::{Look, Shown, asks_back, print_line, print_piece};
use super::talk::Talk;
use super::vehicle::value_of;
use super::{Failure, Folders, General, Told, layout};
use crate::client::Telling;
use dashboard::Dashboard;

mod dashboard;

const HELP: &str = "\
  Say anything, in English or Chinese. When something is asked back, the next line answers.

  /state [WORDS]      signals of the car whose path has all the words; without words, those that changed
  /set PATH VALUE     set a signal, sensors too where the car is simulated: /set Vehicle.Speed 50
  /zone ZONE          who speaks: driver, passenger, rear-left, rear-middle, rear-right
  /language en|zh     language of what follows; /language alone: find out
  /undo               take back what the last turn did
  /explain [TURN]     why it came out as it did
  /help               this
  /quit               leave; so does Ctrl-D. Ctrl-C stops a turn.";

/// Hold a conversation
#[derive(Args)]
pub(super) struct Chat {
    #[command(flatten)]
    told: Told,
    /// Run the assistant in this process with a simulated car; needs no bus and no daemon
    #[arg(long)]
    local: bool,
    /// Keep what is typed in ~/.local/state/steward/history; otherwise it is forgotten
    #[arg(long)]
    history: bool,
    #[command(flatten, next_help_heading = "Folders for --local")]
    folders: Folders,
}

/// Holds a conversation until the person leaves.
pub(super) async fn run(general: &General, chat: Chat) -> Result<ExitCode, Failure> {
    let Chat { told, local, history, folders } = chat;
    let (shown, telling, layout) = (general.shown(), told.telling(), layout(&folders)?);
    let vss = Vss::load(&layout.config.vss).unwrap_or_default();
    let talk = match local {
        true => Talk::Here(Box::new(Local::start(layout).await?)),
        false => Talk::with_daemon(general.client().await?, &telling).await?,
    };
    let dashboard = Dashboard::new(talk.vehicle().await, &vss).await;
    let room = Room { talk, dashboard, telling, shown, last_turn: None, asked_back: false };
    room.hold(Prompt::open(history)?).await
}

/// The prompt.
struct Prompt {
    editor: Editor<(), FileHistory>,
    history: Option<PathBuf>,
}

/// The conversation and what it needs.
struct Room {
    talk: Talk,
    dashboard: Dashboard,
    telling: Telling,
    shown: Shown,
    last_turn: Option<u64>,
    asked_back: bool,
}

impl Room {
    async fn hold(mut self, mut prompt: Prompt) -> Result<ExitCode, Failure> {
        self.greet();
        while let Some(line) = prompt.line(self.prompt()).await? {
            match self.line(line.trim()).await {
                Ok(true) => {}
                Ok(false) => break,
                // One turn that fails is no reason to end the conversation.
                Err(failure) if failure.status != 6 => print_line(format_args!("  {}", self.shown.paint(Look::Bad, &failure.to_string()))),
                Err(failure) => return Err(failure),
            }
        }
        prompt.keep();
        Ok(ExitCode::SUCCESS)
    }

    fn greet(&self) {
        if self.shown.json {
            return;
        }
        print_line(format_args!("{}  /help shows what can be typed, Ctrl-D leaves.", self.shown.paint(Look::Title, "Steward")));
        if let Talk::Here(local) = &self.talk {
            for (what, why) in &local.status.missing {
                print_line(format_args!("  {} {what}: {why}", self.shown.paint(Look::Careful, "missing")));
            }
        }
    }

    fn prompt(&self) -> String {
        let zone = self.telling.zone.as_deref().unwrap_or("driver");
        if self.asked_back { format!("{zone}, answering> ") } else { format!("{zone}> ") }
    }

    /// Does what a line says; whether the conversation goes on.
    async fn line(&mut self, line: &str) -> Result<bool, Failure> {
        let Some(command) = line.strip_prefix('/') else {
            if !line.is_empty() {
                self.say(line).await?;
            }
            return Ok(true);
        };
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match name {
            "quit" | "exit" | "q" => return Ok(false),
            "help" | "h" | "?" => print_line(HELP),
            "state" => print_piece(self.dashboard.state(rest, self.shown).await?),
            "set" => self.set(rest).await?,
            "zone" => self.zone(rest)?,
            "language" => self.language(rest)?,
            "undo" => {
                let begun = Instant::now();
                let reply = self.talk.undo(&self.telling).await?;
                self.show(&reply, begun).await;
            }
            "explain" => self.explain(rest).await?,
            _ => return Err(Failure::wrong_use(format!("/{name} is not known; /help shows what is"))),
        }
        Ok(true)
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.dashboard.catch_up();
        let begun = Instant::now();
        let reply = self.talk.ask(text, &self.telling).await?;
        self.show(&reply, begun).await;
        Ok(())
    }

    async fn show(&mut self, reply: &Json, begun: Instant) {
        let took = begun.elapsed();
        self.last_turn = reply["turn"].as_u64();
        self.asked_back = asks_back(reply);
        let changes = self.dashboard.changes().await;
        if self.shown.json {
            Shown::print_json(reply);
        } else {
            print_line(self.shown.reply(reply, &changes, Some(took)));
        }
    }

    async fn set(&mut self, rest: &str) -> Result<(), Failure> {
        let usage = || Failure::wrong_use("a path and a value are needed: /set Vehicle.Speed 50");
        let (path, value) = rest.split_once(|letter: char| letter == '=' || letter.is_whitespace()).ok_or_else(usage)?;
        let vehicle = self.dashboard.vehicle()?;
        self.talk.set(vehicle.as_ref(), &[(path.trim().to_owned(), value_of(value.trim()))].into()).await?;
        for change in self.dashboard.changes().await {
            print_line(format_args!("  {}", self.shown.paint(Look::Dim, &change)));
        }
        Ok(())
    }

    fn zone(&mut self, name: &str) -> Result<(), Failure> {
        let zone: Zone = name.parse().map_err(|error: plugins::zone::UnknownZone| Failure::wrong_use(error.to_string()))?;
        self.telling.zone = Some(zone.name().to_owned());
        Ok(())
    }

    fn language(&mut self, name: &str) -> Result<(), Failure> {
        self.telling.language = match name {
            "" => None,
            "en" | "zh" => Some(name.to_owned()),
            _ => return Err(Failure::wrong_use("languages are en and zh")),
        };
        Ok(())
    }

    async fn explain(&mut self, rest: &str) -> Result<(), Failure> {
        let said = if rest.is_empty() { self.last_turn } else { rest.parse().ok() };
        let turn = said.ok_or_else(|| Failure::wrong_use("which turn? say something first, or give a number"))?;
        let trace = self.talk.explain(turn).await?;
        if self.shown.json {
            Shown::print_json(&trace);
        } else {
            print_piece(tree(&trace, 1, self.shown));
        }
        Ok(())
    }
}

impl Prompt {
    fn open(history: bool) -> Result<Prompt, Failure> {
        let mut editor = Editor::new().map_err(|error| Failure::failed(format!("the terminal cannot be used: {error}")))?;
        let history = if history { Some(history_file()?) } else { None };
        if let Some(file) = history.as_ref().filter(|file| file.exists()) {
            editor.load_history(file).map_err(|error| Failure::failed(format!("{} cannot be read: {error}", file.display())))?;
        }
        Ok(Prompt { editor, history })
    }

    /// The next line; `None` when the person has left. Reading blocks, so it is done aside.
    async fn line(&mut self, prompt: String) -> Result<Option<String>, Failure> {
        let read = tokio::task::block_in_place(|| self.editor.readline(&prompt));
        match read {
            Ok(line) => {
                // A history that is full forgets by itself.
                let _ = self.editor.add_history_entry(line.as_str());
                Ok(Some(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Some(String::new())),
            Err(ReadlineError::Eof) => Ok(None),
            Err(error) => Err(Failure::failed(format!("the terminal cannot be read: {error}"))),
        }
    }

    fn keep(&mut self) {
        if let Some(file) = &self.history
            && let Err(error) = self.editor.save_history(file)
        {
            eprintln!("steward: {} cannot be written: {error}.", file.display());
        }
    }
}

fn history_file() -> Result<PathBuf, Failure> {
    let folder = state_home().ok_or_else(|| Failure::failed("there is no home folder for the history; leave out --history"))?;
    std::fs::create_dir_all(&folder).map_err(|error| Failure::failed(format!("{} cannot be made: {error}", folder.display())))?;
    Ok(folder.join("history"))
}
