//! Carries out permitted commands and says truthfully what became of them: `done` only after the signals were read back.

use std::time::{Duration, Instant};

use plugins::invoke::{Invocation, Invoke, OutcomeState, PluginError};
use plugins::value::Values;
use plugins::vehicle::Vehicle;
use plugins::writes::Writes;
use tokio::sync::broadcast::error::RecvError;

use crate::policy::Permitted;
use crate::reply::ActionState;

/// What became of one command.
#[derive(Debug, Clone, PartialEq)]
pub struct Acted {
    /// The state to report.
    pub state: ActionState,
    /// The plugin's or the vehicle's own words when it is not done.
    pub reason: String,
    /// A sentence of the plugin that replaces the manifest's.
    pub text: String,
    /// Values for the sentence's slots.
    pub values: Values,
    /// Signals as they were before.
    pub before: Values,
    /// Everything that was set, what the plugin's program decided included.
    pub writes: Values,
}

/// Who asks, for the plugin's context.
#[derive(Debug, Clone)]
pub struct Asker<'a> {
    /// Number of the turn.
    pub turn: u64,
    /// Who speaks.
    pub zone: &'a str,
    /// `zh` or `en`.
    pub language: &'a str,
    /// The caller's bus name.
    pub caller: &'a str,
}

/// The doors that acting needs.
pub struct Doors<'a> {
    /// The way to the plugins.
    pub plugins: &'a dyn Invoke,
    /// The car.
    pub vehicle: &'a dyn Vehicle,
}

/// The signals that a command may set, as they are now. To be written down before acting, so that a turn that is cut off halfway can
/// still be undone.
pub async fn before(writes: &Writes, vehicle: &dyn Vehicle) -> Values {
    let mut paths: Vec<String> = writes.values.keys().cloned().collect();
    paths.extend(writes.open.iter().cloned());
    read(vehicle, &paths).await
}

/// Calls the plugin, then waits until the signals read as wished or the action's deadline is over. `before`: see [`before`]. The
/// permission is used up, whatever comes of it.
pub async fn act(permitted: Permitted, before: Values, deadline_ms: u32, asker: &Asker<'_>, doors: &Doors<'_>) -> Acted {
    let started = Instant::now();
    let deadline = Duration::from_millis(u64::from(deadline_ms));
    let mut changes = doors.vehicle.changes();
    let command = permitted.command();
    let invocation = Invocation {
        plugin: command.plugin.clone(),
        action: command.action.clone(),
        arguments: command.arguments.clone(),
        turn: asker.turn,
        zone: asker.zone.to_owned(),
        language: asker.language.to_owned(),
        deadline_ms,
        caller: asker.caller.to_owned(),
    };
    let outcome = match doors.plugins.invoke(&invocation).await {
        Ok(outcome) => outcome,
        Err(error) => return not_done(state_of(&error), error.to_string(), before, &permitted),
    };
    let mut acted = Acted {
        state: ActionState::Done,
        reason: outcome.reason,
        text: outcome.text,
        values: outcome.values,
        before,
        writes: permitted.writes().values.clone(),
    };
    if let Some(path) = outcome.writes.keys().find(|path| !permitted.writes().open.contains(path) && !acted.writes.contains_key(*path)) {
        acted.state = ActionState::Failed;
        acted.reason = format!("the plugin {} set {path}, which its manifest does not declare", command.plugin);
        return acted;
    }
    acted.writes.extend(outcome.writes);
    acted.state = match outcome.state {
        OutcomeState::Accepted => read_back(doors.vehicle, &acted.writes, &mut changes, deadline.saturating_sub(started.elapsed())).await,
        OutcomeState::Refused => ActionState::Refused,
        OutcomeState::Failed => ActionState::Failed,
        OutcomeState::Unavailable => ActionState::Unavailable,
    };
    acted
}

fn state_of(error: &PluginError) -> ActionState {
    match error {
        PluginError::Timeout(_) => ActionState::Timeout,
        PluginError::Unavailable { .. } => ActionState::Unavailable,
        PluginError::Nonsense { .. } | PluginError::Failed { .. } => ActionState::Failed,
    }
}

fn not_done(state: ActionState, reason: String, before: Values, permitted: &Permitted) -> Acted {
    Acted { state, reason, text: String::new(), values: Values::new(), before, writes: permitted.writes().values.clone() }
}

async fn read(vehicle: &dyn Vehicle, paths: &[String]) -> Values {
    if paths.is_empty() {
        return Values::new();
    }
    vehicle.get(paths).await.map(|reading| reading.values).unwrap_or_default()
}

/// Waits until every signal reads as wished. Values are read again at each change, since a change signal may have been lost.
pub async fn read_back(
    vehicle: &dyn Vehicle,
    writes: &Values,
    changes: &mut tokio::sync::broadcast::Receiver<Values>,
    deadline: Duration,
) -> ActionState {
    let wait = async {
        let paths: Vec<String> = writes.keys().cloned().collect();
        loop {
            let present = read(vehicle, &paths).await;
            if writes.iter().all(|(path, wanted)| present.get(path).is_some_and(|value| value.matches(wanted))) {
                return;
            }
            // A lost signal or a provider that went away: look again after a moment.
            let change = tokio::time::timeout(Duration::from_millis(100), changes.recv()).await;
            if matches!(change, Ok(Err(RecvError::Closed))) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    if writes.is_empty() {
        return ActionState::Done;
    }
    match tokio::time::timeout(deadline, wait).await {
        Ok(()) => ActionState::Done,
        Err(_) => ActionState::Timeout,
    }
}
