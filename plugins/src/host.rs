//! Carries out the actions of plugins that are data alone: from the manifest to signals that are set, or read for the reply.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use crate::arguments;
use crate::catalogue::Plugin;
use crate::invoke::{Invocation, Invoke, Outcome, OutcomeState, PluginError};
use crate::manifest::{Action, Answer, Risk};
use crate::value::{Value, Values};
use crate::vehicle::{self, Vehicle, VehicleError};
use crate::vss::Vss;
use crate::writes;
use crate::zone::Steering;

/// Serves one plugin or several from their manifests.
pub struct Declarative {
    plugins: BTreeMap<String, Plugin>,
    vss: Arc<Vss>,
    vehicle: Arc<dyn Vehicle>,
    steering: OnceLock<Steering>,
}

impl Declarative {
    /// Serves these plugins. The steering side is read from the vehicle when it is first needed.
    pub fn new(plugins: impl IntoIterator<Item = Plugin>, vss: Arc<Vss>, vehicle: Arc<dyn Vehicle>) -> Self {
        let plugins = plugins.into_iter().map(|plugin| (plugin.id().to_owned(), plugin)).collect();
        Declarative { plugins, vss, vehicle, steering: OnceLock::new() }
    }

    async fn steering(&self) -> Result<Steering, VehicleError> {
        if let Some(steering) = self.steering.get() {
            return Ok(*steering);
        }
        let steering = vehicle::steering(self.vehicle.as_ref()).await?;
        Ok(*self.steering.get_or_init(|| steering))
    }

    /// One action of one of these plugins, as its manifest declares it.
    pub fn action(&self, plugin: &str, action: &str) -> Option<&Action> {
        self.plugins.get(plugin)?.action(action)
    }

    /// Carries out an action. `decided` are the values of effects that the manifest leaves to the plugin's program, by path; without a
    /// program there are none.
    ///
    /// # Errors
    /// The plugin or the action is not served here.
    pub async fn carry_out(&self, invocation: &Invocation, decided: &Values) -> Result<Outcome, PluginError> {
        let plugin = || invocation.plugin.clone();
        if !self.plugins.contains_key(&invocation.plugin) {
            return Err(PluginError::Unavailable { plugin: plugin(), reason: "it is not served here".to_owned() });
        }
        let Some(action) = self.action(&invocation.plugin, &invocation.action) else {
            return Err(PluginError::Failed { plugin: plugin(), reason: format!("it has no action '{}'", invocation.action) });
        };
        let language = invocation.language.as_str();
        if action.risk == Risk::Never {
            return Ok(refused(said(language, "This is never done by voice.", "这个操作不能用语音完成。")));
        }
        let arguments = match arguments::checked(action, &invocation.arguments, &invocation.zone) {
            Ok(arguments) => arguments,
            Err(error) => {
                tracing::warn!(action = action.id, %error, "arguments do not fit");
                return Ok(refused(error.sentence(language)));
            }
        };
        let outcome = self.reach(action, &arguments, decided, language).await;
        Ok(outcome.unwrap_or_else(|error| not_reached(&error, language)))
    }

    /// Sets what the action declares, then reads what its sentence needs.
    async fn reach(&self, action: &Action, arguments: &Values, decided: &Values, language: &str) -> Result<Outcome, VehicleError> {
        let steering = self.steering().await?;
        let mut writes = match writes::expand(action, arguments, &self.vss, steering) {
            Ok(writes) => writes,
            Err(error) => return Ok(refused(error.to_string())),
        };
        for path in &writes.open {
            let Some(value) = decided.get(path) else {
                return Ok(Outcome::not(OutcomeState::Failed, format!("nobody decides the value of {path}")));
            };
            writes.values.insert(path.clone(), value.clone());
        }
        if !writes.values.is_empty() {
            let reasons: BTreeSet<String> = self.vehicle.set(&writes.values).await?.into_values().collect();
            if !reasons.is_empty() {
                return Ok(refused(reasons.into_iter().collect::<Vec<_>>().join("; ")));
            }
        }
        let mut outcome = self.read(action, arguments, steering, language).await?;
        outcome.writes = writes.values;
        Ok(outcome)
    }

    async fn read(&self, action: &Action, arguments: &Values, steering: Steering, language: &str) -> Result<Outcome, VehicleError> {
        let mut wanted: Vec<(String, &Answer, String)> = Vec::new();
        for answer in action.answers.iter().filter(|answer| writes::holds(&answer.when, arguments)) {
            match self.slots(action, answer, arguments, steering) {
                Ok(slots) => wanted.extend(slots.into_iter().map(|(slot, path)| (slot, answer, path))),
                Err(error) => return Ok(refused(error.to_string())),
            }
        }
        if wanted.is_empty() {
            return Ok(Outcome::accepted());
        }
        let paths: Vec<String> = wanted.iter().map(|(_, _, path)| path.clone()).collect();
        let reading = self.vehicle.get(&paths).await?;
        let mut outcome = Outcome::accepted();
        for (slot, answer, path) in wanted {
            let Some(value) = reading.values.get(&path) else {
                tracing::warn!(path, "a signal that a reply needs cannot be read");
                return Ok(Outcome::not(
                    OutcomeState::Unavailable,
                    said(language, "The car does not report that.", "车辆没有提供这个信息。"),
                ));
            };
            outcome.values.insert(slot, shown(answer, value));
        }
        Ok(outcome)
    }

    /// The slots that an answer fills, with their signals: its name, and with several zones also `name@zone` for each; the name alone
    /// is then the first zone's.
    fn slots(
        &self,
        action: &Action,
        answer: &Answer,
        arguments: &Values,
        steering: Steering,
    ) -> Result<Vec<(String, String)>, writes::WritesError> {
        let paths = writes::paths(&answer.path, action, arguments, &self.vss, steering)?;
        let mut slots: Vec<(String, String)> = paths.first().map(|path| (answer.name.clone(), path.clone())).into_iter().collect();
        if paths.len() > 1 {
            let zones = writes::zones(action, arguments);
            slots.extend(zones.iter().zip(paths).map(|(zone, path)| (format!("{}@{zone}", answer.name), path)));
        }
        Ok(slots)
    }
}

#[async_trait]
impl Invoke for Declarative {
    async fn invoke(&self, invocation: &Invocation) -> Result<Outcome, PluginError> {
        self.carry_out(invocation, &Values::new()).await
    }

    /// Setting and reading signals is over before anybody can cancel it.
    async fn cancel(&self, _plugin: &str, _turn: u64) {}
}

/// The value of a slot: scaled and rounded numbers, the rest as it is.
fn shown(answer: &Answer, value: &Value) -> Value {
    let Value::Number(number) = value else { return value.clone() };
    let digits = 10_f64.powi(i32::try_from(answer.round).unwrap_or(0));
    let scaled = number * answer.factor.unwrap_or(1.0) + answer.offset.unwrap_or(0.0);
    Value::Number((scaled * digits).round() / digits)
}

fn refused(reason: impl Into<String>) -> Outcome {
    Outcome::not(OutcomeState::Refused, reason)
}

/// What a person hears when the vehicle cannot be asked.
pub(crate) fn not_reached(error: &VehicleError, language: &str) -> Outcome {
    tracing::warn!(%error, "the vehicle cannot be asked");
    match error {
        VehicleError::Unavailable(_) => {
            Outcome::not(OutcomeState::Unavailable, said(language, "The car cannot be reached.", "无法连接到车辆。"))
        }
        VehicleError::Failed(_) => {
            Outcome::not(OutcomeState::Failed, said(language, "The car did not answer properly.", "车辆没有正常响应。"))
        }
    }
}

/// The sentence in the language of the question.
pub(crate) fn said<'a>(language: &str, en: &'a str, zh: &'a str) -> &'a str {
    if language == "zh" { zh } else { en }
}
