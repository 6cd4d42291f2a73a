//! What this crate serves on the bus is what `contract/` promises.

use std::collections::BTreeMap;
use std::sync::Arc;

use steward_plugins::bus::names::{PLUGIN_PATH, VEHICLE_PATH};
use steward_plugins::bus::{PluginService, connect, serve_simulator};
use steward_plugins::host::Declarative;
use steward_plugins::vehicle::Vehicle;

use crate::car::{folder, kestrel, vss};
use crate::private_bus::PrivateBus;

/// `interface member` to the lines that make it up, in order: kind, arguments with names, types and directions.
type Members = BTreeMap<String, Vec<String>>;

/// The members of every interface of ours in an introspection document.
fn members(xml: &str) -> Members {
    let mut members = Members::new();
    let (mut interface, mut member) = (String::new(), String::new());
    for tag in tags(xml) {
        let name = attribute(tag, "name");
        if tag.starts_with("interface ") {
            interface = name;
        } else if tag.starts_with("method ") || tag.starts_with("signal ") || tag.starts_with("property ") {
            member = format!("{interface} {name}");
            let kind = tag.split(' ').next().unwrap_or_default();
            members.insert(member.clone(), vec![format!("{kind} {} {}", attribute(tag, "type"), attribute(tag, "access"))]);
        } else if tag.starts_with("arg ") {
            let line = format!("{name} {} {}", attribute(tag, "type"), attribute(tag, "direction"));
            members.get_mut(&member).expect("an argument belongs to a member").push(line);
        }
    }
    members.retain(|member, _| member.starts_with("org.steward1."));
    members
}

/// What stands between `<` and `>`, comments left out.
fn tags(xml: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let (end, close) = if rest.starts_with("!--") { (rest.find("-->"), 3) } else { (rest.find('>'), 1) };
        let Some(end) = end else { break };
        if !rest.starts_with('!') {
            tags.push(rest[..end].trim_end_matches('/'));
        }
        rest = &rest[end + close..];
    }
    tags
}

fn attribute(tag: &str, name: &str) -> String {
    let Some((_, rest)) = tag.split_once(&format!(" {name}=\"")) else { return String::new() };
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn promised(file: &str) -> Members {
    let file = folder().join("../contract").join(file);
    members(&std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

async fn served(bus: &PrivateBus, name: &str, path: &str) -> Members {
    let connection = connect(&bus.bus()).await.expect("the bus is there");
    let proxy = zbus::Proxy::new(&connection, name, path, "org.freedesktop.DBus.Introspectable").await.expect("a proxy");
    members(&proxy.introspect().await.expect("it describes itself"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vehicle_is_served_as_promised() {
    let bus = PrivateBus::start();
    let _service = serve_simulator(&bus.bus(), &kestrel()).await.expect("the bus is there");
    let promised = promised("org.steward1.vehicle.xml");
    assert_eq!(promised.len(), 7, "{promised:?}");
    assert_eq!(served(&bus, "org.steward1.vehicle", VEHICLE_PATH).await, promised);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_served_as_promised() {
    let bus = PrivateBus::start();
    let host = Declarative::new([], vss(), Arc::new(kestrel()) as Arc<dyn Vehicle>);
    let service = PluginService::new("empty", "1.0.0", Arc::new(host));
    let _connection =
        bus.bus().builder().serve_at(PLUGIN_PATH, service).name("org.steward1.plugin.empty").build().await.expect("the bus is there");
    let promised = promised("org.steward1.plugin.xml");
    assert_eq!(promised.len(), 3, "{promised:?}");
    assert_eq!(served(&bus, "org.steward1.plugin.empty", PLUGIN_PATH).await, promised);
}
