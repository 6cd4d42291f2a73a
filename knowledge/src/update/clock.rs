//! What time it is, for a car whose clock may be wrong.
//!
//! The policy: it is never earlier than the latest time that was sure before. That is the later of two: the time at which the last
//! bundle was taken (kept in the floor), and the time at which the car's own knowledge was built. So a clock that went back (an empty
//! battery, 1970) neither makes an expired bundle young nor stops installing, and a clock that runs ahead refuses bundles as expired
//! and leaves nothing behind, because the time is only kept when a bundle was taken, and then it is before that bundle's end.

use std::time::{SystemTime, UNIX_EPOCH};

/// Reads the system's clock; seconds since 1970.
pub(super) type Read = fn() -> u64;

/// The system's clock; 0 when it is before 1970.
pub(super) fn system() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The time that counts: the clock's, and never before what was sure already.
pub(super) fn now(clock: Read, sure: impl IntoIterator<Item = u64>) -> u64 {
    sure.into_iter().fold(clock(), u64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        assert_eq!(now(|| 0, [100, 50]), 100);
        assert_eq!(now(|| 200, [100, 50]), 200);
        assert!(system() > 1_700_000_000);
    }
}
