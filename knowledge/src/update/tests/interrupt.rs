//! Stops the importer at any of its steps: with an error of the system, or by ending the process on the spot.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What happens at the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The system says no, by this error number.
    Error(i32),
    /// The process is killed.
    Kill,
    /// The process is killed, and what was written and not flushed is lost in part, as when the power is cut.
    PowerCut,
    /// The file system of the path is shut down as it is, then the process is killed. `KNOWLEDGE_TEST_SHUTDOWN` says how.
    Shutdown,
}

#[derive(Default)]
struct Plan {
    steps: Vec<String>,
    at: Option<(usize, Interruption)>,
    unflushed: BTreeSet<PathBuf>,
}

thread_local! {
    static PLAN: RefCell<Plan> = RefCell::default();
}

/// Has step number `at` (from 0) of what this thread does next interrupted.
pub(super) fn plan(at: usize, interruption: Interruption) {
    PLAN.set(Plan { at: Some((at, interruption)), ..Plan::default() });
}

/// Has nothing interrupted, and the steps counted.
pub(super) fn count() {
    PLAN.set(Plan::default());
}

/// The steps since [`plan`] or [`count`].
pub(super) fn steps() -> Vec<String> {
    PLAN.with_borrow(|plan| plan.steps.clone())
}

/// A step that is about to be done.
pub(in crate::update) fn step(what: &str, path: &Path) -> std::io::Result<()> {
    PLAN.with_borrow_mut(|plan| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        plan.steps.push(format!("{what} {name}"));
        match what {
            "write" | "write on" => drop(plan.unflushed.insert(path.to_owned())),
            _ => {}
        }
        let here = plan.at.filter(|(at, _)| *at == plan.steps.len() - 1);
        match here {
            Some((_, Interruption::Error(number))) => return Err(std::io::Error::from_raw_os_error(number)),
            Some((_, Interruption::PowerCut)) => {
                for lost in &plan.unflushed {
                    lose_half(lost);
                }
                kill();
            }
            Some((_, Interruption::Shutdown)) => {
                shut_down();
                kill();
            }
            Some((_, Interruption::Kill)) => kill(),
            None => {}
        }
        if what == "fsync" {
            plan.unflushed.remove(path);
        }
        Ok(())
    })
}

fn lose_half(path: &Path) {
    if let Ok(file) = std::fs::File::options().write(true).open(path) {
        let length = file.metadata().unwrap().len();
        file.set_len(length / 2).unwrap();
    }
}

/// Has ext4 forget whatever is not on the disk. A call to the system by number, so another language does it.
fn shut_down() {
    const PROGRAM: &str = "open(F, '<', $ARGV[0]) or die; ioctl(F, 0x8004587d, pack('L', $ARGV[1])) or die $!";
    let place = std::env::var_os(super::crash::PLACE).unwrap();
    let flags = std::env::var_os("KNOWLEDGE_TEST_SHUTDOWN").unwrap();
    let done = std::process::Command::new("perl").args(["-e", PROGRAM]).args([place, flags]).status().unwrap();
    assert!(done.success());
}

fn kill() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
    loop {
        std::thread::park();
    }
}
