//! The demonstration is a test: every turn of `tests/demo.toml` must come out as written there.

use std::collections::BTreeSet;

use steward_tests::conversation::{Played, play};
use steward_tests::script::{Script, Turn};
use steward_tests::{Car, Checkout};

use crate::setting::stand;

fn script() -> Script {
    Script::read(&Checkout::find().unwrap().path("tests/demo.toml")).unwrap()
}

#[tokio::test]
async fn the_demonstration_comes_out_as_written() {
    let stand = stand().await;
    let script = script();
    let actions = script.turns.iter().filter_map(|turn| turn.expect.actions.as_ref()).flatten();
    let plugins: BTreeSet<&str> = actions.filter_map(|action| action.split('.').next()).collect();
    stand.wake(&plugins.into_iter().collect::<Vec<_>>()).await.unwrap();
    let car = Car::connect(stand.client()).await.unwrap();
    let mut session = stand.client().open().await.unwrap();
    let mut complaints = Vec::new();
    let mut watch = |number, turn: &Turn, played: &Played| {
        complaints.extend(played.complaints.iter().map(|complaint| format!("{number}, {:?}: {complaint}", turn.say)));
    };
    let wrong = play(&script, &mut session, &car, &mut watch).await.unwrap();
    assert_eq!(wrong, 0, "{}", complaints.join("\n"));
}

#[tokio::test]
async fn a_turn_that_comes_out_differently_is_noticed() {
    let stand = stand().await;
    let car = Car::connect(stand.client()).await.unwrap();
    let mut session = stand.client().open().await.unwrap();
    let mut script = script();
    script.turns.truncate(2);
    script.turns[0].expect.kind = "cancelled".to_owned();
    script.turns[1].expect.contains.push("words that nobody says".to_owned());
    assert_eq!(play(&script, &mut session, &car, &mut |_, _, _| {}).await.unwrap(), 2);
}

#[test]
fn the_demonstration_shows_what_it_should() {
    let turns = script().turns;
    assert!(turns.len() >= 20, "{} turns", turns.len());
    let chinese = turns.iter().filter(|turn| turn.say.chars().any(|character| ('\u{4e00}'..'\u{9fff}').contains(&character))).count();
    assert!(chinese >= 6 && turns.len() - chinese >= 6, "{chinese} of {} turns are Chinese", turns.len());
    let kinds: BTreeSet<&str> = turns.iter().map(|turn| turn.expect.kind.as_str()).collect();
    assert!(["done", "answer", "refused", "unknown"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let tiers: BTreeSet<&str> = turns.iter().filter_map(|turn| turn.expect.tier.as_deref()).collect();
    assert!(["pattern", "similar", "curated", "document"].iter().all(|tier| tiers.contains(tier)), "{tiers:?}");
    assert!(turns.iter().any(|turn| turn.undo));
    assert!(turns.iter().any(|turn| turn.zone.as_deref() == Some("passenger")));
}
