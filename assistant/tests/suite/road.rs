//! Replies while the car moves: two sentences, three members of a list, and nothing that matters left out.

use plugins::simulator::Fault;
use steward_assistant::policy::SPEED;
use steward_assistant::reply::ReplyKind;
use steward_assistant::say::brief::{SENTENCES, is_brief, sentences};

use crate::talk::Talk;

const MANY: &str = "turn on the air conditioning, turn on the seat heating and turn on the rear defroster";
const MANY_IN_CHINESE: &str = "打开空调，打开座椅加热，打开后除霜";

#[tokio::test]
async fn many_deeds_are_counted_and_not_told_one_by_one() {
    for (say, counted) in [(MANY, "All 3 done."), (MANY_IN_CHINESE, "3项都已完成。")] {
        let mut talk = Talk::at(0.0);
        let reply = talk.say(say).await;
        assert_eq!((reply.kind, sentences(&reply.text).len()), (ReplyKind::Done, 3), "standing, all is told: {reply:?}");
        let mut talk = Talk::at(50.0);
        let reply = talk.say(say).await;
        assert_eq!((reply.kind, reply.text.as_str()), (ReplyKind::Done, counted), "{reply:?}");
        assert_eq!(reply.actions.len(), 3, "for the screen, all is there");
    }
}

#[tokio::test]
async fn what_is_not_known_to_stand_may_be_moving() {
    let mut talk = Talk::at(0.0);
    talk.door.car.fault(SPEED, Some(Fault::Absent)).unwrap();
    assert_eq!(talk.say(MANY).await.text, "All 3 done.");
}

#[tokio::test]
async fn a_refusal_is_said_and_not_counted_away() {
    let mut talk = Talk::at(50.0);
    let reply = talk.say(&format!("{MANY} and open the trunk")).await;
    assert_eq!(reply.kind, ReplyKind::Partly, "{reply:?}");
    assert_eq!(sentences(&reply.text).len(), SENTENCES, "{}", reply.text);
    assert!(reply.text.contains("3 of 4 done.") && reply.text.contains("trunk"), "{}", reply.text);
}

#[tokio::test]
async fn a_question_is_heard_to_its_end() {
    let mut talk = Talk::at(50.0);
    let reply = talk.say(&format!("{MANY} and turn off the lane departure warning")).await;
    assert_eq!(reply.kind, ReplyKind::Confirm, "{reply:?}");
    assert!(is_brief(&reply.text) && reply.text.ends_with('?'), "{}", reply.text);
}

#[tokio::test]
async fn half_of_it_not_understood_is_said() {
    let mut talk = Talk::at(50.0);
    let reply = talk.say(&format!("{MANY} and flabber the gasted")).await;
    assert!(is_brief(&reply.text), "{}", reply.text);
    assert!(reply.kind != ReplyKind::Partly || reply.text.contains("flabber"), "{reply:?}");
}

/// Every question that the car answers, in both languages: none of the answers is long.
#[tokio::test]
async fn no_answer_is_long_while_the_car_moves() {
    let (mut asked, mut long) = (0, Vec::new());
    for language in ["en", "zh"] {
        let mut talk = Talk::at(50.0);
        let rows = talk.assistant.rows(language);
        for example in rows.iter().filter(|row| row.risk == "read").filter_map(|row| row.examples.first()) {
            asked += 1;
            let reply = talk.say(example).await;
            if !is_brief(&reply.text) {
                long.push(format!("{example}: {}", reply.text));
            }
        }
    }
    assert!(asked > 300, "only {asked} questions are found");
    assert!(long.is_empty(), "{} of {asked}:\n{}", long.len(), long.join("\n"));
}
