//! `steward policy`: which rule decides what, for a request and a state of the car. Works in this process with a simulated car, so that
//! any state can be tried and nothing is set.

use std::process::ExitCode;
use std::time::Duration;

use assistant::reply::{JudgedCommand, Judgement};
use clap::Subcommand;
use plugins::simulator::Fault;
use plugins::value::{Value, Values};
use serde_json::json;

use super::local::Local;
use super::show::{Look, Shown, print_line};
use super::vehicle::assignment;
use super::{Failure, Folders, General, Told, layout};

/// A signal that is stale was confirmed longer ago than rules rely on.
const STALE: Duration = Duration::from_secs(60);

/// Rules
#[derive(Subcommand)]
pub(super) enum PolicyCommand {
    /// Tell which rules decide about a request, without doing it
    Explain {
        /// What is asked, as it would be said
        request: String,
        /// A signal of the car, such as Vehicle.Speed=50; unknown and stale are values too [may be given several times]
        #[arg(long, value_name = "PATH=VALUE")]
        state: Vec<String>,
        #[command(flatten)]
        told: Told,
        #[command(flatten, next_help_heading = "Folders of the assistant")]
        folders: Box<Folders>,
    },
}

/// Does it.
pub(super) async fn run(general: &General, command: PolicyCommand) -> Result<ExitCode, Failure> {
    let PolicyCommand::Explain { request, state, told, folders } = command;
    let state = state.iter().map(|pair| assignment(pair)).collect::<Result<Values, _>>()?;
    let local = Local::start(layout(&folders)?).await?;
    state.into_iter().try_for_each(|(path, value)| put(&local, path, value))?;
    let judgement = local.judge(&request, &told.telling()).await?;
    let shown = general.shown();
    if shown.json {
        Shown::print_json(&json!(judgement));
    } else {
        print(shown, &judgement);
    }
    Ok(ExitCode::from(status_of(&judgement)))
}

fn put(local: &Local, path: String, value: Value) -> Result<(), Failure> {
    let wrong = |error: plugins::simulator::SimulatorError| Failure::wrong_use(format!("--state: {error}"));
    match value.text() {
        Some("unknown") => local.car.fault(&path, Some(Fault::Absent)).map_err(wrong),
        Some("stale") => local.car.fault(&path, Some(Fault::stale(STALE))).map_err(wrong),
        _ => local.car.force(&Values::from([(path, value)])).map_err(wrong),
    }
}

/// The exit status of the contract: what an `ask` would come to.
fn status_of(judgement: &Judgement) -> u8 {
    let has = |verdicts: &[&str]| judgement.commands.iter().any(|command| verdicts.contains(&command.verdict.as_str()));
    if has(&["deny", "confirm", "impossible"]) {
        3
    } else if judgement.commands.is_empty() || judgement.contradiction.is_some() || !judgement.leftover.is_empty() || has(&["missing"]) {
        4
    } else {
        0
    }
}

fn print(shown: Shown, judgement: &Judgement) {
    judgement.commands.iter().for_each(|command| print_command(shown, command));
    if let Some((earlier, later)) = judgement.contradiction {
        print_line(format_args!("commands {} and {} contradict each other: it is asked which one is meant", earlier + 1, later + 1));
    }
    if !judgement.leftover.is_empty() {
        print_line(format_args!("{}  {}", shown.paint(Look::Careful, "not understood"), judgement.leftover));
    } else if judgement.commands.is_empty() {
        print_line("No command was understood, so no rule was asked.");
    }
}

fn print_command(shown: Shown, command: &JudgedCommand) {
    let look = |outcome: &str| match outcome {
        "allow" | "confirmed" => Look::Good,
        "confirm" | "missing" => Look::Careful,
        _ => Look::Bad,
    };
    let arguments: Vec<String> = command.arguments.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let name = shown.paint(Look::Bold, &format!("{} · {}", command.plugin, command.action));
    print_line(format_args!("{name}  {}  {}", arguments.join(", "), shown.paint(look(&command.verdict), &command.verdict)));
    for decision in &command.decisions {
        let signal = |(path, value): (&String, &Option<Value>)| {
            format!("{path} {}", value.as_ref().map_or_else(|| "unknown".to_owned(), Value::to_string))
        };
        let signals: Vec<String> = decision.signals.iter().map(signal).collect();
        let outcome = shown.paint(look(decision.outcome), &format!("{:9}", decision.outcome));
        print_line(format_args!("  {outcome} {}  {}", decision.rule, shown.paint(Look::Dim, &signals.join(", "))));
    }
    for (path, value) in &command.writes {
        print_line(format_args!("  sets      {path} = {value}"));
    }
    command.open.iter().for_each(|path| print_line(format_args!("  sets      {path} to what the plugin decides")));
    if !command.say.is_empty() {
        print_line(format_args!("  says      {}", command.say));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(verdicts: &[&str], leftover: &str) -> Judgement {
        let command = |verdict: &&str| JudgedCommand {
            plugin: "trunk".into(),
            action: "open".into(),
            arguments: Values::new(),
            risk: "parked".into(),
            writes: Values::new(),
            open: Vec::new(),
            verdict: (*verdict).to_owned(),
            say: String::new(),
            decisions: Vec::new(),
        };
        let commands = verdicts.iter().map(command).collect();
        Judgement { commands, contradiction: None, language: "en".into(), leftover: leftover.to_owned() }
    }

    #[test]
    fn the_exit_status_is_what_asking_would_come_to() {
        let of = |verdicts: &[&str], leftover: &str| status_of(&judgement(verdicts, leftover));
        assert_eq!((of(&["allow", "allow"], ""), of(&["allow", "deny"], ""), of(&["confirm"], "")), (0, 3, 3));
        assert_eq!((of(&[], "hm"), of(&["missing"], ""), of(&["allow"], "hm"), of(&["impossible"], "")), (4, 4, 4, 3));
        let contradiction = Judgement { contradiction: Some((0, 1)), ..judgement(&["allow", "allow"], "") };
        assert_eq!(status_of(&contradiction), 4);
    }
}
