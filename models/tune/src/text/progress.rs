//! How far a run is: a bar on a terminal, a plain line every few seconds elsewhere. Both go to standard error.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Plain lines are at least this far apart.
const PAUSE: Duration = Duration::from_secs(5);

/// The one thing that is under way.
pub struct Progress {
    bar: Option<ProgressBar>,
    plain: Mutex<Plain>,
}

struct Plain {
    name: String,
    total: u64,
    done: u64,
    said: Instant,
    silent: bool,
}

impl Progress {
    /// For a person or a log, whichever standard error is.
    #[must_use]
    pub fn new() -> Self {
        Self::with(std::io::stderr().is_terminal(), false)
    }

    /// Says nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self::with(false, true)
    }

    fn with(terminal: bool, silent: bool) -> Self {
        let bar = terminal.then(|| {
            let style = ProgressStyle::with_template("{msg:28} {bar:30} {percent:>3} %  {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::no_length().with_style(style)
        });
        let plain = Plain { name: String::new(), total: 0, done: 0, said: Instant::now(), silent };
        Self { bar, plain: Mutex::new(plain) }
    }

    /// Begins something with `total` steps.
    pub fn begin(&self, name: &str, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(0);
            bar.set_message(name.to_owned());
            bar.reset_eta();
            return;
        }
        let mut plain = self.lock();
        *plain = Plain { name: name.to_owned(), total, done: 0, said: Instant::now(), silent: plain.silent };
        if !plain.silent {
            eprintln!("{name} ...");
        }
    }

    /// So many steps more are done.
    pub fn advance(&self, steps: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(steps);
            return;
        }
        let mut plain = self.lock();
        plain.done += steps;
        if plain.said.elapsed() >= PAUSE && !plain.silent {
            plain.said = Instant::now();
            eprintln!("{}: {} %", plain.name, (plain.done * 100).checked_div(plain.total).unwrap_or(0).min(100));
        }
    }

    /// A line that stays.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None if !self.lock().silent => eprintln!("{line}"),
            None => {}
        }
    }

    /// Nothing is under way any more.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Plain> {
        self.plain.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
