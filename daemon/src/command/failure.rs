//! Why a command ends early: one sentence for the standard error, and the exit status of the contract.

use std::fmt;

use crate::client::ClientError;

/// A sentence and an exit status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong and what to do.
    pub sentence: String,
    /// 2 wrong use, 3 refused, 4 not understood, 5 failed, 6 daemon not reachable.
    pub status: u8,
}

impl Failure {
    /// Something that was typed makes no sense.
    pub(super) fn wrong_use(sentence: impl Into<String>) -> Self {
        Failure { sentence: sentence.into(), status: 2 }
    }

    /// It was tried, and did not work.
    pub(super) fn failed(sentence: impl fmt::Display) -> Self {
        Failure { sentence: sentence.to_string(), status: 5 }
    }
}

impl fmt::Display for Failure {
    /// One line, ending as a sentence does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = if line.ends_with(['.', '!', '?', '。']) { "" } else { "." };
        write!(f, "{line}{end}")
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Failure { sentence: error.to_string(), status: error.exit_status() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_line_and_a_sentence() {
        assert_eq!(Failure::failed("it broke\n  twice").to_string(), "it broke twice.");
        assert_eq!(Failure::failed("why?").to_string(), "why?");
    }
}
