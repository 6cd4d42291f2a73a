//! `tests/*.toml` of a plugin: sentences with the commands that they must become.

use std::path::{Path, PathBuf};

use assistant::reply::{Meaning, MeantCommand};
use plugins::value::{Value, Values};
use plugins::zone::Zone;
use serde::Deserialize;

use super::super::Failure;
use super::super::local::Local;
use crate::client::Telling;

/// One sentence and what it must become.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// The sentence.
    pub(super) say: String,
    /// Who speaks; the driver when it is not said.
    zone: Option<Zone>,
    /// Signals that differ from the simulated car's start values.
    #[serde(default)]
    state: Values,
    /// In spoken order.
    commands: Vec<Expected>,
}

/// One command; arguments that are left out are not compared.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Expected {
    plugin: String,
    action: String,
    #[serde(flatten)]
    arguments: Values,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default, rename = "case")]
    cases: Vec<Case>,
}

/// The cases of a plugin's folder, in the order of its files.
pub(super) fn read(folder: &Path) -> Result<Vec<Case>, Failure> {
    let entries = std::fs::read_dir(folder.join("tests")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
        let wrong = |error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Failure::failed(format!("{}, line {line}: {}", file.display(), error.message()))
        };
        cases.extend(toml::from_str::<CaseFile>(&text).map_err(wrong)?.cases);
    }
    Ok(cases)
}

impl Case {
    /// Says the sentence to an assistant; what it became instead, if that is something else.
    pub(super) async fn difference(&self, local: &Local) -> Result<Option<String>, Failure> {
        local.car.reset();
        local.car.force(&self.state).map_err(|error| Failure::failed(format!("{:?}: {error}", self.say)))?;
        let telling = Telling { language: None, zone: self.zone.map(|zone| zone.name().to_owned()) };
        let meaning = local.understand(&self.say, &telling).await?;
        Ok((!self.is_met_by(&meaning)).then(|| list(meaning.commands.iter().map(|got| written(&got.plugin, &got.action, &got.arguments)))))
    }

    /// What it should become.
    pub(super) fn wanted(&self) -> String {
        list(self.commands.iter().map(|wanted| written(&wanted.plugin, &wanted.action, &wanted.arguments)))
    }

    fn is_met_by(&self, meaning: &Meaning) -> bool {
        self.commands.len() == meaning.commands.len() && self.commands.iter().zip(&meaning.commands).all(|(wanted, got)| wanted.is(got))
    }
}

impl Expected {
    fn is(&self, got: &MeantCommand) -> bool {
        let equal = |(name, value): (&String, &Value)| got.arguments.get(name).is_some_and(|found| alike(value, found));
        self.plugin == got.plugin && self.action == got.action && self.arguments.iter().all(equal)
    }
}

/// Zones are a set: their order means nothing.
fn alike(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::List(wanted), Value::List(got)) => wanted.len() == got.len() && wanted.iter().all(|zone| got.contains(zone)),
        (Value::Number(wanted), Value::Number(got)) => (wanted - got).abs() < 1e-6,
        _ => wanted == got,
    }
}

fn written(plugin: &str, action: &str, arguments: &Values) -> String {
    let arguments: Vec<String> = arguments.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{plugin} · {action} ({})", arguments.join(", "))
}

fn list(commands: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = commands.collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", then ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [[case]]
        say = "a bit warmer for both of us"
        zone = "passenger"
        commands = [{ plugin = "climate", action = "set-temperature", temperature = 22.0, zone = ["driver", "passenger"] }]
        [[case]]
        say = "nothing at all"
        commands = []
    "#;

    fn cases() -> Vec<Case> {
        toml::from_str::<CaseFile>(FILE).unwrap().cases
    }

    fn meaning(commands: &[(&str, f64, &[&str])]) -> Meaning {
        let command = |(action, temperature, zones): &(&str, f64, &[&str])| MeantCommand {
            plugin: "climate".into(),
            action: (*action).into(),
            arguments: [
                ("temperature".to_owned(), Value::Number(*temperature)),
                ("zone".to_owned(), Value::List(zones.iter().map(|zone| (*zone).to_owned()).collect())),
                ("extra".to_owned(), Value::Bool(true)),
            ]
            .into(),
            confidence: 1.0,
            tier: "pattern".into(),
            span: (0, 1),
        };
        Meaning {
            commands: commands.iter().map(command).collect(),
            question: false,
            language: "en".into(),
            confidence: 1.0,
            leftover: String::new(),
        }
    }

    #[test]
    fn zones_are_a_set_and_what_is_left_out_is_not_compared() {
        assert!(cases()[0].is_met_by(&meaning(&[("set-temperature", 22.0, &["passenger", "driver"])])));
    }

    #[test]
    fn other_values_actions_and_numbers_of_commands_differ() {
        let case = &cases()[0];
        assert!(!case.is_met_by(&meaning(&[("set-temperature", 23.0, &["passenger", "driver"])])));
        assert!(!case.is_met_by(&meaning(&[("set-temperature", 22.0, &["driver"])])));
        assert!(!case.is_met_by(&meaning(&[("set-fan", 22.0, &["passenger", "driver"])])));
        assert!(!case.is_met_by(&meaning(&[])));
        assert!(cases()[1].is_met_by(&meaning(&[])));
    }

    #[test]
    fn a_wrong_file_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tests")).unwrap();
        std::fs::write(folder.path().join("tests/a.toml"), "[[case]]\nsay = \"x\"\ncommand = []\n").unwrap();
        let failure = read(folder.path()).unwrap_err();
        assert!(failure.sentence.contains("a.toml, line 3") && failure.sentence.contains("command"), "{failure}");
    }
}
