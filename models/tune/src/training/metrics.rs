//! The figures of a run: one JSON object a line, and the plot that is drawn from them.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::plot::{Curve, svg};
use crate::{TuneError, file};

/// `metrics.jsonl` of a run, open for more lines.
pub(super) struct Metrics {
    path: PathBuf,
    lines: Vec<Value>,
}

impl Metrics {
    /// Opens the file; lines of steps after `step` come from a part of the run that is done again, so they go.
    pub(super) fn open(run: &Path, step: u64) -> Result<Self, TuneError> {
        let path = run.join("metrics.jsonl");
        let text = if path.is_file() { file::read_text(&path)? } else { String::new() };
        // A line that a kill cut short is no JSON.
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let lines: Vec<Value> = lines.into_iter().filter(|line| line["step"].as_u64().is_some_and(|at| at <= step)).collect();
        let kept: String = lines.iter().map(|line| format!("{line}\n")).collect();
        file::write(&path, kept.as_bytes())?;
        Ok(Self { path, lines })
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: Value) -> Result<(), TuneError> {
        let opened = std::fs::OpenOptions::new().append(true).open(&self.path);
        opened.and_then(|mut file| writeln!(file, "{line}")).map_err(|source| TuneError::writing(&self.path, source))?;
        self.lines.push(line);
        Ok(())
    }

    /// Draws `loss.svg`.
    pub(super) fn plot(&self, run: &Path) -> Result<(), TuneError> {
        let curve = |key: &str| {
            let point = |line: &Value| Some((line["step"].as_f64()?, line[key].as_f64()?));
            self.lines.iter().filter_map(point).collect::<Vec<_>>()
        };
        let curves = [
            Curve { name: "loss", color: "steelblue", points: curve("loss") },
            Curve { name: "held-out score", color: "darkorange", points: curve("score") },
        ];
        file::write(&run.join("loss.svg"), svg("loss by step", &curves).as_bytes())
    }
}
