//! What systemd hears of the daemon, heard in its place: ready, and then a sign of life only as long as calls are answered.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use steward_tests::Checkout;
use steward_tests::bus::PrivateBus;
use steward_tests::process::Process;

use crate::capabilities::bare_configuration;
use crate::policy::open_folder;

/// As long as a service may be silent; three sentences fit in.
const LIMIT: Duration = Duration::from_secs(3);

/// Whether systemd would hear `word` within `patience`.
fn hears(systemd: &UnixDatagram, word: &str, patience: Duration) -> bool {
    let (start, mut message) = (Instant::now(), [0; 4096]);
    while let Some(left) = patience.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        systemd.set_read_timeout(Some(left)).unwrap();
        let Ok(length) = systemd.recv(&mut message) else { continue };
        if String::from_utf8_lossy(&message[..length]).lines().any(|line| line == word) {
            return true;
        }
    }
    false
}

#[test]
fn the_watchdog_is_fed_by_answers() {
    let folder = open_folder();
    let systemd = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    let mut bus = PrivateBus::start(folder.path(), &[]).unwrap();
    let mut command = Command::new(Checkout::find().unwrap().program("stewardd").unwrap());
    command.arg("--config").arg(bare_configuration(folder.path())).env("DBUS_SESSION_BUS_ADDRESS", bus.address());
    command.env("NOTIFY_SOCKET", folder.path().join("notify")).env("WATCHDOG_USEC", LIMIT.as_micros().to_string());
    command.env_remove("WATCHDOG_PID");
    let mut daemon = Process::start("stewardd", &mut command, &folder.path().join("stewardd.log")).unwrap();
    assert!(hears(&systemd, "READY=1", Duration::from_secs(120)), "{}", daemon.log_end(8));
    for _ in 0..3 {
        assert!(hears(&systemd, "WATCHDOG=1", LIMIT * 5), "{}", daemon.log_end(8));
    }
    // The process itself goes on, its timers too; only nobody's call arrives any more.
    bus.process().signal(Signal::STOP);
    std::thread::sleep(LIMIT / 3);
    while hears(&systemd, "WATCHDOG=1", Duration::from_millis(1)) {}
    assert!(!hears(&systemd, "WATCHDOG=1", LIMIT * 2), "it was fed although nothing was answered");
    assert!(daemon.ended().is_none());
    bus.process().signal(Signal::CONT);
    assert!(hears(&systemd, "WATCHDOG=1", LIMIT * 5), "it was not fed again: {}", daemon.log_end(8));
    daemon.signal(Signal::TERM);
    assert!(hears(&systemd, "STOPPING=1", LIMIT * 5));
}
