//! Sentences with the commands they must become: every plugin's `tests/*.toml` and `tests/utterances/*.toml`, through the assistant in this
//! process, with the simulated car and without a bus. The format is described in `plugins/FORMAT.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use assistant::reply::{Meaning, MeantCommand};
use assistant::{AskOptions, Assistant, Parts, Policy};
use models::{Embedder, Judge, ModelFolder, Runtime, RuntimeOptions};
use plugins::catalogue::Catalogue;
use plugins::local::Local;
use plugins::simulator::Simulator;
use plugins::value::{Value, Values};
use plugins::vss::Vss;
use plugins::zone::{Steering, Zone};
use serde::Deserialize;

use crate::checkout::Checkout;
use crate::prepared;

/// One sentence and what it must become.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The sentence.
    pub say: String,
    /// Who speaks.
    #[serde(default = "driver")]
    pub zone: Zone,
    /// Signals that differ from the simulator's start values.
    #[serde(default)]
    pub state: Values,
    /// In spoken order; arguments that are left out are not compared.
    pub commands: Vec<Expected>,
}

/// One command.
#[derive(Debug, Clone, Deserialize)]
pub struct Expected {
    /// Plugin id.
    pub plugin: String,
    /// Action id.
    pub action: String,
    /// The arguments that matter.
    #[serde(flatten)]
    pub arguments: Values,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(rename = "case")]
    cases: Vec<Case>,
}

fn driver() -> Zone {
    Zone::Driver
}

/// The cases of one plugin or one shared file.
#[derive(Debug)]
pub struct Suite {
    /// The plugin's id, or the shared file's name.
    pub name: String,
    /// In the files' order.
    pub cases: Vec<Case>,
}

/// Every suite of the checkout.
///
/// # Errors
/// A file that is not of the format.
pub fn suites(checkout: &Checkout) -> Result<Vec<Suite>> {
    let mut suites = BTreeMap::<String, Vec<Case>>::new();
    for plugin in sorted(&checkout.path("plugins")) {
        for file in sorted(&plugin.join("tests")) {
            suites.entry(stem(&plugin)).or_default().extend(read(&file)?);
        }
    }
    for file in sorted(&checkout.path("tests/utterances")).iter().filter(|path| path.is_file()) {
        suites.entry(format!("shared: {}", stem(file))).or_default().extend(read(file)?);
    }
    Ok(suites.into_iter().map(|(name, cases)| Suite { name, cases }).collect())
}

/// Sentences that are known not to be understood yet.
///
/// # Errors
/// A file that is not of the format.
pub fn not_yet(checkout: &Checkout) -> Result<Vec<Case>> {
    let files = sorted(&checkout.path("tests/utterances/not-yet"));
    Ok(files.iter().map(|file| read(file)).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(file: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(toml::from_str::<CaseFile>(&text).with_context(|| format!("{}", file.display()))?.cases)
}

/// An assistant in this process, and the car that it looks at.
pub struct Bench {
    assistant: Assistant,
    car: Simulator,
}

impl Bench {
    /// Builds it from the checkout, with or without the sentence encoder.
    ///
    /// # Errors
    /// A part is missing or broken.
    pub fn new(checkout: &Checkout, with_encoder: bool) -> Result<Self> {
        let vss = Arc::new(Vss::load(&checkout.path("plugins/vss"))?);
        let car = Simulator::load(&vss, &checkout.path("plugins/simulator"))?;
        let vehicle = Arc::new(car.clone());
        let catalogue = Catalogue::load(&[checkout.path("plugins")], &vss);
        let plugins = Arc::new(Local::new(&catalogue, Arc::clone(&vss), vehicle.clone()));
        let models = with_encoder.then(|| models(checkout)).transpose()?;
        let (embedder, judge) = models.map(|(embedder, judge)| (Arc::new(embedder), judge.map(Arc::new))).unzip();
        let judge = judge.flatten();
        let parts = Parts {
            catalogue,
            vss,
            steering: Steering::Left,
            vehicle,
            plugins,
            embedder,
            judge,
            knowledge: None,
            policy: Policy::default(),
            cache: Some(prepared::vectors(checkout)),
        };
        let assistant = Assistant::new(parts, &mut |_, _| {})?;
        Ok(Bench { assistant, car })
    }

    /// What a sentence means to it, in the state that the case asks for.
    ///
    /// # Errors
    /// The state names an unknown signal or a wrong type.
    pub async fn understand(&self, case: &Case) -> Result<Meaning> {
        self.car.reset();
        self.car.force(&case.state).map_err(|error| anyhow!("{:?}: {error}", case.say))?;
        let options =
            AskOptions { turn: 1, language: String::new(), zone: case.zone, alternatives: Vec::new(), caller: String::new(), events: None };
        Ok(self.assistant.understand(&case.say, &options).await)
    }
}

/// The shipped sentence encoder and the shipped judge.
///
/// # Errors
/// ONNX Runtime or a model is missing or broken.
pub fn models(checkout: &Checkout) -> Result<(Embedder, Option<Judge>)> {
    let options = RuntimeOptions { library: Some(prepared::onnxruntime(checkout)?), ..RuntimeOptions::default() };
    let runtime = Runtime::load(options)?;
    let folder = |name: &str| ModelFolder::open(&checkout.path(name));
    Ok((
        Embedder::load(&runtime, &folder(prepared::ENCODER)?)?,
        folder(prepared::JUDGE).ok().map(|folder| Judge::load(&runtime, &folder)).transpose()?,
    ))
}

/// What is not as expected; none: the sentence was understood.
pub fn difference(case: &Case, meaning: &Meaning) -> Option<String> {
    let same = case.commands.len() == meaning.commands.len()
        && case.commands.iter().zip(&meaning.commands).all(|(wanted, got)| meets(wanted, got));
    (!same).then(|| {
        format!(
            "{}\n      wanted {}\n      got    {}",
            case.say,
            list(case.commands.iter().map(wish)),
            list(meaning.commands.iter().map(found))
        )
    })
}

fn meets(wanted: &Expected, got: &MeantCommand) -> bool {
    let equal = |name: &String, value: &Value| got.arguments.get(name).is_some_and(|found| alike(value, found));
    wanted.plugin == got.plugin && wanted.action == got.action && wanted.arguments.iter().all(|(name, value)| equal(name, value))
}

/// Zones are a set: their order means nothing.
fn alike(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::List(wanted), Value::List(got)) => wanted.len() == got.len() && wanted.iter().all(|zone| got.contains(zone)),
        (Value::Number(wanted), Value::Number(got)) => (wanted - got).abs() < 1e-6,
        _ => wanted == got,
    }
}

fn wish(command: &Expected) -> String {
    written(&command.plugin, &command.action, &command.arguments)
}

fn found(command: &MeantCommand) -> String {
    format!("{} ({}, {:.2})", written(&command.plugin, &command.action, &command.arguments), command.tier, command.confidence)
}

fn written(plugin: &str, action: &str, arguments: &Values) -> String {
    let arguments: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{plugin}.{action}({})", arguments.join(", "))
}

fn list(commands: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = commands.collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(" + ") }
}
