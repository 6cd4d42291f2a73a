//! Plugins are processes: the bus starts them when they are needed, and one that misbehaves costs the call made to it.

use std::time::{Duration, Instant};

use serde_json::Value;
use steward_tests::client::property;
use steward_tests::stand::owned;
use steward_tests::{Options, Stand};

use crate::setting::{ask, asleep, first_state, kind, stand_and, stand_with};

async fn plugin_state(stand: &Stand, id: &str) -> Value {
    let path = format!("/org/steward1/plugins/{id}");
    let info = stand.client().proxy("org.steward1", &path, "org.steward1.PluginInfo").await.unwrap();
    property(&info, "State").await.unwrap()
}

/// The state of a plugin changes when the bus tells the daemon, a moment after the plugin has come or gone.
async fn becomes(stand: &Stand, id: &str, wanted: &str) {
    let mut state = Value::Null;
    for _ in 0..200 {
        state = plugin_state(stand, id).await;
        if state == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{id} should become {wanted} and is {state}");
}

#[tokio::test]
async fn a_plugin_sleeps_until_it_is_needed() {
    let stand = asleep(Options::default()).await;
    assert_eq!(plugin_state(&stand, "climate").await, "asleep");
    assert!(!owned(stand.client(), "org.steward1.plugin.climate").await);
    assert_eq!(kind(&ask(&stand, "turn on the air conditioning").await), "done");
    assert!(owned(stand.client(), "org.steward1.plugin.climate").await);
    becomes(&stand, "climate", "ready").await;
}

#[tokio::test]
async fn a_plugin_that_nobody_serves_is_unavailable() {
    let stand = stand_with(Options { activation: false, ..Options::default() }).await;
    becomes(&stand, "climate", "failed").await;
    let reply = ask(&stand, "turn on the air conditioning").await;
    assert_eq!((kind(&reply), first_state(&reply)), ("failed", "unavailable"), "{reply}");
}

async fn goes_on(stand: &Stand) {
    assert_eq!(kind(&ask(stand, "let the oddball behave").await), "done", "the plugin itself should work again");
    assert_eq!(kind(&ask(stand, "turn on the air conditioning").await), "done", "the others should not notice");
}

#[tokio::test]
async fn a_plugin_that_hangs_costs_its_deadline() {
    let stand = stand_and(&["odd"]).await;
    goes_on(&stand).await;
    let start = Instant::now();
    let reply = ask(&stand, "let the oddball hang").await;
    assert_eq!((kind(&reply), first_state(&reply)), ("failed", "timeout"), "{reply}");
    assert!(start.elapsed() < Duration::from_millis(2500), "it took {:?}", start.elapsed());
    goes_on(&stand).await;
}

#[tokio::test]
async fn a_plugin_that_dies_is_started_again() {
    let stand = stand_and(&["odd"]).await;
    goes_on(&stand).await;
    let start = Instant::now();
    let reply = ask(&stand, "let the oddball die").await;
    assert_eq!(kind(&reply), "failed", "{reply}");
    assert!(["failed", "unavailable"].contains(&first_state(&reply)), "{reply}");
    assert!(start.elapsed() < Duration::from_millis(1000), "a death is noticed at once, not after {:?}", start.elapsed());
    goes_on(&stand).await;
}

#[tokio::test]
async fn a_plugin_that_answers_nonsense_is_not_believed() {
    let stand = stand_and(&["odd"]).await;
    let reply = ask(&stand, "let the oddball babble").await;
    assert_eq!((kind(&reply), first_state(&reply)), ("failed", "failed"), "{reply}");
    goes_on(&stand).await;
}

#[tokio::test]
async fn a_plugin_that_answers_with_an_error_has_failed() {
    let stand = stand_and(&["odd"]).await;
    let reply = ask(&stand, "let the oddball complain").await;
    assert_eq!((kind(&reply), first_state(&reply)), ("failed", "failed"), "{reply}");
    goes_on(&stand).await;
}
