//! A plugin folder that is wrong costs that plugin: it is named in StatusDetail, and the daemon goes on without it.

use serde_json::Value;
use steward_tests::Stand;

use crate::setting::{ask, kind, plugin_folder, stand_with, with_folder, with_plugins};

const SWITCH: &str = r#"
[[action]]
id = "switch-on"
risk = "comfort"
[[action.effect]]
path = "Vehicle.Cabin.Light.IsGloveBoxOn"
value = true
"#;

async fn status(stand: &Stand) -> (String, Value) {
    stand.client().status().await.unwrap()
}

/// The reason why the plugin in `folder` is left out; everything else must work.
async fn rejected(stand: &Stand, name: &str) -> String {
    let (status, detail) = status(stand).await;
    assert_eq!(status, "degraded", "{detail}");
    let rows = detail["rejected"].as_object().unwrap();
    let reason = rows.iter().find(|(folder, _)| folder.ends_with(name)).unwrap_or_else(|| panic!("{name} is not named in {detail}")).1;
    assert_eq!(rows.len(), 1, "{detail}");
    assert_eq!(kind(&ask(stand, "turn on the air conditioning").await), "done");
    reason.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unknown_key_is_named_with_its_line() {
    let actions = SWITCH.replace("risk", "colour = \"blue\"\nrisk");
    let (_place, folder) = plugin_folder("gadget", &actions, "[action.switch-on]\nsay = [\"wake the gadget\"]\n");
    let stand = stand_with(with_folder(&folder)).await;
    let reason = rejected(&stand, "gadget").await;
    assert!(reason.contains("colour") && reason.contains("plugin.toml") && reason.contains("line"), "{reason}");
}

#[tokio::test]
async fn a_slot_that_is_not_declared_is_named() {
    let (_place, folder) = plugin_folder("gadget", SWITCH, "[action.switch-on]\nsay = [\"wake the gadget at {hour}\"]\n");
    let stand = stand_with(with_folder(&folder)).await;
    let reason = rejected(&stand, "gadget").await;
    assert!(reason.contains("{hour}") && reason.contains("switch-on"), "{reason}");
}

#[tokio::test]
async fn a_signal_that_does_not_exist_is_named() {
    let actions = SWITCH.replace("IsGloveBoxOn", "IsDiscoBallOn");
    let (_place, folder) = plugin_folder("gadget", &actions, "[action.switch-on]\nsay = [\"wake the gadget\"]\n");
    let stand = stand_with(with_folder(&folder)).await;
    let reason = rejected(&stand, "gadget").await;
    assert!(reason.contains("IsDiscoBallOn"), "{reason}");
}

#[tokio::test]
async fn two_plugins_that_claim_one_phrase_are_both_named() {
    let stand = stand_with(with_plugins(&["rivals"])).await;
    let (_, detail) = status(&stand).await;
    let conflicts = detail["conflicts"].as_array().unwrap();
    let named = conflicts.iter().filter_map(Value::as_str).any(|line| line.contains("gadget") && line.contains("widget"));
    assert!(named, "{detail}");
    assert_eq!(kind(&ask(&stand, "turn on the air conditioning").await), "done");
}

#[tokio::test]
async fn a_plugin_of_a_users_own_is_understood_and_acts() {
    let english = "[action.switch-on]\ntitle = \"wake the gadget\"\nsay = [\"wake the gadget\"]\ndone = \"The gadget is awake.\"\n";
    let (_place, folder) = plugin_folder("gadget", SWITCH, english);
    let stand = stand_with(with_folder(&folder)).await;
    let reply = ask(&stand, "please wake the gadget").await;
    assert_eq!((kind(&reply), reply["text"].as_str()), ("done", Some("The gadget is awake.")), "{reply}");
    let car = steward_tests::Car::connect(stand.client()).await.unwrap();
    assert_eq!(car.get("Vehicle.Cabin.Light.IsGloveBoxOn").await.unwrap(), true);
}
