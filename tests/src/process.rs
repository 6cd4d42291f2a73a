//! A process of the stand: in a group of its own, its output in a log file, ended and waited for when dropped.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long a process may take to leave after SIGTERM before it is killed.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// How often is looked whether something happened.
const TICK: Duration = Duration::from_millis(5);

/// One running process and everything it started in its group.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `log`.
    ///
    /// # Errors
    /// The log cannot be written, or the program does not start.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("{} cannot be written", log.display()))?;
        let errors = file.try_clone().context("the log's handle cannot be copied")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        Ok(Process { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, which is also its group's.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; none while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends it a signal; the rest of its group does not get it.
    pub fn signal(&self, signal: Signal) {
        // An error means that it is gone already, which is what a caller finds out by waiting.
        let _ = kill_process(self.pid(), signal);
    }

    /// Waits until it ends by itself, at most `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            if start.elapsed() > patience {
                return None;
            }
            sleep(TICK);
        }
    }

    /// Asks it to leave, and kills its group when that takes too long. True if everything left without being killed.
    pub fn stop(&mut self) -> bool {
        if self.ended().is_none() {
            self.signal(Signal::TERM);
        }
        let left = self.wait(PATIENCE).is_some() && wait_until_empty(self.id(), PATIENCE);
        if !left {
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
        left
    }

    /// The last lines of its log, for a message about why something went wrong.
    pub fn log_end(&self, lines: usize) -> String {
        let text = String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned();
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

fn wait_until_empty(group: u32, patience: Duration) -> bool {
    let start = Instant::now();
    while !members(group).is_empty() {
        if start.elapsed() > patience {
            return false;
        }
        sleep(TICK);
    }
    true
}

/// The living processes of a group. Dead ones that nobody has waited for do not count: where no init collects them they stay for good.
pub fn members(group: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| stat(*id).is_some_and(|(state, of)| of == group && state != 'Z' && state != 'X')).collect()
}

/// State letter and process group, from `/proc/ID/stat`. The name before them may hold anything, so reading starts behind its bracket.
fn stat(id: u32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(1)?.parse().ok()?))
}
