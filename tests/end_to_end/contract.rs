//! What is served is what `contract/` promises: introspection of the running programs against the XML, and dictionaries with their keys.

use std::collections::BTreeSet;

use serde_json::Value;
use steward_tests::client::property;
use steward_tests::{Checkout, Stand};

use crate::setting::{ask, stand};

/// Every member of an interface with its signature, one line each: "method Ask in s in a{sv} out a{sv}". Argument names and notes may differ.
fn members(xml: &str, interface: &str) -> BTreeSet<String> {
    let start = xml.find(&format!("<interface name=\"{interface}\"")).unwrap_or_else(|| panic!("{interface} is not in {xml}"));
    let body = &xml[start..start + xml[start..].find("</interface>").unwrap()];
    let mut found = BTreeSet::new();
    let mut current: Option<String> = None;
    for tag in body.split('<').skip(2).map(|tag| tag.split('>').next().unwrap()) {
        let name = tag.split_whitespace().next().unwrap_or_default();
        match name {
            "method" | "signal" => {
                found.extend(current.take());
                current = Some(format!("{name} {}", attribute(tag, "name").unwrap()));
            }
            "arg" => {
                let line = current.as_mut().unwrap();
                let fallback = if line.starts_with("signal") { "out" } else { "in" };
                *line += &format!(" {} {}", attribute(tag, "direction").unwrap_or(fallback), attribute(tag, "type").unwrap());
            }
            "property" => {
                found.extend(current.take());
                let (name, kind) = (attribute(tag, "name").unwrap(), attribute(tag, "type").unwrap());
                found.insert(format!("property {name} {kind} {}", attribute(tag, "access").unwrap()));
            }
            _ => {}
        }
    }
    found.extend(current);
    found
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

fn promised(file: &str, interface: &str) -> BTreeSet<String> {
    let xml = std::fs::read_to_string(Checkout::find().unwrap().path("contract").join(file)).unwrap();
    // Notes may quote tags.
    let mut plain = String::new();
    for (index, part) in xml.split("<!--").enumerate() {
        plain += if index == 0 { part } else { part.split_once("-->").map_or("", |(_, rest)| rest) };
    }
    members(&plain, interface)
}

async fn served(stand: &Stand, service: &str, object: &str, interface: &str) -> BTreeSet<String> {
    let proxy = stand.client().proxy(service, object, interface).await.unwrap();
    members(&proxy.introspect().await.unwrap(), interface)
}

/// Everything promised is served with the same signature; more may be served.
async fn keeps(stand: &Stand, file: &str, service: &str, object: &str, interface: &str) {
    let (promised, served) = (promised(file, interface), served(stand, service, object, interface).await);
    let broken: Vec<&String> = promised.difference(&served).collect();
    assert!(broken.is_empty(), "{interface} lacks {broken:?}; it serves {served:?}");
}

#[tokio::test]
async fn the_daemon_serves_what_is_promised() {
    let stand = stand().await;
    let file = "org.steward1.xml";
    for interface in ["Assistant", "Language", "Knowledge"] {
        keeps(&stand, file, "org.steward1", "/org/steward1", &format!("org.steward1.{interface}")).await;
    }
    let session = stand.client().open().await.unwrap();
    keeps(&stand, file, "org.steward1", &session.path(), "org.steward1.Session").await;
    keeps(&stand, file, "org.steward1", "/org/steward1/plugins/climate", "org.steward1.PluginInfo").await;
}

#[tokio::test]
async fn the_simulator_serves_what_is_promised() {
    let stand = stand().await;
    for interface in ["Vehicle", "Simulator"] {
        let file = "org.steward1.vehicle.xml";
        keeps(&stand, file, "org.steward1.vehicle", "/org/steward1/vehicle", &format!("org.steward1.{interface}")).await;
    }
}

#[tokio::test]
async fn a_plugin_serves_what_is_promised() {
    let stand = stand().await;
    let file = "org.steward1.plugin.xml";
    keeps(&stand, file, "org.steward1.plugin.climate", "/org/steward1/plugin", "org.steward1.Plugin").await;
    keeps(&stand, file, "org.steward1.plugin.navigation", "/org/steward1/plugin", "org.steward1.Plugin").await;
}

#[tokio::test]
async fn the_object_manager_lists_every_plugin() {
    let stand = stand().await;
    let proxy = zbus::fdo::ObjectManagerProxy::builder(stand.client().connection());
    let manager = proxy.destination("org.steward1").path("/org/steward1/plugins").build().await.unwrap();
    let objects = manager.get_managed_objects().await.unwrap();
    let listed: BTreeSet<String> = objects.keys().map(|path| path.as_str().rsplit('/').next().unwrap().to_owned()).collect();
    let folders = std::fs::read_dir(stand.checkout().path("plugins")).unwrap().map(|entry| entry.unwrap().path());
    let shipped = folders.filter(|folder| folder.join("plugin.toml").exists());
    let names: BTreeSet<String> = shipped.map(|folder| folder.file_name().unwrap().to_str().unwrap().replace('-', "_")).collect();
    assert_eq!(listed, names);
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn dictionaries_have_the_keys_that_are_promised() {
    let stand = stand().await;
    let reply = ask(&stand, "turn on the air conditioning").await;
    let promised = ["turn", "kind", "text", "language", "actions", "sources", "options", "confidence", "tier", "timings"];
    assert!(keys(&reply).is_superset(&promised.into()), "{reply}");
    let promised = ["plugin", "action", "arguments", "state", "reason", "writes", "undoable"];
    assert!(keys(&reply["actions"][0]).is_superset(&promised.into()), "{reply}");
    assert!(reply["timings"]["total"].is_u64(), "{reply}");
    let answer = ask(&stand, "how do I jump start the car").await;
    let promised = ["kind", "document", "section", "page", "quote", "score"];
    assert!(keys(&answer["sources"][0]).is_superset(&promised.into()), "{answer}");
    let meaning = stand.client().understand("turn on the air conditioning", &[]).await.unwrap();
    assert!(keys(&meaning).is_superset(&["commands", "question", "language", "confidence", "leftover"].into()), "{meaning}");
    let promised = ["plugin", "action", "arguments", "confidence", "tier", "span"];
    assert!(keys(&meaning["commands"][0]).is_superset(&promised.into()), "{meaning}");
}

#[tokio::test]
async fn what_comes_later_says_so() {
    let stand = stand().await;
    let language = stand.client().interface("Language").await.unwrap();
    let error = language.call::<_, _, Vec<f64>>("Match", &("q", vec!["a"])).await.expect_err("no such model is shipped");
    assert_eq!(steward_tests::client::error_name(&error), "org.steward1.Error.NotReady");
    let error = language.call_method("Judge", &("premise", "hypothesis")).await.expect_err("no such model is shipped");
    assert_eq!(steward_tests::client::error_name(&error), "org.steward1.Error.NotReady");
    let knowledge = stand.client().interface("Knowledge").await.unwrap();
    let error = knowledge.call_method("Rollback", &()).await.expect_err("nothing was installed");
    assert_eq!(steward_tests::client::error_name(&error), "org.steward1.Error.NotFound");
}

#[tokio::test]
async fn vectors_have_unit_length() {
    let stand = stand().await;
    let language = stand.client().interface("Language").await.unwrap();
    let vectors: Vec<Vec<f64>> = language.call("Embed", &(vec!["open the window", "it is raining"],)).await.unwrap();
    assert_eq!(vectors.len(), 2);
    for vector in vectors {
        assert_eq!(vector.len(), 384);
        let length = vector.iter().map(|part| part * part).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-3, "{length}");
    }
}

#[tokio::test]
async fn properties_say_what_runs() {
    let stand = stand().await;
    let assistant = stand.client().interface("Assistant").await.unwrap();
    assert_eq!(property(&assistant, "Languages").await.unwrap(), serde_json::json!(["en", "zh"]));
    assert_eq!(property(&assistant, "Models").await.unwrap()[0]["name"], "encoder");
    let knowledge = stand.client().interface("Knowledge").await.unwrap();
    assert!(property(&knowledge, "Generation").await.unwrap().as_u64().unwrap() > 0);
}
