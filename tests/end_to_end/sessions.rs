//! Conversations: whose they are, what they remember, how they end.

use std::time::Duration;

use serde_json::Value;
use steward_tests::client::{Conversation, error_name};
use steward_tests::{Car, Client, Stand};

use crate::setting::{first_state, kind, stand, stand_and, stand_with, with_plugins};

const HEIGHT: &str = "Vehicle.Cabin.RearviewMirror.DimmingLevel";
const SPOILER: &str = "Vehicle.Body.RearMainSpoilerPosition";

async fn workshop() -> (Stand, Car, Conversation) {
    let stand = stand_and(&["workshop"]).await;
    let car = Car::connect(stand.client()).await.unwrap();
    car.force_one(SPOILER, 10.0).await.unwrap();
    let session = stand.client().open().await.unwrap();
    (stand, car, session)
}

async fn say(session: &mut Conversation, text: &str) -> Value {
    session.say(text, &[]).await.unwrap_or_else(|error| panic!("{text:?}: {error:#}"))
}

fn turn(reply: &Value) -> u64 {
    reply["turn"].as_u64().unwrap()
}

#[tokio::test]
async fn only_the_opener_may_use_a_session() {
    let (stand, _car, session) = workshop().await;
    let stranger = Client::connect(stand.address()).await.unwrap();
    let stolen = Conversation::at(&stranger, &session.path()).await.unwrap();
    let errors = [
        stolen.ask("set the workbench to 30", &[]).await.err(),
        stolen.answer(1, true).await.err(),
        stolen.undo().await.err(),
        stolen.cancel(1).await.err(),
        stolen.close().await.err(),
    ];
    for error in errors {
        assert_eq!(error_name(&error.expect("a stranger must be refused")), "org.steward1.Error.Denied");
    }
}

#[tokio::test]
async fn signals_go_to_the_opener_alone() {
    let (stand, _car, mut session) = workshop().await;
    let stranger = Client::connect(stand.address()).await.unwrap();
    let mut listener = Conversation::at(&stranger, &session.path()).await.unwrap();
    let reply = say(&mut session, "set the workbench to 30").await;
    assert_eq!(kind(&reply), "done", "{reply}");
    let heard = tokio::time::timeout(Duration::from_millis(300), listener.hear(turn(&reply))).await;
    assert!(heard.is_err(), "a stranger heard {heard:?}");
}

#[tokio::test]
async fn stages_are_told_in_order() {
    let (_stand, _car, mut session) = workshop().await;
    let number = session.ask("set the workbench to 30", &[]).await.unwrap();
    let heard = session.hear(number).await.unwrap();
    let stages: Vec<&str> =
        heard.iter().filter(|heard| heard.signal == "Progress").map(|heard| heard.arguments[0].as_str().unwrap()).collect();
    let order = ["heard", "understood", "checking", "acting"];
    let positions: Vec<usize> = order.iter().filter_map(|stage| stages.iter().position(|told| told == stage)).collect();
    assert_eq!(positions.len(), order.len(), "{stages:?}");
    assert!(positions.is_sorted(), "{stages:?}");
    assert_eq!(heard.last().unwrap().signal, "Finished");
}

#[tokio::test]
async fn a_session_ends_with_its_opener() {
    let stand = stand().await;
    let opener = Client::connect(stand.address()).await.unwrap();
    let session = opener.open().await.unwrap();
    let path = session.path();
    assert!(is_there(&stand, &path).await);
    drop(session);
    opener.connection().clone().close().await.unwrap();
    drop(opener);
    for _ in 0..200 {
        if !is_there(&stand, &path).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{path} is still there");
}

/// Whether an object has the interface of a session; introspection names the interfaces of each object.
async fn is_there(stand: &Stand, path: &str) -> bool {
    let object = stand.client().proxy("org.steward1", path, "org.steward1.Session").await.unwrap();
    object.introspect().await.is_ok_and(|xml| xml.contains("org.steward1.Session"))
}

#[tokio::test]
async fn a_closed_session_is_gone() {
    let (stand, _car, session) = workshop().await;
    let path = session.path();
    session.close().await.unwrap();
    assert!(!is_there(&stand, &path).await);
    session.ask("set the workbench to 30", &[]).await.expect_err("a closed session takes nothing");
}

#[tokio::test]
async fn nobody_opens_sessions_without_end() {
    let stand = stand().await;
    let mut sessions = Vec::new();
    for _ in 0..16 {
        sessions.push(stand.client().open().await.unwrap());
    }
    let error = stand.client().open().await.expect_err("the seventeenth");
    assert_eq!(error_name(&error), "org.steward1.Error.Busy");
    sessions.pop().unwrap().close().await.unwrap();
    stand.client().open().await.expect("one was closed");
}

#[tokio::test]
async fn undo_restores_what_was_before() {
    let (_stand, car, mut session) = workshop().await;
    car.force_one(HEIGHT, 12.0).await.unwrap();
    let done = say(&mut session, "set the workbench to 30").await;
    assert_eq!(done["actions"][0]["undoable"], true, "{done}");
    say(&mut session, "set the workbench to 50").await;
    assert_eq!(kind(&session.undo().await.unwrap()), "done");
    car.wait_for(HEIGHT, 30.0).await.unwrap();
    assert_eq!(kind(&session.undo().await.unwrap()), "done");
    car.wait_for(HEIGHT, 12.0).await.unwrap();
    let nothing = session.undo().await.unwrap();
    assert_ne!(kind(&nothing), "done", "{nothing}");
}

#[tokio::test]
async fn sessions_remember_apart() {
    let (stand, car, mut session) = workshop().await;
    car.force_one(HEIGHT, 12.0).await.unwrap();
    say(&mut session, "set the workbench to 30").await;
    let other = stand.client().open().await.unwrap();
    let nothing = other.undo().await.unwrap();
    assert_ne!(kind(&nothing), "done", "another session has nothing to take back: {nothing}");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 30.0);
}

#[tokio::test]
async fn a_confirmation_is_answered_by_a_switch() {
    let (_stand, car, mut session) = workshop().await;
    let asked = say(&mut session, "sell the workbench").await;
    assert_eq!((kind(&asked), first_state(&asked)), ("confirm", "pending"), "{asked}");
    assert_eq!(car.get(SPOILER).await.unwrap(), 10.0, "nothing may be done before the answer");
    let next = session.answer(turn(&asked), true).await.unwrap();
    let reply = session.reply(next).await.unwrap();
    assert_eq!((kind(&reply), reply["text"].as_str()), ("done", Some("The workbench is sold.")), "{reply}");
    assert_eq!(car.get(SPOILER).await.unwrap(), 100.0);
}

#[tokio::test]
async fn a_confirmation_that_is_denied_changes_nothing() {
    let (_stand, car, mut session) = workshop().await;
    let asked = say(&mut session, "sell the workbench").await;
    let next = session.answer(turn(&asked), false).await.unwrap();
    let reply = session.reply(next).await.unwrap();
    assert_eq!(kind(&reply), "cancelled", "{reply}");
    assert_eq!(car.get(SPOILER).await.unwrap(), 10.0);
    let error = session.answer(turn(&asked), true).await.expect_err("a question is answered once");
    assert_eq!(error_name(&error), "org.steward1.Error.NotFound");
}

#[tokio::test]
async fn a_confirmation_is_answered_by_the_next_utterance() {
    for (answer, spoiler) in [("yes please", 100.0), ("no, leave it", 10.0)] {
        let (_stand, car, mut session) = workshop().await;
        assert_eq!(kind(&say(&mut session, "sell the workbench").await), "confirm");
        let reply = say(&mut session, answer).await;
        assert_eq!(kind(&reply), if spoiler > 50.0 { "done" } else { "cancelled" }, "{answer}: {reply}");
        assert_eq!(car.get(SPOILER).await.unwrap(), spoiler, "{answer}");
    }
}

#[tokio::test]
async fn a_missing_value_is_asked_for_and_answered_in_words() {
    let (_stand, car, mut session) = workshop().await;
    let asked = say(&mut session, "adjust the workbench").await;
    assert_eq!((kind(&asked), asked["text"].as_str()), ("ask", Some("How high should the workbench be?")), "{asked}");
    let next = session.answer(turn(&asked), "forty five").await.unwrap();
    let reply = session.reply(next).await.unwrap();
    assert_eq!(kind(&reply), "done", "{reply}");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 45.0);
}

#[tokio::test]
async fn a_missing_value_is_answered_by_the_next_utterance() {
    let (_stand, car, mut session) = workshop().await;
    assert_eq!(kind(&say(&mut session, "调一下工作台").await), "ask");
    let reply = say(&mut session, "五十五").await;
    assert_eq!((kind(&reply), reply["language"].as_str()), ("done", Some("zh")), "{reply}");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 55.0);
}

/// A phrase that two plugins claim, and the question which of them is meant: the gadget sets 25, the widget 75.
async fn which() -> (Stand, Car, Conversation, Value) {
    let stand = stand_with(with_plugins(&["rivals"])).await;
    let car = Car::connect(stand.client()).await.unwrap();
    car.force_one(SPOILER, 10.0).await.unwrap();
    let mut session = stand.client().open().await.unwrap();
    let asked = say(&mut session, "wake the contraption").await;
    assert_eq!(kind(&asked), "choose", "{asked}");
    assert_eq!(asked["options"].as_array().unwrap().len(), 2, "{asked}");
    assert_eq!(car.get(SPOILER).await.unwrap(), 10.0, "nothing may be done before the answer");
    (stand, car, session, asked)
}

#[tokio::test]
async fn a_choice_is_answered_by_a_number() {
    let (_stand, car, mut session, asked) = which().await;
    let widget = asked["options"].as_array().unwrap().iter().position(|option| option["plugin"] == "widget").unwrap();
    assert!(asked["options"][widget]["label"].as_str().unwrap().contains("widget"), "{asked}");
    let next = session.answer(turn(&asked), u32::try_from(widget).unwrap()).await.unwrap();
    let reply = session.reply(next).await.unwrap();
    assert_eq!((kind(&reply), reply["text"].as_str()), ("done", Some("The widget is awake.")), "{reply}");
    assert_eq!(car.get(SPOILER).await.unwrap(), 75.0);
}

#[tokio::test]
async fn a_choice_that_is_not_offered_is_no_answer() {
    let (_stand, car, session, asked) = which().await;
    let error = session.answer(turn(&asked), 2_u32).await.expect_err("there are two");
    assert_eq!(error_name(&error), "org.steward1.Error.BadRequest");
    assert_eq!(car.get(SPOILER).await.unwrap(), 10.0);
}

#[tokio::test]
async fn a_choice_is_answered_by_the_next_utterance() {
    let (_stand, car, mut session, asked) = which().await;
    let second = if asked["options"][1]["plugin"] == "widget" { 75.0 } else { 25.0 };
    let reply = say(&mut session, "the second one").await;
    assert_eq!(kind(&reply), "done", "{reply}");
    assert_eq!(car.get(SPOILER).await.unwrap(), second);
}

#[tokio::test]
async fn another_command_takes_the_place_of_an_open_question() {
    let (_stand, car, mut session) = workshop().await;
    assert_eq!(kind(&say(&mut session, "sell the workbench").await), "confirm");
    assert_eq!(kind(&say(&mut session, "set the workbench to 20").await), "done");
    assert_eq!(car.get(SPOILER).await.unwrap(), 10.0);
    let reply = say(&mut session, "yes").await;
    assert_ne!(kind(&reply), "done", "the question was about something else by now: {reply}");
    assert_eq!(car.get(SPOILER).await.unwrap(), 10.0);
}

#[tokio::test]
async fn an_answer_must_fit_its_question() {
    let (_stand, _car, mut session) = workshop().await;
    let asked = say(&mut session, "sell the workbench").await;
    let error = session.answer(turn(&asked), 3_u32).await.expect_err("a number is no confirmation");
    assert_eq!(error_name(&error), "org.steward1.Error.BadRequest");
    let next = session.answer(turn(&asked), true).await.expect("the question is still open");
    assert_eq!(kind(&session.reply(next).await.unwrap()), "done");
}

#[tokio::test]
async fn out_of_range_is_refused_with_the_range() {
    let (_stand, car, mut session) = workshop().await;
    car.force_one(HEIGHT, 12.0).await.unwrap();
    let reply = say(&mut session, "set the workbench to 95").await;
    assert_eq!((kind(&reply), first_state(&reply)), ("refused", "refused"), "{reply}");
    let text = reply["text"].as_str().unwrap();
    assert!(text.contains('0') && text.contains("80"), "{text}");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 12.0);
}

#[tokio::test]
async fn what_is_parked_only_or_never_done_is_refused() {
    let (_stand, car, mut session) = workshop().await;
    assert_eq!(kind(&say(&mut session, "sweep the workbench").await), "done");
    assert_eq!(car.get(SPOILER).await.unwrap(), 50.0);
    car.force_one(SPOILER, 10.0).await.unwrap();
    car.force_one("Vehicle.Speed", 30.0).await.unwrap();
    assert_eq!(kind(&say(&mut session, "sweep the workbench").await), "refused");
    car.force_one("Vehicle.Speed", 0.0).await.unwrap();
    assert_eq!(kind(&say(&mut session, "burn the workbench").await), "refused");
    assert_eq!(car.get(SPOILER).await.unwrap(), 10.0);
}

#[tokio::test]
async fn a_cancelled_turn_says_so() {
    let stand = stand_and(&["odd"]).await;
    let mut session = stand.client().open().await.unwrap();
    let number = session.ask("let the oddball hang", &[]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    session.cancel(number).await.unwrap();
    let reply = session.reply(number).await.unwrap();
    assert_eq!(kind(&reply), "cancelled", "{reply}");
    let error = session.cancel(number).await.expect_err("it is over");
    assert_eq!(error_name(&error), "org.steward1.Error.NotFound");
}

#[tokio::test]
async fn a_deadline_ends_a_turn() {
    let stand = stand_and(&["odd"]).await;
    assert_eq!(kind(&crate::setting::ask(&stand, "let the oddball behave").await), "done");
    let error = stand.client().ask("let the oddball hang", &[("deadline-ms", 200_u32.into())]).await.expect_err("too late");
    assert_eq!(error_name(&error), "org.steward1.Error.Timeout");
}
