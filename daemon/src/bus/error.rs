//! The named errors of the bus, and the one place where the other crates' errors become them.

use knowledge::KnowledgeError;
use knowledge::update::{RefusalKind, UpdateError};
use models::ModelError;

use crate::turns::Refusal;

/// `org.steward1.Error.*`: the name says what kind of failure it is, the text is one sentence for a person.
#[derive(Debug, PartialEq, zbus::DBusError)]
#[zbus(prefix = "org.steward1.Error", impl_display = true)]
pub enum Error {
    /// The call makes no sense; the sentence names the argument.
    BadRequest(String),
    /// Over a limit of the contract.
    TooLarge(String),
    /// Too much is under way; later it may work.
    Busy(String),
    /// Somebody else's.
    Denied(String),
    /// Not loaded yet, or not there at all.
    NotReady(String),
    /// No such thing.
    NotFound(String),
    /// The deadline passed.
    Timeout(String),
    /// Not from whom it should be, or changed on the way.
    Untrusted(String),
    /// Older than it may be.
    Outdated(String),
    /// Fine, and not for this car.
    Incompatible(String),
    /// It broke; the log knows more.
    Failed(String),
}

/// What a method of the bus gives.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let sentence = refusal.to_string();
        match refusal {
            Refusal::Busy(_) => Error::Busy(sentence),
            Refusal::Closed => Error::NotFound(sentence),
            Refusal::Denied => Error::Denied(sentence),
        }
    }
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Busy => Error::Busy(error.to_string()),
            ModelError::NoTokens => Error::BadRequest(error.to_string()),
            other => {
                tracing::error!(error = %other, "a model failed");
                Error::Failed("the model failed; the log says why".to_owned())
            }
        }
    }
}

impl From<KnowledgeError> for Error {
    fn from(error: KnowledgeError) -> Self {
        tracing::error!(%error, "the knowledge failed");
        Error::Failed("the knowledge could not be searched; the log says why".to_owned())
    }
}

impl From<UpdateError> for Error {
    fn from(error: UpdateError) -> Self {
        tracing::warn!(%error, "a bundle was refused");
        let sentence = error.to_string();
        match error.kind() {
            RefusalKind::Untrusted => Error::Untrusted(sentence),
            RefusalKind::Outdated => Error::Outdated(sentence),
            RefusalKind::Incompatible => Error::Incompatible(sentence),
            RefusalKind::TooLarge => Error::TooLarge(sentence),
            RefusalKind::BadRequest => Error::BadRequest(sentence),
            RefusalKind::Busy => Error::Busy(sentence),
            RefusalKind::NotFound => Error::NotFound(sentence),
            RefusalKind::NotReady => Error::NotReady(sentence),
            RefusalKind::Failed => Error::Failed(sentence),
        }
    }
}

impl From<zbus::Error> for Error {
    fn from(error: zbus::Error) -> Self {
        tracing::error!(%error, "the bus failed");
        Error::Failed("the message bus failed; the log says why".to_owned())
    }
}

/// Runs a method's work behind a fence: a panic becomes `Failed` instead of a caller that waits for ever.
pub(super) async fn fenced<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(panic = error.is_panic(), "a method broke");
        Err(Error::Failed("this call failed inside; the log says where".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use zbus::DBusError;

    use super::*;

    #[test]
    fn names_are_those_of_the_contract() {
        let names = |error: Error| error.name().to_string();
        assert_eq!(names(Error::from(Refusal::Busy("x"))), "org.steward1.Error.Busy");
        assert_eq!(names(Error::from(Refusal::Denied)), "org.steward1.Error.Denied");
        assert_eq!(names(Error::from(Refusal::Closed)), "org.steward1.Error.NotFound");
        assert_eq!(names(Error::from(ModelError::Busy)), "org.steward1.Error.Busy");
        assert_eq!(names(Error::from(ModelError::NoTokens)), "org.steward1.Error.BadRequest");
        assert_eq!(names(Error::Timeout(String::new())), "org.steward1.Error.Timeout");
        assert_eq!(names(Error::from(UpdateError::Expired { role: "root".into() })), "org.steward1.Error.Outdated");
        assert_eq!(names(Error::from(UpdateError::Link { name: "x".into() })), "org.steward1.Error.Untrusted");
        assert_eq!(names(Error::from(UpdateError::Unsupported("x".into()))), "org.steward1.Error.Incompatible");
    }

    #[test]
    fn the_sentence_travels_along() {
        assert_eq!(Error::from(Refusal::Busy("wait")).description(), Some("wait"));
    }

    #[tokio::test]
    async fn a_panic_becomes_failed() {
        let broken = fenced(async { if std::hint::black_box(true) { panic!("on purpose") } else { Ok(1) } }).await;
        assert!(matches!(broken, Err(Error::Failed(_))));
        assert_eq!(fenced(async { Ok(2) }).await, Ok(2));
    }
}
