//! Holds a scripted conversation with the assistant, as any client would, and compares every turn with the script.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use zbus::Variant;

use crate::car::{Car, Signals};
use crate::client::Conversation;
use crate::script::{Script, Turn};

/// How a turn went.
#[derive(Debug)]
pub struct Played {
    /// The reply.
    pub reply: Value,
    /// Signals that changed meanwhile.
    pub changed: Signals,
    /// From saying it to its reply.
    pub took: Duration,
    /// What is not as the script expects.
    pub complaints: Vec<String>,
}

/// Plays a script in one session; `watch` is called after each turn. Returns the number of turns that came out differently.
///
/// # Errors
/// The bus, the daemon or the car does not answer.
pub async fn play(script: &Script, session: &mut Conversation, car: &Car, watch: &mut dyn FnMut(usize, &Turn, &Played)) -> Result<usize> {
    let mut wrong = 0;
    let mut last = 0;
    for (index, turn) in script.turns.iter().enumerate() {
        let played = one(turn, last, session, car).await.with_context(|| format!("turn {}, {:?}", index + 1, turn.say))?;
        last = played.reply["turn"].as_u64().unwrap_or(last);
        wrong += usize::from(!played.complaints.is_empty());
        watch(index + 1, turn, &played);
    }
    Ok(wrong)
}

async fn one(turn: &Turn, last: u64, session: &mut Conversation, car: &Car) -> Result<Played> {
    if !turn.state.is_empty() {
        car.force(&turn.state).await?;
        // What was forced is not what the turn changed, so it has to be in the record first.
        settle(car).await?;
    }
    let mark = car.mark();
    let start = Instant::now();
    let reply = happen(turn, last, session).await?;
    let took = start.elapsed();
    let paths: Vec<&str> = turn.expect.signals.keys().map(String::as_str).collect();
    let signals = car.read(&paths).await?;
    settle(car).await?;
    let complaints = turn.expect.complaints(&reply, &signals);
    Ok(Played { reply, changed: car.since(mark), took, complaints })
}

async fn happen(turn: &Turn, last: u64, session: &mut Conversation) -> Result<Value> {
    if turn.undo {
        return Ok(session.undo().await?);
    }
    if let Some(answer) = &turn.answer {
        let next = session.answer(last, answer_variant(answer)?).await?;
        return session.reply(next).await;
    }
    let mut options: Vec<(&str, Variant<'static>)> = Vec::new();
    options.extend(turn.zone.clone().map(|zone| ("zone", zone.into())));
    options.extend(turn.language.clone().map(|language| ("language", language.into())));
    session.say(&turn.say, &options).await
}

fn answer_variant(answer: &Value) -> Result<Variant<'static>> {
    Ok(match answer {
        Value::Bool(yes) => (*yes).into(),
        Value::Number(number) => u32::try_from(number.as_u64().context("a choice is a whole number")?)?.into(),
        Value::String(words) => words.clone().into(),
        other => bail!("{other} is no answer"),
    })
}

/// Signals reach our record on their own way, a moment after the reply; a round trip to their sender and a breath let them arrive.
async fn settle(car: &Car) -> Result<()> {
    car.read(&["Vehicle.Speed"]).await?;
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(())
}

/// Prints turns for a person, with colors on a terminal only.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    colors: bool,
}

impl Default for Printer {
    fn default() -> Self {
        Printer { colors: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }
}

impl Printer {
    /// What was said, the reply, what changed, how long it took, and what is wrong with it.
    pub fn turn(self, number: usize, turn: &Turn, played: &Played) {
        let who = turn.zone.as_deref().unwrap_or("driver");
        println!("{}", self.paint("2", &format!("{number:2}  {}", turn.shows)));
        if !turn.state.is_empty() {
            println!("    {}", self.paint("2", &format!("before:   {}", lines(&turn.state).collect::<Vec<_>>().join(", "))));
        }
        println!("    {:<9} {}", format!("{who}:"), self.paint("1", &said(turn)));
        println!("    steward:  {}", self.paint("1;36", played.reply["text"].as_str().unwrap_or_default()));
        for (index, signal) in lines(&played.changed).enumerate() {
            println!("    {}  {signal}", if index == 0 { "changed:" } else { "        " });
        }
        println!("    {}", self.paint("2", &self.summary(played)));
        for complaint in &played.complaints {
            println!("    {}", self.paint("1;31", &format!("WRONG: {complaint}")));
        }
        println!();
    }

    fn summary(self, played: &Played) -> String {
        let text = |key: &str| played.reply[key].as_str().unwrap_or_default().to_owned();
        let tier = Some(text("tier")).filter(|tier| !tier.is_empty()).map(|tier| format!(", {tier}")).unwrap_or_default();
        format!("{}{tier}, {:.1} ms", text("kind"), played.took.as_secs_f64() * 1000.0)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colors { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn said(turn: &Turn) -> String {
    match (&turn.answer, turn.undo) {
        (_, true) => "(undo)".to_owned(),
        (Some(answer), _) => format!("(answers {answer})"),
        _ => turn.say.clone(),
    }
}

/// Every path begins with the same word, which says nothing.
fn lines(signals: &Signals) -> impl Iterator<Item = String> {
    signals.iter().map(|(path, value)| format!("{} = {value}", path.strip_prefix("Vehicle.").unwrap_or(path)))
}
