//! One sentence in the speaker's language: from the plugins' own sentences where they have them, from `words/*.toml` for the rest.

pub mod brief;
mod phrases;

use std::collections::BTreeMap;

use plugins::catalogue::Catalogue;
use plugins::manifest::{Action, Argument, Kind};
use plugins::value::{Value, Values};

use crate::session::Command;
use crate::understand::lexicon::Lexicon;
use crate::understand::resolve::Obstacle;
pub use phrases::Phrases;

/// Makes sentences.
pub struct Speaker<'a> {
    /// The plugins' sentences.
    pub catalogue: &'a Catalogue,
    /// Names of zones.
    pub lexicon: &'a Lexicon,
    /// Sentences of our own.
    pub phrases: &'a Phrases,
    /// `zh` or `en`.
    pub language: &'a str,
}

impl Speaker<'_> {
    /// The plugin's sentence for a command that was done; the values of a read action fill its slots.
    pub fn done(&self, command: &Command, values: &Values) -> String {
        let Some(action) = self.catalogue.action(&command.plugin, &command.action) else {
            return self.phrases.get(self.language, "done", &[]);
        };
        let template = self.sentence(command, |sentences| &sentences.done);
        if template.is_empty() {
            return self.phrases.get(self.language, "done-named", &[("action", &self.title(command))]);
        }
        let mut slots = BTreeMap::new();
        for (name, value) in command.arguments.iter().chain(values) {
            slots.insert(name.clone(), self.spoken(command, action, name, value));
        }
        phrases::tidy(&phrases::fill(&template, &slots), self.language)
    }

    /// The short name of a command's action.
    pub fn title(&self, command: &Command) -> String {
        if command.is_undo() {
            return self.phrases.word(self.language, "undo-title");
        }
        let title = self.sentence(command, |sentences| &sentences.title);
        if title.is_empty() { command.action.replace('-', " ") } else { title }
    }

    /// The question for a missing argument.
    pub fn ask(&self, command: &Command, argument: &str) -> String {
        let locale = self.catalogue.plugins.get(&command.plugin).and_then(|plugin| plugin.locales.get(self.language));
        let question = locale.and_then(|locale| locale.action.get(&command.action)).and_then(|sentences| sentences.ask.get(argument));
        question
            .cloned()
            .unwrap_or_else(|| self.phrases.get(self.language, "ask", &[("action", &self.title(command)), ("argument", argument)]))
    }

    /// Why a wish cannot be turned into a command.
    pub fn obstacle(&self, command: &Command, obstacle: &Obstacle) -> String {
        let title = self.title(command);
        let argument = |name: &str| self.catalogue.action(&command.plugin, &command.action).and_then(|action| action.arguments.get(name));
        match obstacle {
            Obstacle::OutOfRange { argument: name, asked } => {
                let (range, unit) = argument(name).map(|argument| (range(argument), self.unit(argument))).unwrap_or_default();
                let asked = number(*asked);
                self.phrases.get(
                    self.language,
                    "out-of-range",
                    &[("action", &title), ("range", &range), ("unit", &unit), ("asked", &asked)],
                )
            }
            Obstacle::OffGrid { argument: name, asked } => {
                let step = argument(name).and_then(|argument| argument.step).map(number).unwrap_or_default();
                let unit = argument(name).map(|argument| self.unit(argument)).unwrap_or_default();
                self.phrases.get(
                    self.language,
                    "off-grid",
                    &[("action", &title), ("step", &step), ("unit", &unit), ("asked", &number(*asked))],
                )
            }
            Obstacle::NoSuchZone => self.phrases.get(self.language, "no-such-zone", &[("action", &title)]),
            Obstacle::AtLimit(true) => self.phrases.get(self.language, "at-maximum", &[("action", &title)]),
            Obstacle::AtLimit(false) => self.phrases.get(self.language, "at-minimum", &[("action", &title)]),
            Obstacle::Unreadable(_) => self.phrases.get(self.language, "unreadable", &[("action", &title)]),
        }
    }

    /// One of our own sentences.
    pub fn own(&self, key: &str, slots: &[(&str, &str)]) -> String {
        self.phrases.get(self.language, key, slots)
    }

    fn sentence(&self, command: &Command, pick: impl Fn(&plugins::locale::Sentences) -> &String) -> String {
        let Some(plugin) = self.catalogue.plugins.get(&command.plugin) else { return String::new() };
        let locale = plugin.locales.get(self.language).or_else(|| plugin.locales.values().next());
        locale.and_then(|locale| locale.action.get(&command.action)).map(pick).cloned().unwrap_or_default()
    }

    /// A value as it is said: zones by name, choices by their first word, numbers without trailing zeros.
    fn spoken(&self, command: &Command, action: &Action, name: &str, value: &Value) -> String {
        let kind = action.arguments.get(name).map(|argument| argument.kind);
        let locale = self.catalogue.plugins.get(&command.plugin).and_then(|plugin| plugin.locales.get(self.language));
        let word = |text: &str| locale.and_then(|locale| locale.spoken(&action.id, name, text).first().cloned());
        match value {
            Value::List(zones) if kind == Some(Kind::Zone) => self.zones(zones),
            Value::List(items) => items.join(", "),
            Value::Text(text) => word(text).unwrap_or_else(|| text.clone()),
            Value::Bool(on) => word(if *on { "true" } else { "false" })
                .unwrap_or_else(|| self.phrases.get(self.language, if *on { "on" } else { "off" }, &[])),
            Value::Number(value) => number(*value),
        }
    }

    fn zones(&self, zones: &[String]) -> String {
        let is = |names: &[&str]| zones.len() == names.len() && names.iter().all(|name| zones.iter().any(|zone| zone == name));
        let has_all_outer = ["driver", "passenger", "rear-left", "rear-right"].iter().all(|name| zones.iter().any(|zone| zone == name));
        let name = |zone: &str| self.lexicon.zone_name(self.language, zone).to_owned();
        if has_all_outer {
            return name("all");
        }
        let rear = ["rear-left", "rear-middle", "rear-right"];
        let (back, ahead): (Vec<String>, Vec<String>) = zones.iter().cloned().partition(|zone| rear.contains(&zone.as_str()));
        if is(&["driver", "passenger"]) {
            return name("front");
        }
        if is(&["rear-left", "rear-right"]) || is(&["rear-left", "rear-middle", "rear-right"]) {
            return name("rear");
        }
        // "driver and rear" is shorter than "driver, rear left and rear right".
        let has_rear = back.iter().any(|zone| zone == "rear-left") && back.iter().any(|zone| zone == "rear-right");
        let groups = if has_rear { [ahead, vec!["rear".to_owned()]].concat() } else { zones.to_vec() };
        let names: Vec<String> = groups.iter().map(|zone| name(zone)).collect();
        let and = self.lexicon.zone_name(self.language, "and");
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => {
                format!("{}{and}{last}", rest.join(if self.language == "zh" { "、" } else { ", " }))
            }
            _ => names.concat(),
        }
    }

    fn unit(&self, argument: &Argument) -> String {
        self.phrases.word(self.language, &format!("unit-{}", argument.unit))
    }
}

fn range(argument: &Argument) -> String {
    match (argument.min, argument.max) {
        (Some(min), Some(max)) => format!("{} – {}", number(min), number(max)),
        (Some(min), None) => format!("≥ {}", number(min)),
        (None, Some(max)) => format!("≤ {}", number(max)),
        (None, None) => String::new(),
    }
}

fn number(value: f64) -> String {
    Value::Number(value).to_string()
}
