//! The assistant in this very process, with a simulated car: no bus, no daemon.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use assistant::reply::Meaning;
use assistant::{AskOptions, Assistant, Session};
use indicatif::{ProgressBar, ProgressStyle};
use plugins::local::Local as LocalPlugins;
use plugins::simulator::Simulator;
use plugins::zone::Zone;
use serde_json::Value as Json;
use tokio::sync::Mutex;

use super::{Failure, Layout};
use crate::client::Telling;
use crate::desk::DEADLINE;
use crate::parts::{self, Doors, Loaded, Order};
use crate::status::Status;

/// An assistant, one conversation with it, and its car.
pub(super) struct Local {
    assistant: Arc<Assistant>,
    session: Mutex<Session>,
    turns: AtomicU64,
    /// The car.
    pub(super) car: Simulator,
    /// What is missing.
    pub(super) status: Status,
}

impl Local {
    /// Loads everything. The first time, the plugins' phrases take seconds to become vectors.
    pub(super) async fn start(layout: Layout) -> Result<Local, Failure> {
        let loading = tokio::task::spawn_blocking(move || load(layout)).await;
        loading.unwrap_or_else(|_| Err(Failure::failed("loading broke; the lines above say where")))
    }

    /// One utterance.
    pub(super) async fn ask(&self, text: &str, telling: &Telling) -> Result<Json, Failure> {
        let mut session = self.session.lock().await;
        let options = self.options(telling)?;
        let reply = tokio::time::timeout(DEADLINE, self.assistant.ask(&mut session, text, &options)).await;
        json(reply.map_err(|_| Failure::failed("the turn was not through in a minute"))?)
    }

    /// Takes back what the last turn did.
    pub(super) async fn undo(&self, telling: &Telling) -> Result<Json, Failure> {
        let mut session = self.session.lock().await;
        json(self.assistant.undo(&mut session, &self.options(telling)?).await)
    }

    /// Why a turn came out as it did.
    pub(super) fn explain(&self, turn: u64) -> Result<Json, Failure> {
        self.assistant.explain(turn).ok_or_else(|| Failure::failed(format!("nothing is remembered of turn {turn}")))
    }

    /// What a sentence means, without doing it.
    pub(super) async fn understand(&self, text: &str, telling: &Telling) -> Result<Meaning, Failure> {
        Ok(self.assistant.understand(text, &self.options(telling)?).await)
    }

    fn options(&self, telling: &Telling) -> Result<AskOptions, Failure> {
        let zone = telling.zone.as_deref().map_or(Ok(Zone::Driver), str::parse);
        Ok(AskOptions {
            turn: self.turns.fetch_add(1, Ordering::Relaxed) + 1,
            language: telling.language.clone().unwrap_or_default(),
            zone: zone.map_err(|error| Failure::wrong_use(error.to_string()))?,
            alternatives: Vec::new(),
            caller: String::new(),
            events: None,
        })
    }
}

fn load(layout: Layout) -> Result<Local, Failure> {
    let Layout { config, simulator } = layout;
    let rules = parts::rules(&config).map_err(|error| Failure::wrong_use(error.to_string()))?;
    let state = config.state.clone();
    let (hand_out, car) = std::sync::mpsc::channel();
    let doors = Box::new(move |catalogue: &_, vss: &Arc<_>| {
        let car = Simulator::load(vss, &simulator).map_err(|error| error.to_string())?;
        // The other end is held until everything is loaded.
        let _ = hand_out.send(car.clone());
        let vehicle = Arc::new(car);
        let plugins = LocalPlugins::with_state(catalogue, Arc::clone(vss), vehicle.clone(), Some(&state));
        Ok(Doors { plugins: Arc::new(plugins), vehicle })
    });
    let bar = phrases_bar();
    let Loaded { assistant, status, .. } = parts::load(Order { config, rules, doors }, |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let missing = || status.missing.get("assistant").cloned().unwrap_or_else(|| "there is no assistant".to_owned());
    let assistant = assistant.ok_or_else(|| Failure::failed(missing()))?;
    let car = car.recv().map_err(|_| Failure::failed("there is no simulated car"))?;
    Ok(Local { assistant, session: Mutex::default(), turns: AtomicU64::new(0), car, status })
}

fn phrases_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  learning phrases {bar:30} {pos}/{len} {eta}");
    ProgressBar::no_length().with_style(style.expect("the template is legal"))
}

fn json(reply: assistant::reply::Reply) -> Result<Json, Failure> {
    serde_json::to_value(reply).map_err(Failure::failed)
}
