//! The moment between the check and the deed, and what a yes is worth: for which command, in which state, from whom, for how long.

use std::time::Duration;

use plugins::simulator::Fault;
use plugins::value::Value;
use plugins::zone::Zone;
use steward_assistant::policy::SPEED;
use steward_assistant::reply::ReplyKind;
use steward_assistant::{AnswerValue, AskOptions};

use crate::car::number;
use crate::talk::Talk;

const TRUNK: &str = "Vehicle.Body.Trunk.Rear.Position";
const CHILD_LOCK: &str = "Vehicle.Cabin.Door.Row2.DriverSide.IsChildLockActive";
const WARNING: &str = "Vehicle.ADAS.LaneDepartureDetection.IsEnabled";

/// A question is open: whether the lane departure warning shall be turned off.
async fn asked(speed: f64) -> Talk {
    let mut talk = Talk::at(speed);
    talk.door.force(WARNING, true);
    let reply = talk.say("turn off the lane departure warning").await;
    assert_eq!(reply.kind, ReplyKind::Confirm, "{reply:?}");
    assert!(!talk.log().contains(&"invoke"), "nothing is done before the yes");
    talk
}

async fn is_off(talk: &Talk) -> bool {
    talk.door.read(WARNING).await == Value::Bool(false)
}

#[tokio::test]
async fn a_car_that_moves_off_between_check_and_deed_is_seen() {
    let mut talk = Talk::at(0.0);
    *talk.door.speeds.lock().unwrap() = [0.0, 12.0].into();
    let reply = talk.say("open the trunk").await;
    assert_eq!(reply.kind, ReplyKind::Refused, "{reply:?}");
    assert_eq!(talk.log(), ["look", "wake", "look"], "it is looked at again, and nothing is called");
    assert_eq!(talk.door.read(TRUNK).await, number(0.0));
    assert!(talk.undo().await.kind == ReplyKind::Unknown, "nothing was done, so there is nothing to undo");
}

#[tokio::test]
async fn a_car_that_moves_off_while_a_plugin_wakes_is_seen() {
    let mut talk = Talk::at(0.0);
    talk.moves_off_at_waking(30.0);
    let reply = talk.say("打开后备箱").await;
    assert_eq!(reply.kind, ReplyKind::Refused, "{reply:?}");
    assert_eq!(talk.door.read(TRUNK).await, number(0.0));
}

#[tokio::test]
async fn a_car_that_falls_silent_between_check_and_deed_counts_as_moving() {
    for fault in [Fault::Absent, Fault::stale(Duration::from_millis(2100))] {
        let mut talk = Talk::at(0.0);
        assert_eq!(talk.say("open the trunk").await.kind, ReplyKind::Done);
        assert_eq!(talk.say("close the trunk").await.kind, ReplyKind::Done);
        talk.door.car.fault(SPEED, Some(fault.clone())).unwrap();
        assert_eq!(talk.say("open the trunk").await.kind, ReplyKind::Refused, "{fault:?}");
        talk.door.car.fault(SPEED, Some(Fault::stale(Duration::from_millis(500)))).unwrap();
        assert_eq!(talk.say("open the trunk").await.kind, ReplyKind::Done, "half a second old is no reason");
    }
}

#[tokio::test]
async fn the_last_look_is_right_before_the_call() {
    let mut talk = Talk::at(0.0);
    assert_eq!(talk.say("open the trunk").await.kind, ReplyKind::Done);
    assert_eq!(talk.log(), ["look", "wake", "look", "invoke", "set"]);
}

#[tokio::test]
async fn a_yes_is_for_what_was_asked_and_for_once() {
    let mut talk = asked(0.0).await;
    let reply = talk.say("yes").await;
    assert_eq!(reply.kind, ReplyKind::Done, "{reply:?}");
    assert!(is_off(&talk).await);
    talk.door.force(WARNING, true);
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Unknown, "a yes is used up");
    assert!(talk.answer(Zone::Driver, AnswerValue::Yes(true)).await.is_err());
    assert!(!is_off(&talk).await);
}

#[tokio::test]
async fn a_yes_does_not_outlast_a_change_of_state() {
    let mut talk = asked(0.0).await;
    talk.door.force(SPEED, 80.0);
    let reply = talk.say("yes").await;
    assert_eq!(reply.kind, ReplyKind::Confirm, "it was asked while the car stood: {reply:?}");
    assert!(!is_off(&talk).await);
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Done, "now it was asked as it is");
    assert!(is_off(&talk).await);
}

#[tokio::test]
async fn a_yes_while_the_car_comes_to_a_stop_still_holds() {
    let mut talk = asked(80.0).await;
    talk.door.force(SPEED, 0.0);
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Done);
}

#[tokio::test]
async fn a_yes_does_not_cover_a_reason_that_came_up_later() {
    let mut talk = Talk::at(60.0);
    talk.door.force("Vehicle.Cabin.IsWindowChildLockEngaged", true);
    assert_eq!(talk.say("open all the windows").await.kind, ReplyKind::Confirm);
    talk.door.force(SPEED, 140.0);
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Confirm, "driving fast is another reason");
    assert_eq!(talk.door.read("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position").await, number(0.0));
}

#[tokio::test]
async fn a_yes_between_check_and_deed_is_looked_at_again_too() {
    let mut talk = asked(0.0).await;
    *talk.door.speeds.lock().unwrap() = [0.0, 50.0].into();
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Confirm);
    assert!(!is_off(&talk).await);
}

#[tokio::test]
async fn only_who_was_asked_can_say_yes() {
    let mut talk = asked(0.0).await;
    for zone in [Zone::Passenger, Zone::RearLeft, Zone::RearRight] {
        assert_ne!(talk.say_from(zone, "yes").await.kind, ReplyKind::Done, "{zone}");
        assert!(talk.answer(zone, AnswerValue::Yes(true)).await.is_err(), "{zone}");
    }
    assert!(!is_off(&talk).await);
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Done, "the driver was asked");
}

#[tokio::test]
async fn a_question_stays_open_while_somebody_else_is_served() {
    let mut talk = asked(0.0).await;
    assert_eq!(talk.say_from(Zone::Passenger, "turn on the air conditioning").await.kind, ReplyKind::Done);
    assert!(!is_off(&talk).await);
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Done);
    assert!(is_off(&talk).await);
}

#[tokio::test]
async fn a_yes_comes_within_fifteen_seconds() {
    for (age, is_in_time) in [(14, true), (15, false), (3600, false)] {
        let mut talk = asked(0.0).await;
        let pending = talk.session.pending.as_mut().expect("a question");
        pending.since = pending.since.checked_sub(Duration::from_secs(age)).expect("this machine has been up for an hour");
        let reply = talk.say("yes").await;
        assert_eq!(is_off(&talk).await, is_in_time, "after {age} s: {reply:?}");
    }
}

#[tokio::test]
async fn a_yes_is_a_turn_of_a_person_and_nothing_else() {
    // In the same breath as the wish: there was no question yet.
    let mut talk = Talk::at(0.0);
    talk.door.force(WARNING, true);
    for say in [
        "turn off the lane departure warning, yes",
        "yes, turn off the lane departure warning",
        "turn off the lane departure warning yes yes",
    ] {
        let reply = talk.say(say).await;
        assert_ne!(reply.kind, ReplyKind::Done, "{say}: {reply:?}");
        talk.session.pending = None;
    }
    // Another reading by the recognizer is no word of the person.
    let mut talk = asked(0.0).await;
    let options = AskOptions { alternatives: vec![("yes".to_owned(), 0.9)], ..talk.options(Zone::Driver) };
    let reply = talk.assistant.ask(&mut talk.session, "yesterday evening", &options).await;
    assert_ne!(reply.kind, ReplyKind::Done, "{reply:?}");
    assert!(!is_off(&talk).await);
}

#[tokio::test]
async fn a_new_wish_takes_the_place_of_the_question() {
    let mut talk = asked(0.0).await;
    assert_eq!(talk.say("turn on the air conditioning").await.kind, ReplyKind::Done);
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Unknown);
    assert!(!is_off(&talk).await);
}

#[tokio::test]
async fn undoing_passes_the_rules_as_well() {
    let mut talk = Talk::at(0.0);
    talk.door.force("Vehicle.Body.Lights.Beam.Low.IsOn", false);
    talk.door.force("Vehicle.Body.Lights.LightSwitch", "OFF");
    assert_eq!(talk.say("turn on the low beam").await.kind, ReplyKind::Done);
    talk.door.force(SPEED, 50.0);
    assert_eq!(talk.undo().await.kind, ReplyKind::Refused, "a dark car on the road");
    assert_eq!(talk.door.read("Vehicle.Body.Lights.Beam.Low.IsOn").await, true.into());
}

#[tokio::test]
async fn undoing_asks_where_doing_would() {
    let mut talk = Talk::at(50.0);
    talk.door.force(CHILD_LOCK, false);
    let reply = talk.say("turn on the child lock").await;
    assert_eq!(reply.kind, ReplyKind::Done, "{reply:?}");
    let reply = talk.undo().await;
    assert_eq!(reply.kind, ReplyKind::Confirm, "{reply:?}");
    assert!(reply.text.contains('?') && reply.text.contains("put it back"), "{}", reply.text);
    assert_eq!(talk.door.read(CHILD_LOCK).await, true.into());
    assert_eq!(talk.say("yes").await.kind, ReplyKind::Done);
    assert_eq!(talk.door.read(CHILD_LOCK).await, false.into());
}
