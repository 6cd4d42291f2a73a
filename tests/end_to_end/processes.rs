//! Programs leave when they are told to, and leave nobody behind.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use steward_tests::{Checkout, Client};

use crate::setting::{ask, kind, stand};

/// Living processes that have `word` in their command line or environment, as everything of a stand has its folder's name.
fn with_word(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let path = entry.path();
        let read = |name: &str| String::from_utf8_lossy(&std::fs::read(path.join(name)).unwrap_or_default()).replace('\0', " ");
        let is_process = entry.file_name().to_str().unwrap().parse::<u32>().is_ok();
        let line = read("cmdline");
        if is_process && !line.is_empty() && (line.contains(word) || read("environ").contains(word)) {
            found.push(format!("{}: {line}", path.display()));
        }
    }
    found
}

fn nobody_with(word: &str) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        if with_word(word).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("still there: {:?}", with_word(word));
}

#[tokio::test]
async fn the_daemon_leaves_when_it_is_told_to() {
    let mut stand = stand().await;
    assert_eq!(kind(&ask(&stand, "turn on the air conditioning").await), "done");
    let start = Instant::now();
    stand.daemon().signal(Signal::TERM);
    let status = stand.daemon().wait(Duration::from_secs(5)).expect("it should leave");
    assert!(status.success(), "{status}: {}", stand.daemon().log_end(5));
    assert!(start.elapsed() < Duration::from_secs(2), "leaving took {:?}", start.elapsed());
}

#[tokio::test]
async fn a_stand_that_is_stopped_leaves_nobody_and_kills_nobody() {
    let stand = stand().await;
    assert_eq!(kind(&ask(&stand, "turn on the air conditioning").await), "done");
    let folder = stand.run_folder().to_str().unwrap().to_owned();
    let before = with_word(&folder);
    assert!(before.iter().any(|line| line.contains("steward-plugin")), "a plugin should be awake: {before:?}");
    assert!(stand.stop(), "somebody had to be killed");
    nobody_with(&folder);
}

/// Somebody's `steward-stand serve`, with what it says on its standard output.
struct Serving {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
    address: String,
}

impl Serving {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        let first = lines.recv_timeout(Duration::from_secs(120)).expect("it should serve");
        let address = first.strip_prefix("DBUS_SESSION_BUS_ADDRESS=").unwrap_or_else(|| panic!("{first}")).to_owned();
        Serving { child, lines, address }
    }

    /// The stand's folder, which is part of the address.
    fn folder(&self) -> String {
        Path::new(self.address.strip_prefix("unix:path=").unwrap()).parent().unwrap().to_str().unwrap().to_owned()
    }

    async fn is_used(&self) {
        let client = Client::connect(&self.address).await.unwrap();
        assert_eq!(client.status().await.unwrap().0, "ready");
        assert_eq!(kind(&client.ask("turn on the air conditioning", &[]).await.unwrap()), "done");
    }

    fn ends_after(mut self, signal: Signal) {
        let folder = self.folder();
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(10), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        nobody_with(&folder);
        assert_eq!(self.lines.iter().collect::<Vec<_>>(), Vec::<String>::new(), "nothing but the address on standard output");
    }
}

fn stand_program() -> Command {
    let checkout = Checkout::find().unwrap();
    let mut command = Command::new(checkout.program("steward-stand").unwrap());
    command.arg("serve").current_dir(checkout.path(""));
    command
}

#[tokio::test]
async fn serving_ends_with_sigterm() {
    let serving = Serving::start(&mut stand_program());
    serving.is_used().await;
    serving.ends_after(Signal::TERM);
}

#[tokio::test]
async fn serving_ends_with_sigint() {
    let serving = Serving::start(&mut stand_program());
    serving.is_used().await;
    serving.ends_after(Signal::INT);
}

/// The Makefile's way to start it, without the building before.
fn under_make() -> (tempfile::TempDir, Command) {
    let place = tempfile::TempDir::new().unwrap();
    let checkout = Checkout::find().unwrap();
    let program = checkout.program("steward-stand").unwrap();
    let file = place.path().join("Makefile");
    std::fs::write(&file, format!("serve:\n\t@exec {} serve\n", program.display())).unwrap();
    // Whoever runs the tests in the background may have made SIGINT ignored, and make would inherit that.
    let heedful = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp('make', ['make', *sys.argv[1:]])";
    let mut command = Command::new("python3");
    command
        .args(["-c", heedful, "-f"])
        .arg(file)
        .arg("serve")
        .current_dir(checkout.path(""))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL");
    (place, command)
}

#[test]
fn the_makefile_starts_it_in_the_same_way() {
    let makefile = std::fs::read_to_string(Checkout::find().unwrap().path("Makefile")).unwrap();
    assert!(makefile.contains("\t@exec $(STAND) serve\n"), "the tests below start it in another way than `make serve`");
}

#[tokio::test]
async fn serving_ends_when_make_gets_sigterm() {
    let (_place, mut command) = under_make();
    let serving = Serving::start(&mut command);
    serving.is_used().await;
    serving.ends_after(Signal::TERM);
}

#[tokio::test]
async fn serving_ends_when_make_alone_gets_sigint() {
    let (_place, mut command) = under_make();
    let serving = Serving::start(&mut command);
    serving.is_used().await;
    serving.ends_after(Signal::INT);
}
