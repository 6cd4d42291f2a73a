//! `plugin.toml` as written: what a plugin can do and which vehicle signals that sets. The format is described in `plugins/FORMAT.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::Value;
use crate::zone::Zone;

/// One `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name, title and version.
    pub plugin: About,
    /// What it can do.
    #[serde(default, rename = "action")]
    pub actions: Vec<Action>,
}

/// The `[plugin]` table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Lower-case letters, digits and `-`; part of the bus name.
    pub id: String,
    /// Title by language (`en`, `zh`).
    pub title: BTreeMap<String, String>,
    /// Version of the plugin, free text.
    pub version: String,
    /// The program that serves it; empty: `steward-plugin` does from this file.
    #[serde(default)]
    pub program: String,
}

/// How much harm an action can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Sets nothing.
    Read,
    /// Done at once.
    Comfort,
    /// Asked about first.
    Confirm,
    /// Only while the car stands.
    Parked,
    /// Understood, and always refused.
    Never,
}

impl Risk {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Risk::Read => "read",
            Risk::Comfort => "comfort",
            Risk::Confirm => "confirm",
            Risk::Parked => "parked",
            Risk::Never => "never",
        }
    }
}

/// One `[[action]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Action {
    /// Unique within the plugin.
    pub id: String,
    /// How much harm it can do.
    pub risk: Risk,
    /// Milliseconds from the call until the signals must read as wished.
    #[serde(default = "default_deadline")]
    pub deadline_ms: u32,
    /// `restore`, `none`, or the id of the opposite action.
    #[serde(default = "default_undo")]
    pub undo: String,
    /// Typed arguments by name.
    #[serde(default)]
    pub arguments: BTreeMap<String, Argument>,
    /// Signals that it sets.
    #[serde(default, rename = "effect")]
    pub effects: Vec<Effect>,
    /// Signals that a reply's sentence needs.
    #[serde(default, rename = "answer")]
    pub answers: Vec<Answer>,
}

fn default_deadline() -> u32 {
    1000
}

fn default_undo() -> String {
    "restore".to_owned()
}

/// What kind of value an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A number in the argument's unit.
    Number,
    /// On or off.
    Switch,
    /// One of the declared values.
    Choice,
    /// One or more seats.
    Zone,
    /// A time span, in the argument's unit (default minutes).
    Duration,
    /// A time of day, as text `HH:MM`.
    Time,
    /// Free text.
    Text,
    /// A name from the address book.
    Contact,
    /// A name of a place.
    Place,
}

/// One `[action.arguments.NAME]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// What it takes.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Unit of a number or duration, see `plugins/FORMAT.md`.
    #[serde(default)]
    pub unit: String,
    /// Smallest number, included.
    pub min: Option<f64>,
    /// Largest number, included.
    pub max: Option<f64>,
    /// Distance between two settable numbers.
    pub step: Option<f64>,
    /// Size of one relative step.
    pub relative: Option<f64>,
    /// Relative phrase lists of the locale and where each leads.
    #[serde(default)]
    pub directions: BTreeMap<String, Direction>,
    /// Names of a choice's values.
    #[serde(default)]
    pub values: Vec<String>,
    /// Zones the action knows; empty: all.
    #[serde(default)]
    pub allowed: Vec<Zone>,
    /// Taken when nothing was said; for zones also `speaker` and `all`.
    pub default: Option<Value>,
    /// Free text that takes the rest of the sentence, even where it sounds like another command (a message's words).
    #[serde(default)]
    pub greedy: bool,
    /// May stay absent without being asked for.
    #[serde(default)]
    pub optional: bool,
}

/// Where a relative phrase leads.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Direction {
    /// Steps up (positive) or down (negative).
    Steps(f64),
    /// To the end of the range.
    Extreme(Extreme),
}

/// An end of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extreme {
    /// `min`
    Min,
    /// `max`
    Max,
}

/// One `[[action.effect]]`: a signal that is set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// VSS path, `{zone}` repeated for every zone.
    pub path: String,
    /// An argument's name or a constant; none: the plugin's program decides.
    pub value: Option<Value>,
    /// From the argument's value, written as text, to the signal's.
    #[serde(default)]
    pub map: BTreeMap<String, Value>,
    /// Signal = argument * factor + offset.
    pub factor: Option<f64>,
    /// See `factor`.
    pub offset: Option<f64>,
    /// The effect holds only if each named argument has this value.
    #[serde(default)]
    pub when: BTreeMap<String, Value>,
    /// The effect holds only if each named argument is a number above this one.
    #[serde(default)]
    pub above: BTreeMap<String, f64>,
}

/// One `[[action.answer]]`: a signal that is read for the reply.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Slot in the sentence.
    #[serde(default = "default_answer_name")]
    pub name: String,
    /// VSS path.
    pub path: String,
    /// Shown = signal * factor + offset.
    pub factor: Option<f64>,
    /// See `factor`.
    pub offset: Option<f64>,
    /// Digits after the point.
    #[serde(default)]
    pub round: u32,
    /// The answer belongs only to this value of the named arguments.
    #[serde(default)]
    pub when: BTreeMap<String, Value>,
}

fn default_answer_name() -> String {
    "value".to_owned()
}

impl Action {
    /// The first argument that is a zone, if there is one.
    pub fn zone_argument(&self) -> Option<(&str, &Argument)> {
        self.arguments.iter().find(|(_, argument)| argument.kind == Kind::Zone).map(|(name, argument)| (name.as_str(), argument))
    }

    /// The argument that declares this direction, and the direction.
    pub fn direction(&self, name: &str) -> Option<(&str, &Argument, Direction)> {
        self.arguments.iter().find_map(|(argument_name, argument)| {
            argument.directions.get(name).map(|direction| (argument_name.as_str(), argument, *direction))
        })
    }
}
