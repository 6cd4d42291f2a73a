//! What a caller of the daemon can run into, as one sentence that says what to do, and as an exit status.

use zbus::fdo;

use crate::bus::NAME;

/// The daemon was not reached, or said no.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no bus.
    #[error("the {bus} bus does not answer ({reason}); start one, or say another with --bus")]
    NoBus {
        /// Which bus.
        bus: &'static str,
        /// The system's words.
        reason: String,
    },
    /// There is a bus, and nobody serves on it.
    #[error("{service} is not running on this bus; {hint}")]
    NotRunning {
        /// The bus name.
        service: String,
        /// What to do.
        hint: &'static str,
    },
    /// One of the contract's named errors.
    #[error("{text}")]
    Named {
        /// The name behind `org.steward1.Error.`
        name: String,
        /// Its sentence.
        text: String,
    },
    /// The bus or an answer is not as it should be.
    #[error("the call failed: {0}")]
    Bus(String),
}

impl ClientError {
    /// The exit status of the contract.
    pub fn exit_status(&self) -> u8 {
        match self {
            ClientError::NoBus { .. } | ClientError::NotRunning { .. } => 6,
            ClientError::Named { name, .. } => match name.as_str() {
                "BadRequest" | "TooLarge" => 2,
                "Denied" | "Untrusted" | "Outdated" | "Incompatible" => 3,
                _ => 5,
            },
            ClientError::Bus(_) => 5,
        }
    }
}

impl From<zbus::Error> for ClientError {
    fn from(error: zbus::Error) -> Self {
        match &error {
            zbus::Error::MethodError(name, text, _) => match name.as_str().strip_prefix("org.steward1.Error.") {
                Some(name) => ClientError::Named { name: name.to_owned(), text: text.clone().unwrap_or_default() },
                None => absent(name.as_str()).unwrap_or_else(|| ClientError::Bus(error.to_string())),
            },
            zbus::Error::FDO(inner) if is_absence(inner) => not_running(),
            zbus::Error::InputOutput(io) if io.kind() == std::io::ErrorKind::TimedOut => {
                ClientError::Named { name: "Timeout".to_owned(), text: "the daemon did not answer in time; is it stuck?".to_owned() }
            }
            _ => ClientError::Bus(error.to_string()),
        }
    }
}

fn absent(name: &str) -> Option<ClientError> {
    let absences = ["ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected"];
    let name = name.strip_prefix("org.freedesktop.DBus.Error.")?;
    absences.contains(&name).then(not_running)
}

fn is_absence(error: &fdo::Error) -> bool {
    use fdo::Error as Fdo;
    matches!(error, Fdo::ServiceUnknown(_) | Fdo::NameHasNoOwner(_) | Fdo::NoReply(_) | Fdo::Disconnected(_))
}

fn not_running() -> ClientError {
    ClientError::NotRunning { service: NAME.to_owned(), hint: "start stewardd, or add --local to ask without it" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_statuses_are_those_of_the_contract() {
        let named = |name: &str| ClientError::Named { name: name.to_owned(), text: String::new() }.exit_status();
        assert_eq!(["BadRequest", "TooLarge", "Denied", "Untrusted", "Timeout", "NotReady"].map(named), [2, 2, 3, 3, 5, 5]);
        assert_eq!(not_running().exit_status(), 6);
    }

    #[test]
    fn an_absent_daemon_is_told_from_a_failing_one() {
        let absent = zbus::Error::FDO(Box::new(fdo::Error::ServiceUnknown("x".into())));
        assert!(matches!(ClientError::from(absent), ClientError::NotRunning { .. }));
        let failing = zbus::Error::FDO(Box::new(fdo::Error::Failed("x".into())));
        assert!(matches!(ClientError::from(failing), ClientError::Bus(_)));
    }
}
