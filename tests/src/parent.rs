//! Notices that the `make` which started us is leaving. GNU make passes SIGTERM on to its children, yet on SIGINT it only waits for them,
//! as a terminal would have sent it to everybody; a program that interrupts make alone would wait for ever.

use std::os::unix::process::parent_id;
use std::time::Duration;

/// How often is looked.
const TICK: Duration = Duration::from_millis(200);
/// SIGINT's bit in the masks of `/proc/ID/status`.
const INTERRUPT: u64 = 1 << 1;

/// Who started us, as it was then.
#[derive(Debug)]
pub struct Parent {
    id: u32,
    is_make: bool,
}

impl Parent {
    /// The parent at this moment.
    pub fn now() -> Self {
        let id = parent_id();
        // Make catches SIGINT while it works and stops doing so when it has got one.
        Parent { id, is_make: name(id).as_deref() == Some("make") && catches_interrupt(id) }
    }

    /// Waits until the parent, if it is make, has gone or is about to.
    pub async fn leaving(&self) {
        while !self.is_make || (parent_id() == self.id && catches_interrupt(self.id)) {
            tokio::time::sleep(TICK).await;
        }
    }
}

fn name(id: u32) -> Option<String> {
    Some(std::fs::read_to_string(format!("/proc/{id}/comm")).ok()?.trim().to_owned())
}

fn catches_interrupt(id: u32) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
    mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & INTERRUPT != 0)
}
