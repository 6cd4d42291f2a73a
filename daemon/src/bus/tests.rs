//! What is served against `contract/org.steward1.xml`: everything in there must be served as it is written there.

use std::collections::BTreeSet;
use std::sync::Arc;

use zbus::object_server::Interface;

use super::assistant::AssistantInterface;
use super::knowledge::KnowledgeInterface;
use super::language::LanguageInterface;
use super::plugin_info::PluginInfo;
use super::session::SessionInterface;
use crate::desk::Desk;
use crate::turns::{Caller, Defaults, Roles};

const CONTRACT: &str = include_str!("../../../contract/org.steward1.xml");

/// The members of an introspection document, one line each: `org.x.Y method Ask(in s text, in a{sv} options, out a{sv} reply)`.
fn members(xml: &str) -> BTreeSet<String> {
    let (mut found, mut interface, mut member, mut arguments) = (BTreeSet::new(), String::new(), None, Vec::new());
    let without_comments = strip_comments(xml);
    for tag in without_comments.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = attribute(tag, "name").unwrap_or_default();
        match tag.split_whitespace().next().unwrap_or_default() {
            "interface" => interface = name,
            kind @ ("method" | "signal") => {
                arguments.clear();
                member = Some(format!("{interface} {kind} {name}"));
                if tag.ends_with('/') {
                    found.extend(member.take().map(|member| format!("{member}()")));
                }
            }
            "arg" => {
                let direction = attribute(tag, "direction").unwrap_or_else(|| "out".to_owned());
                arguments.push(format!("{direction} {} {name}", attribute(tag, "type").unwrap_or_default()));
            }
            "/method" | "/signal" => found.extend(member.take().map(|member| format!("{member}({})", arguments.join(", ")))),
            "property" => {
                let (kind, access) = (attribute(tag, "type").unwrap_or_default(), attribute(tag, "access").unwrap_or_default());
                found.insert(format!("{interface} property {name} {kind} {access}"));
            }
            _ => {}
        }
    }
    found
}

fn strip_comments(xml: &str) -> String {
    let mut rest = xml;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept + rest
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

fn served() -> BTreeSet<String> {
    let desk = Arc::new(Desk::default());
    let caller = Caller { name: ":1.1".to_owned(), uid: 0, roles: Roles::default() };
    desk.turns.welcome(&caller);
    let conversation = desk.turns.open(&caller, Defaults::default()).unwrap();
    let mut xml = String::new();
    AssistantInterface { desk: Arc::clone(&desk) }.introspect_to_writer(&mut xml, 0);
    LanguageInterface::new(Arc::clone(&desk)).introspect_to_writer(&mut xml, 0);
    KnowledgeInterface::new(Arc::clone(&desk)).introspect_to_writer(&mut xml, 0);
    SessionInterface { desk, conversation }.introspect_to_writer(&mut xml, 0);
    PluginInfo::all(&plugins::catalogue::Catalogue { rejected: vec![rejected()], ..Default::default() })[0]
        .introspect_to_writer(&mut xml, 0);
    members(&xml)
}

fn rejected() -> plugins::catalogue::PluginFolderError {
    plugins::catalogue::PluginFolderError::Findings("plugins/x".into(), Vec::new())
}

#[test]
fn the_contract_is_served_as_written() {
    let (contract, served) = (members(CONTRACT), served());
    assert!(contract.len() > 30, "the contract was not read: {contract:?}");
    let missing: Vec<&String> = contract.difference(&served).collect();
    assert!(missing.is_empty(), "not served, or not like this: {missing:#?}");
}

#[test]
fn only_these_members_are_added_to_the_contract() {
    let (contract, served) = (members(CONTRACT), served());
    let added: Vec<&String> = served.difference(&contract).collect();
    assert_eq!(
        added,
        [
            "org.steward1.Assistant method Metrics(out a{sv} metrics)",
            "org.steward1.Assistant method StopAll(out u stopped)",
            "org.steward1.Assistant method Undo(in a{sv} options, out a{sv} reply)",
        ]
    );
}

/// Without the rights of a member nobody may call it, and rights without a member are a mistake.
#[test]
fn every_member_has_its_rights() {
    let own = ["Assistant", "Language", "Knowledge", "Session", "PluginInfo"].map(|name| format!("org.steward1.{name} "));
    let short = |line: &String| {
        let mut words = line.split([' ', '(']);
        format!("{} {}", words.next().unwrap(), words.nth(1).unwrap())
    };
    let served: BTreeSet<String> = served().iter().map(short).collect();
    let named: BTreeSet<String> = super::rights::named().into_iter().filter(|line| own.iter().any(|name| line.starts_with(name))).collect();
    assert_eq!(served, named);
}

#[test]
fn a_member_is_read_with_its_arguments() {
    let xml = r#"<interface name="a.B"><!-- <method name="No"/> --><method name="M"><arg name="x" type="s" direction="in"/>
        <arg name="y" type="u" direction="out"/></method><signal name="S"><arg name="z" type="b"/></signal><method name="E"/>
        <property name="P" type="s" access="read"/></interface>"#;
    let expected = ["a.B method E()", "a.B method M(in s x, out u y)", "a.B property P s read", "a.B signal S(out b z)"];
    assert_eq!(members(xml), BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn a_session_has_a_path_of_its_own() {
    assert_eq!(super::session_path(7).as_str(), "/org/steward1/session/7");
}
