//! Order, bounds, stopping, deadlines, panics, and what leaving does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use assistant::Session;
use assistant::reply::{ActionReport, ActionState, Reply, ReplyKind};
use tokio::sync::{OwnedMutexGuard, mpsc};

use super::*;

fn reply(turn: u64, text: &str) -> Reply {
    Reply {
        turn,
        kind: ReplyKind::Answer,
        text: text.to_owned(),
        language: "en".to_owned(),
        actions: Vec::new(),
        sources: Vec::new(),
        options: Vec::new(),
        confidence: 1.0,
        tier: String::new(),
        timings: BTreeMap::new(),
    }
}

fn done(turn: u64) -> Reply {
    let action = ActionReport {
        plugin: "p".to_owned(),
        action: "a".to_owned(),
        arguments: BTreeMap::new(),
        state: ActionState::Done,
        reason: String::new(),
        writes: BTreeMap::new(),
        undoable: true,
    };
    Reply { kind: ReplyKind::Done, actions: vec![action], ..reply(turn, "done") }
}

fn caller(name: &str, uid: u32) -> Caller {
    Caller { name: name.to_owned(), uid, roles: Roles::default() }
}

fn plan(conversation: &Arc<Conversation>) -> Plan {
    let (asker, conversation) = (conversation.owner.clone(), Arc::clone(conversation));
    Plan { asker, conversation, memory: None, deadline: Duration::from_secs(5) }
}

fn house(limits: Limits) -> (Arc<Turns>, Caller) {
    let turns = Arc::new(Turns::with_limits(limits));
    let ann = caller(":1.1", 1000);
    turns.welcome(&ann);
    (turns, ann)
}

async fn at_once(_: OwnedMutexGuard<Session>, turn: u64) -> Reply {
    reply(turn, "hello")
}

async fn never(memory: OwnedMutexGuard<Session>, turn: u64) -> Reply {
    std::future::pending::<()>().await;
    drop(memory);
    reply(turn, "never")
}

#[tokio::test]
async fn a_turn_replies_and_leaves_the_book() {
    let (turns, ann) = house(Limits::default());
    let mut turn = turns.begin(plan(&turns.default_of(&ann).unwrap()), at_once).unwrap();
    assert_eq!(turn.ending().await, Ending::Replied(Box::new(reply(1, "hello"))));
    assert_eq!((turns.under_way(), turns.asker(1), turns.asker(2)), (0, Some(1000), None));
}

#[tokio::test]
async fn turns_of_one_conversation_run_in_order_and_one_at_a_time() {
    let (turns, ann) = house(Limits::default());
    let conversation = turns.default_of(&ann).unwrap();
    let (tell, mut heard) = mpsc::unbounded_channel();
    let mut begun: Vec<Turn> = (0..4)
        .map(|_| {
            let tell = tell.clone();
            let work = move |memory: OwnedMutexGuard<Session>, turn| async move {
                tell.send((turn, "in")).unwrap();
                tokio::time::sleep(Duration::from_millis(3)).await;
                tell.send((turn, "out")).unwrap();
                drop(memory);
                reply(turn, "")
            };
            turns.begin(plan(&conversation), work).unwrap()
        })
        .collect();
    for turn in &mut begun {
        turn.ending().await;
    }
    drop(tell);
    let mut order = Vec::new();
    while let Some(event) = heard.recv().await {
        order.push(event);
    }
    assert_eq!(order, (1..=4).flat_map(|turn| [(turn, "in"), (turn, "out")]).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_conversation_takes_only_so_many_turns() {
    let (turns, ann) = house(Limits { turns_per_conversation: 2, ..Limits::default() });
    let conversation = turns.default_of(&ann).unwrap();
    let _running = (turns.begin(plan(&conversation), never).unwrap(), turns.begin(plan(&conversation), never).unwrap());
    assert!(matches!(turns.begin(plan(&conversation), never), Err(Refusal::Busy(_))));
    let other = turns.open(&ann, Defaults::default()).unwrap();
    assert!(turns.begin(plan(&other), never).is_ok(), "another conversation is not held up");
}

#[tokio::test]
async fn a_caller_and_everybody_together_are_bounded() {
    let (turns, ann) = house(Limits { turns_per_caller: 1, turns: 2, ..Limits::default() });
    let (bob, cid) = (caller(":1.2", 1001), caller(":1.3", 1002));
    turns.welcome(&bob);
    turns.welcome(&cid);
    let _anns = turns.begin(plan(&turns.open(&ann, Defaults::default()).unwrap()), never).unwrap();
    assert!(matches!(turns.begin(plan(&turns.default_of(&ann).unwrap()), never), Err(Refusal::Busy(_))));
    let _bobs = turns.begin(plan(&turns.default_of(&bob).unwrap()), never).unwrap();
    assert!(matches!(turns.begin(plan(&turns.default_of(&cid).unwrap()), never), Err(Refusal::Busy(_))));
}

#[tokio::test]
async fn sessions_are_bounded_per_caller_and_altogether() {
    let (turns, ann) = house(Limits { sessions_per_caller: 2, sessions: 3, ..Limits::default() });
    let bob = caller(":1.2", 1001);
    turns.welcome(&bob);
    let first = turns.open(&ann, Defaults::default()).unwrap();
    turns.open(&ann, Defaults::default()).unwrap();
    assert!(matches!(turns.open(&ann, Defaults::default()), Err(Refusal::Busy(_))));
    turns.open(&bob, Defaults::default()).unwrap();
    assert!(matches!(turns.open(&bob, Defaults::default()), Err(Refusal::Busy(_))));
    turns.close(&first);
    assert!(turns.open(&bob, Defaults::default()).is_ok());
}

#[tokio::test]
async fn stopping_ends_running_and_waiting_turns_and_frees_the_memory() {
    let (turns, ann) = house(Limits::default());
    let conversation = turns.default_of(&ann).unwrap();
    let mut running = turns.begin(plan(&conversation), never).unwrap();
    let mut waiting = turns.begin(plan(&conversation), never).unwrap();
    tokio::task::yield_now().await;
    assert_eq!(turns.stop_caller(&ann), 2);
    assert_eq!((running.ending().await, waiting.ending().await), (Ending::Stopped, Ending::Stopped));
    assert!(conversation.idle_memory().is_some());
    assert_eq!(turns.under_way(), 0);
}

#[tokio::test]
async fn one_turn_is_stopped_only_within_its_conversation() {
    let (turns, ann) = house(Limits::default());
    let (conversation, other) = (turns.default_of(&ann).unwrap(), turns.open(&ann, Defaults::default()).unwrap());
    let mut turn = turns.begin(plan(&conversation), never).unwrap();
    assert!(!turns.stop_turn(&other, turn.number));
    assert!(turns.stop_turn(&conversation, turn.number));
    assert_eq!(turn.ending().await, Ending::Stopped);
    assert!(!turns.stop_turn(&conversation, turn.number));
}

#[tokio::test]
async fn a_late_turn_ends_on_its_deadline_even_when_it_only_waited() {
    let (turns, ann) = house(Limits::default());
    let conversation = turns.default_of(&ann).unwrap();
    let _running = turns.begin(plan(&conversation), never).unwrap();
    let mut waiting = turns.begin(Plan { deadline: Duration::from_millis(20), ..plan(&conversation) }, at_once).unwrap();
    assert_eq!(waiting.ending().await, Ending::Late);
}

#[tokio::test]
async fn a_panic_breaks_one_turn_only() {
    let (turns, ann) = house(Limits::default());
    let conversation = turns.default_of(&ann).unwrap();
    let breaks = |_: OwnedMutexGuard<Session>, turn: u64| async move { if turn > 0 { panic!("on purpose") } else { reply(turn, "") } };
    assert_eq!(turns.begin(plan(&conversation), breaks).unwrap().ending().await, Ending::Broken);
    assert_eq!(turns.begin(plan(&conversation), at_once).unwrap().ending().await, Ending::Replied(Box::new(reply(2, "hello"))));
}

#[tokio::test]
async fn whoever_leaves_takes_turns_and_sessions_along() {
    let (turns, ann) = house(Limits::default());
    let conversation = turns.open(&ann, Defaults::default()).unwrap();
    let mut turn = turns.begin(plan(&conversation), never).unwrap();
    assert_eq!(turns.farewell(&ann.name), [conversation.number]);
    assert_eq!(turn.ending().await, Ending::Stopped);
    assert!(!turns.is_open(&conversation));
    assert_eq!(turns.begin(plan(&conversation), at_once).unwrap_err(), Refusal::Closed);
    assert_eq!(turns.open(&ann, Defaults::default()).unwrap_err(), Refusal::Closed);
}

#[tokio::test]
async fn what_a_default_conversation_did_can_be_undone_by_the_same_user_later() {
    let (turns, ann) = house(Limits::default());
    let conversation = turns.default_of(&ann).unwrap();
    let mut turn = turns.begin(plan(&conversation), |_, turn| async move { done(turn) }).unwrap();
    turn.ending().await;
    turns.farewell(&ann.name);
    let (again, stranger) = (caller(":1.9", 1000), caller(":1.8", 7));
    turns.welcome(&again);
    turns.welcome(&stranger);
    assert!(turns.take_undoable(stranger.uid).is_none());
    let left = turns.take_undoable(again.uid).unwrap();
    let undo = |asker: &Caller| Plan { asker: asker.clone(), ..plan(&left) };
    assert_eq!(turns.begin(undo(&stranger), at_once).unwrap_err(), Refusal::Denied);
    assert!(matches!(turns.begin(undo(&again), at_once).unwrap().ending().await, Ending::Replied(_)));
    assert!(turns.take_undoable(again.uid).is_none(), "each turn is given once");
}

#[tokio::test]
async fn stopping_a_user_stops_all_its_callers_and_nobody_else() {
    let (turns, ann) = house(Limits::default());
    let (same, other) = (caller(":1.2", 1000), caller(":1.3", 1001));
    turns.welcome(&same);
    turns.welcome(&other);
    let begin = |who: &Caller| turns.begin(plan(&turns.default_of(who).unwrap()), never).unwrap();
    let (mut first, mut second, _third) = (begin(&ann), begin(&same), begin(&other));
    assert_eq!(turns.stop_user(1000), 2);
    assert_eq!((first.ending().await, second.ending().await), (Ending::Stopped, Ending::Stopped));
    assert_eq!(turns.under_way(), 1);
}
