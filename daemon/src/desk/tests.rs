//! Answers that fit, and what undo finds.

use std::collections::BTreeMap;
use std::time::Instant;

use assistant::session::{Command, JournalEntry, Pending};

use super::*;
use crate::turns::{Ending, Roles};

fn asking(kind: PendingKind) -> Session {
    let command = Command {
        plugin: "p".into(),
        action: "a".into(),
        arguments: BTreeMap::new(),
        direction: None,
        tier: "pattern".into(),
        confidence: 1.0,
    };
    let pending = Pending {
        turn: 3,
        kind,
        commands: vec![command.clone(), command],
        zone: "passenger".into(),
        language: "zh".into(),
        since: Instant::now(),
    };
    let mut session = Session::default();
    session.pending = Some(pending);
    session
}

#[test]
fn an_answer_must_fit_the_question() {
    let confirm = asking(PendingKind::Confirm);
    let request = fitting(&confirm, 3, &AnswerValue::Yes(true)).unwrap();
    assert_eq!((request.zone, request.language.as_str()), (Zone::Passenger, "zh"));
    assert_eq!(fitting(&confirm, 2, &AnswerValue::Yes(true)), Err(NotTaken::NothingPending(2)));
    assert!(matches!(fitting(&confirm, 3, &AnswerValue::Choice(0)), Err(NotTaken::Unfit(_))));
    let choose = asking(PendingKind::Choose);
    assert!(fitting(&choose, 3, &AnswerValue::Choice(1)).is_ok());
    assert!(matches!(fitting(&choose, 3, &AnswerValue::Choice(2)), Err(NotTaken::Unfit(_))));
    let missing = asking(PendingKind::Missing("temperature".into()));
    assert!(fitting(&missing, 3, &AnswerValue::Words("22".into())).is_ok());
    assert!(matches!(fitting(&missing, 3, &AnswerValue::Yes(false)), Err(NotTaken::Unfit(_))));
}

#[test]
fn an_old_question_takes_no_answer() {
    let mut session = asking(PendingKind::Confirm);
    let pending = session.pending.as_mut().unwrap();
    pending.since = Instant::now().checked_sub(PENDING_LIFETIME).unwrap();
    assert_eq!(fitting(&session, 3, &AnswerValue::Yes(true)), Err(NotTaken::NothingPending(3)));
}

#[tokio::test]
async fn a_stopped_turn_speaks_the_language_of_the_question() {
    let desk = Desk::default();
    let ann = Caller { name: ":1.1".into(), uid: 5, roles: Roles::default() };
    desk.turns.welcome(&ann);
    let plan = Plan { asker: ann.clone(), conversation: desk.turns.default_of(&ann).unwrap(), memory: None, deadline: DEADLINE };
    let mut turn = desk.turns.begin(plan, |_, _| std::future::pending()).unwrap();
    desk.turns.stop_caller(&ann);
    let ending = turn.ending().await;
    let reply = ending_reply(&turn, ending, language_of("打开天窗", ""));
    assert_eq!((reply.kind, reply.text.as_str(), reply.turn), (ReplyKind::Cancelled, "已停止。", turn.number));
    assert!(reply.timings["total"] > 0);
    assert_eq!(language_of("open it", ""), "en");
    assert_eq!(language_of("打开天窗", "en"), "en");
}

#[tokio::test]
async fn undo_passes_over_conversations_without_a_journal() {
    let desk = Desk::default();
    let (ann, later) =
        (Caller { name: ":1.1".into(), uid: 5, roles: Roles::default() }, Caller { name: ":1.2".into(), uid: 5, roles: Roles::default() });
    desk.turns.welcome(&ann);
    desk.turns.welcome(&later);
    let with_journal = desk.turns.default_of(&ann).unwrap();
    with_journal.memory().await.record(JournalEntry { turn: 1, before: BTreeMap::new(), lasting: Vec::new() });
    for caller in [&ann, &later] {
        let conversation = desk.turns.default_of(caller).unwrap();
        let plan = Plan { asker: caller.clone(), conversation, memory: None, deadline: Duration::ZERO };
        let mut turn = desk.turns.begin(plan, |_, turn| async move {
            std::future::pending::<()>().await;
            ended_reply(turn, ReplyKind::Done, "en")
        });
        assert_eq!(turn.as_mut().unwrap().ending().await, Ending::Late);
    }
    assert!(Arc::ptr_eq(&desk.undoable(&later).await.unwrap(), &with_journal));
    assert!(Arc::ptr_eq(&desk.undoable(&later).await.unwrap(), &desk.turns.default_of(&later).unwrap()));
}
