//! The car's signals as they were last seen, and what has changed since.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use plugins::value::{Value, Values};
use plugins::vehicle::Vehicle;
use plugins::vss::Vss;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::super::Failure;
use super::super::show::{Look, Shown};
use super::super::vehicle::contains;

/// Lines about changes after one turn.
const LINES: usize = 12;
/// Paths that are asked for in one call.
const CHUNK: usize = 256;
/// Changes that follow others, such as a roof that is then open, arrive a moment later.
const SETTLING: Duration = Duration::from_millis(30);

/// What is known of the car.
pub(super) struct Dashboard {
    vehicle: Option<Arc<dyn Vehicle>>,
    changes: Option<Receiver<Values>>,
    paths: Vec<String>,
    seen: Values,
    changed: BTreeSet<String>,
}

impl Dashboard {
    /// Reads every signal of the catalogue once.
    pub(super) async fn new(vehicle: Option<Arc<dyn Vehicle>>, vss: &Vss) -> Dashboard {
        let changes = vehicle.as_ref().map(|vehicle| vehicle.changes());
        let paths = vss.iter().map(|(path, _)| path.to_owned()).collect();
        let mut dashboard = Dashboard { vehicle, changes, paths, seen: Values::new(), changed: BTreeSet::new() };
        dashboard.read().await;
        dashboard
    }

    /// The car.
    pub(super) fn vehicle(&self) -> Result<Arc<dyn Vehicle>, Failure> {
        self.vehicle.clone().ok_or_else(|| Failure::failed("no car is there; start its adapter or steward-simulator"))
    }

    /// Takes in what changed before a turn, so that it is not taken for the turn's doing.
    pub(super) fn catch_up(&mut self) {
        self.take();
    }

    /// Lines about what has changed since.
    pub(super) async fn changes(&mut self) -> Vec<String> {
        tokio::time::sleep(SETTLING).await;
        let mut lines: Vec<String> = self.take();
        if lines.len() > LINES {
            let more = lines.len() - LINES;
            lines.truncate(LINES);
            lines.push(format!("and {more} more; /state shows them"));
        }
        lines
    }

    /// Signals whose path has all the words; without words, those that changed since the beginning.
    pub(super) async fn state(&mut self, words: &str, shown: Shown) -> Result<String, Failure> {
        self.vehicle()?;
        self.take();
        self.read().await;
        let words: Vec<&str> = words.split_whitespace().collect();
        let wanted = |path: &String| match words.is_empty() {
            true => self.changed.contains(path),
            false => words.iter().all(|word| contains(path, word)),
        };
        let rows: Vec<(&String, &Value)> = self.seen.iter().filter(|(path, _)| wanted(path)).collect();
        let width = rows.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
        let mut out = String::new();
        for (path, value) in &rows {
            let _ = writeln!(out, "  {path:width$}  {}", shown.paint(Look::Bold, &value.to_string()));
        }
        if rows.is_empty() {
            let all = self.seen.len();
            let none = if words.is_empty() { "Nothing has changed yet" } else { "No signal has these words" };
            let _ = writeln!(out, "  {none}; the car has {all} signals. Try: /state window");
        }
        Ok(out)
    }

    fn take(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let Some(changes) = &mut self.changes else { return lines };
        loop {
            match changes.try_recv() {
                Ok(values) => {
                    for (path, value) in values {
                        let before = self.seen.insert(path.clone(), value.clone());
                        if before.as_ref() != Some(&value) {
                            lines.push(line(&path, before.as_ref(), &value));
                            self.changed.insert(path);
                        }
                    }
                }
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return lines,
            }
        }
    }

    async fn read(&mut self) {
        let Some(vehicle) = &self.vehicle else { return };
        for chunk in self.paths.chunks(CHUNK) {
            // A car that is not there shows when something is asked of it.
            if let Ok(reading) = vehicle.get(chunk).await {
                self.seen.extend(reading.values);
            }
        }
    }
}

fn line(path: &str, before: Option<&Value>, now: &Value) -> String {
    match before {
        Some(before) => format!("{path}  {before} → {now}"),
        None => format!("{path}  {now}"),
    }
}

#[cfg(test)]
mod tests {
    use plugins::simulator::Simulator;

    use super::*;

    const SIGNALS: &str = concat!(
        r#"{"path":"Vehicle.Speed","type":"sensor","datatype":"float"}"#,
        "\n",
        r#"{"path":"Vehicle.Cabin.Lights.IsDomeOn","type":"actuator","datatype":"boolean"}"#,
        "\n"
    );

    async fn dashboard() -> (Simulator, Dashboard) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("vss-6.0.jsonl"), SIGNALS).unwrap();
        let vss = Vss::load(folder.path()).unwrap();
        let car = Simulator::neutral(&vss);
        (car.clone(), Dashboard::new(Some(Arc::new(car)), &vss).await)
    }

    #[tokio::test]
    async fn a_change_shows_what_was_before() {
        let (car, mut dashboard) = dashboard().await;
        car.set(&[("Vehicle.Cabin.Lights.IsDomeOn".to_owned(), Value::Bool(true))].into()).await.unwrap();
        assert_eq!(dashboard.changes().await, ["Vehicle.Cabin.Lights.IsDomeOn  false → true"]);
        assert!(dashboard.changes().await.is_empty());
    }

    #[tokio::test]
    async fn what_happened_before_a_turn_is_not_its_doing() {
        let (car, mut dashboard) = dashboard().await;
        car.force(&[("Vehicle.Speed".to_owned(), Value::Number(30.0))].into()).unwrap();
        dashboard.catch_up();
        assert!(dashboard.changes().await.is_empty());
        let shown = Shown { json: false, terminal: false, color: false };
        assert_eq!(dashboard.state("", shown).await.unwrap(), "  Vehicle.Speed  30\n");
        assert_eq!(dashboard.state("dome LIGHTS", shown).await.unwrap(), "  Vehicle.Cabin.Lights.IsDomeOn  false\n");
        assert!(dashboard.state("wing", shown).await.unwrap().contains("2 signals"));
    }
}
