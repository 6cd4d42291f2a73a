//! What a user sees while a run trains: a bar on a terminal, a line now and then elsewhere. The only file that knows the bar.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const PAUSE: Duration = Duration::from_secs(15);

/// The display of one run.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    total: u64,
    first: u64,
    started: Instant,
    said: Option<Instant>,
}

impl Display {
    /// A run of `total` steps of which `done` are done.
    pub(super) fn new(total: u64, done: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total).with_position(done);
            let template = "{bar:30} {pos}/{len}  {msg}  {per_sec}  {eta} left";
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.reset_eta();
            bar
        });
        Self { bar, total, first: done, started: Instant::now(), said: None }
    }

    /// After a step.
    pub(super) fn step(&mut self, step: u64, loss: f64, rate: f64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("loss {loss:.4}  rate {rate:.2e}"));
            bar.set_position(step);
            return;
        }
        if step < self.total && self.said.is_some_and(|said| said.elapsed() < PAUSE) {
            return;
        }
        self.said = Some(Instant::now());
        let each = self.started.elapsed().as_secs_f64() / (step - self.first).max(1) as f64;
        let left = each * (self.total - step) as f64;
        eprintln!("step {step}/{}  loss {loss:.4}  rate {rate:.2e}  {:.0} ms/step  {left:.0} s left", self.total, each * 1e3);
    }

    /// A line that stays.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// The end.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}
