//! `org.steward1.Session`: a conversation with a memory of its own. Its signals go to its owner alone.

use std::sync::Arc;

use assistant::AnswerValue;
use assistant::reply::Event;
use plugins::bus::variant::to_dictionary;
use plugins::value::Values;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zbus::message::Header;
use zbus::names::OwnedUniqueName;
use zbus::object_server::{ResponseDispatchListener, ResponseDispatchNotifier, SignalEmitter};
use zbus::{Connection, OwnedVariant, Variant, interface};

use super::assistant::{assistant, tell_finished};
use super::caller::sender;
use super::dictionary::{self, Dictionary};
use super::error::{Error, Result, fenced};
use super::options::{self, Options};
use super::{rights, session_path};
use crate::desk::{Desk, NotTaken, Place, ending_reply, language_of};
use crate::turns::{Conversation, Ending, Refusal, Turn};

/// One open conversation.
pub(super) struct SessionInterface {
    pub(super) desk: Arc<Desk>,
    pub(super) conversation: Arc<Conversation>,
}

/// The number of a turn that goes on once the number has been sent.
type Number = ResponseDispatchNotifier<u64>;

#[interface(name = "org.steward1.Session")]
impl SessionInterface {
    /// Returns at once; the answer arrives as Progress, Text and Finished signals to the owner.
    #[zbus(out_args("turn"))]
    async fn ask(
        &self,
        text: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Number> {
        let owner = self.owner(&header, "Ask")?;
        options::check_text(&text)?;
        let request = options::request(&options, &self.conversation.defaults)?;
        let (desk, place, connection) = (Arc::clone(&self.desk), self.place()?, connection.clone());
        fenced(async move {
            let (tell, events) = unbounded_channel();
            let language = language_of(&text, &request.language);
            let number = place.conversation.number;
            let turn = desk.ask(place, text, request, Some(tell))?;
            Ok(Story { connection, owner, number, events, language }.begin(turn))
        })
        .await
    }

    /// Answers a pending question: b for a confirmation, u for a choice (0-based), s for a missing value.
    #[zbus(out_args("next"))]
    async fn answer(
        &self,
        turn: u64,
        value: OwnedVariant,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Number> {
        let owner = self.owner(&header, "Answer")?;
        let value = answer_value(&value)?;
        let (desk, place, connection) = (Arc::clone(&self.desk), self.place()?, connection.clone());
        fenced(async move {
            let (tell, events) = unbounded_channel();
            let number = place.conversation.number;
            let next = desk.answer(place, turn, value, tell)?;
            Ok(Story { connection, owner, number, events, language: "en" }.begin(next))
        })
        .await
    }

    /// Takes back what the last turn of this session did.
    #[zbus(out_args("reply"))]
    async fn undo(&self, #[zbus(header)] header: Header<'_>) -> Result<Dictionary> {
        self.owner(&header, "Undo")?;
        let (desk, place) = (Arc::clone(&self.desk), self.place()?);
        fenced(async move {
            let (asker, language) = (place.conversation.owner.clone(), place.conversation.defaults.language.clone());
            let told = language_of("", &language);
            let mut turn = desk.undo(place, asker, language)?;
            match turn.ending().await {
                Ending::Late => Err(Error::Timeout("the undoing was not through in time, and was stopped".to_owned())),
                Ending::Broken => Err(Error::Failed("the undoing failed inside; the log says where".to_owned())),
                ending => dictionary::reply(&ending_reply(&turn, ending, told)),
            }
        })
        .await
    }

    /// Stops one turn. Its Finished has the kind `cancelled`.
    async fn cancel(&self, turn: u64, #[zbus(header)] header: Header<'_>) -> Result<()> {
        self.owner(&header, "Cancel")?;
        if self.desk.turns.stop_turn(&self.conversation, turn) {
            return Ok(());
        }
        Err(Error::NotFound(format!("turn {turn} is not under way in this session")))
    }

    /// Ends the conversation and everything under way in it.
    async fn close(&self, #[zbus(header)] header: Header<'_>, #[zbus(connection)] connection: &Connection) -> Result<()> {
        self.owner(&header, "Close")?;
        self.desk.turns.close(&self.conversation);
        take_down(connection, self.conversation.number).await;
        Ok(())
    }

    /// stage: "heard", "understood", "checking", "acting", "searching", "writing"
    #[zbus(signal)]
    async fn progress(emitter: &SignalEmitter<'_>, turn: u64, stage: &str, detail: Dictionary) -> zbus::Result<()>;

    /// A piece of the reply's text.
    #[zbus(signal)]
    async fn text(emitter: &SignalEmitter<'_>, turn: u64, delta: &str) -> zbus::Result<()>;

    /// The turn is through.
    #[zbus(signal)]
    async fn finished(emitter: &SignalEmitter<'_>, turn: u64, reply: &Dictionary) -> zbus::Result<()>;
}

impl SessionInterface {
    /// The sender, if it is the owner and may call this member.
    fn owner(&self, header: &Header<'_>, member: &str) -> Result<OwnedUniqueName> {
        let sender = sender(header)?;
        if sender.as_str() != self.conversation.owner.name {
            return Err(Refusal::Denied.into());
        }
        rights::check(&self.conversation.owner, "Session", member).map(|()| sender)
    }

    fn place(&self) -> Result<Place> {
        Ok(Place { assistant: assistant(&self.desk)?, conversation: Arc::clone(&self.conversation) })
    }
}

/// Takes the object of a session off the bus; one that is gone already is no error.
pub(super) async fn take_down(connection: &Connection, number: u64) {
    if let Err(error) = connection.object_server().remove::<SessionInterface, _>(session_path(number)).await {
        tracing::debug!(number, %error, "a session was gone already");
    }
}

fn answer_value(value: &OwnedVariant) -> Result<AnswerValue> {
    match &**value {
        Variant::Bool(yes) => Ok(AnswerValue::Yes(*yes)),
        Variant::U32(number) => Ok(AnswerValue::Choice(*number)),
        Variant::Str(words) => {
            options::check_text(words)?;
            Ok(AnswerValue::Words(words.to_string()))
        }
        _ => Err(Error::BadRequest("an answer is b for a confirmation, u for a choice or s for a missing value".to_owned())),
    }
}

impl From<NotTaken> for Error {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::Refused(refusal) => refusal.into(),
            NotTaken::NothingPending(_) => Error::NotFound(error.to_string()),
            NotTaken::Unfit(_) => Error::BadRequest(error.to_string()),
        }
    }
}

/// What the owner hears of one turn.
struct Story {
    connection: Connection,
    owner: OwnedUniqueName,
    number: u64,
    events: UnboundedReceiver<Event>,
    language: &'static str,
}

impl Story {
    /// Starts telling once the turn's number has been sent, so that no signal is about a turn that the owner does not know.
    fn begin(self, turn: Turn) -> Number {
        let (number, sent) = ResponseDispatchNotifier::new(turn.number);
        tokio::spawn(async move {
            if let Err(error) = self.tell(turn, sent).await {
                tracing::debug!(%error, "the owner of a session could not be told");
            }
        });
        number
    }

    async fn tell(mut self, mut turn: Turn, sent: ResponseDispatchListener) -> zbus::Result<()> {
        sent.await;
        let emitter = SignalEmitter::new(&self.connection, session_path(self.number))?.set_destination(self.owner.as_ref().into());
        let ending = loop {
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => event_signal(&emitter, turn.number, event).await?,
                ending = turn.ending() => break ending,
            }
        };
        let reply = ending_reply(&turn, ending, self.language);
        let reply = dictionary::reply(&reply).unwrap_or_else(|error| {
            tracing::error!(turn = turn.number, %error, "a reply could not be sent");
            dictionary::reply(&ending_reply(&turn, Ending::Broken, self.language)).unwrap_or_default()
        });
        SessionInterface::finished(&emitter, turn.number, &reply).await?;
        tell_finished(&self.connection, &self.owner, turn.number, &reply).await;
        Ok(())
    }
}

async fn event_signal(emitter: &SignalEmitter<'_>, turn: u64, event: Event) -> zbus::Result<()> {
    match event {
        Event::Progress(stage, detail) => SessionInterface::progress(emitter, turn, stage, detail_dictionary(&detail)).await,
        Event::Text(delta) => SessionInterface::text(emitter, turn, &delta).await,
    }
}

fn detail_dictionary(detail: &Values) -> Dictionary {
    to_dictionary(detail).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Variant<'static>) -> Result<AnswerValue> {
        answer_value(&value.try_into_owned().unwrap())
    }

    #[test]
    fn an_answer_is_one_of_three_types() {
        assert_eq!(read(true.into()), Ok(AnswerValue::Yes(true)));
        assert_eq!(read(1_u32.into()), Ok(AnswerValue::Choice(1)));
        assert_eq!(read("22".into()), Ok(AnswerValue::Words("22".into())));
        assert!(matches!(read(1_i32.into()), Err(Error::BadRequest(_))));
        assert!(matches!(read("x".repeat(5000).into()), Err(Error::TooLarge(_))));
    }

    #[test]
    fn what_is_not_taken_has_a_name() {
        assert!(matches!(Error::from(NotTaken::NothingPending(3)), Error::NotFound(text) if text.contains('3')));
        assert!(matches!(Error::from(NotTaken::Unfit("x")), Error::BadRequest(_)));
        assert!(matches!(Error::from(NotTaken::Refused(Refusal::Denied)), Error::Denied(_)));
    }
}
