//! `policy.toml` as written, and its conditions in CEL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cel::{Context, Program};
use plugins::value::{Value, Values};
use plugins::writes::Writes;
use serde::Deserialize;

use super::paths::PathPattern;

/// A policy file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("the policy file {0} cannot be read: {1}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// Not TOML, an unknown key, a missing one; the message has line and key.
    #[error("{0}: {1}")]
    Invalid(PathBuf, String),
    /// A condition is not CEL.
    #[error("{file}, rule '{rule}': the condition '{condition}' is not valid: {problem}")]
    Condition {
        /// The file.
        file: PathBuf,
        /// The rule.
        rule: String,
        /// The condition as written.
        condition: String,
        /// What the parser says.
        problem: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    #[serde(default, rename = "rule")]
    rules: Vec<WrittenRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenRule {
    name: String,
    paths: Vec<String>,
    value: Option<String>,
    deny_when: Option<String>,
    confirm_when: Option<String>,
    say: BTreeMap<String, String>,
}

/// One rule over signals that would be set.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name, for `Explain`.
    pub name: String,
    /// What is said when it applies, by language.
    pub say: BTreeMap<String, String>,
    paths: Vec<PathPattern>,
    value: Option<Arc<Program>>,
    deny_when: Option<Condition>,
    confirm_when: Option<Condition>,
    signals: Vec<String>,
}

#[derive(Debug, Clone)]
struct Condition {
    program: Arc<Program>,
    signals: Vec<String>,
}

/// Reads a policy file.
pub(super) fn read(file: &Path) -> Result<Vec<Rule>, PolicyError> {
    let text = std::fs::read_to_string(file).map_err(|error| PolicyError::Unreadable(file.to_owned(), error))?;
    parse(file, &text)
}

/// Reads rules from the text of a file.
pub(super) fn parse(file: &Path, text: &str) -> Result<Vec<Rule>, PolicyError> {
    let invalid = |problem: String| PolicyError::Invalid(file.to_owned(), problem);
    let written: PolicyFile = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
    written.rules.into_iter().map(|rule| compile(file, rule)).collect()
}

fn compile(file: &Path, rule: WrittenRule) -> Result<Rule, PolicyError> {
    let invalid = |problem: String| PolicyError::Invalid(file.to_owned(), problem);
    if rule.deny_when.is_none() && rule.confirm_when.is_none() {
        return Err(invalid(format!("rule '{}' has neither deny-when nor confirm-when", rule.name)));
    }
    if let Some(language) = ["en", "zh"].into_iter().find(|language| !rule.say.contains_key(*language)) {
        return Err(invalid(format!("rule '{}' has no sentence in '{language}'", rule.name)));
    }
    let program = |condition: &str| {
        Program::compile(condition).map(Arc::new).map_err(|problem| PolicyError::Condition {
            file: file.to_owned(),
            rule: rule.name.clone(),
            condition: condition.to_owned(),
            problem: problem.to_string(),
        })
    };
    let condition = |text: &Option<String>| -> Result<Option<Condition>, PolicyError> {
        let Some(text) = text else { return Ok(None) };
        Ok(Some(Condition { program: program(text)?, signals: signals_in(text) }))
    };
    let (deny_when, confirm_when) = (condition(&rule.deny_when)?, condition(&rule.confirm_when)?);
    let mut signals: Vec<String> = deny_when.iter().chain(&confirm_when).flat_map(|condition| condition.signals.clone()).collect();
    signals.sort();
    signals.dedup();
    let value = rule.value.as_deref().map(program).transpose()?;
    let paths = rule.paths.iter().map(|path| PathPattern::new(path)).collect();
    Ok(Rule { name: rule.name, say: rule.say, paths, value, deny_when, confirm_when, signals })
}

/// The paths named by `signal('...')` in a condition.
fn signals_in(condition: &str) -> Vec<String> {
    let after = condition.split("signal(").skip(1);
    after
        .filter_map(|rest| rest.trim_start().strip_prefix(['\'', '"']))
        .filter_map(|rest| rest.split(['\'', '"']).next())
        .map(str::to_owned)
        .collect()
}

impl Rule {
    /// Signals that its conditions read.
    pub fn signals(&self) -> &[String] {
        &self.signals
    }

    /// Whether any of the writes is of its kind: a path it names, set to a value it means. A value that the plugin's program decides
    /// counts as meant.
    pub fn concerns(&self, writes: &Writes) -> bool {
        let named = |path: &str| self.paths.iter().any(|pattern| pattern.fits(path));
        let closed = writes.values.iter().any(|(path, value)| named(path) && self.means(value));
        closed || writes.open.iter().any(|path| named(path))
    }

    fn means(&self, value: &Value) -> bool {
        let Some(program) = &self.value else { return true };
        let mut context = Context::default();
        context.add_variable_from_value("value", cel_value(value));
        // A condition that cannot be evaluated (a text compared with a number) must not let the write through.
        program.execute(&context).map_or(true, |result| result != cel::Value::Bool(false))
    }

    /// Whether the rule forbids in this state.
    pub fn denies(&self, state: &Values) -> bool {
        self.deny_when.as_ref().is_some_and(|condition| condition.holds(state))
    }

    /// Whether the rule asks first in this state.
    pub fn asks(&self, state: &Values) -> bool {
        self.confirm_when.as_ref().is_some_and(|condition| condition.holds(state))
    }
}

impl Condition {
    /// A condition holds when it is true, and also when a signal it needs is unknown: the less safe case.
    fn holds(&self, state: &Values) -> bool {
        if self.signals.iter().any(|signal| !state.contains_key(signal)) {
            return true;
        }
        let mut context = Context::default();
        let known: BTreeMap<String, cel::Value> = state.iter().map(|(path, value)| (path.clone(), cel_value(value))).collect();
        let lookup = move |path: Arc<String>| known.get(path.as_str()).cloned().unwrap_or(cel::Value::Null);
        if context.add_function("signal", lookup).is_err() {
            return true;
        }
        self.program.execute(&context).map_or(true, |result| result != cel::Value::Bool(false))
    }
}

fn cel_value(value: &Value) -> cel::Value {
    match value {
        Value::Bool(value) => cel::Value::Bool(*value),
        Value::Number(value) => cel::Value::Float(*value),
        Value::Text(value) => cel::Value::String(Arc::new(value.clone())),
        Value::List(values) => cel::Value::List(Arc::new(values.iter().map(|value| cel::Value::String(Arc::new(value.clone()))).collect())),
    }
}
