//! Every actuator of VSS 6.0 is operated by some action, or `vss/unreached.toml` says why not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use steward_plugins::catalogue::Catalogue;
use steward_plugins::manifest::{Action, Risk};
use steward_plugins::vss::{SignalKind, Vss};
use steward_plugins::zone::{Steering, Zone};

use crate::car::{folder, vss};

const CLASSES: [&str; 8] = ["other-way", "switch", "motion", "safety", "car", "workshop", "equipment", "not-yet"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    unreached: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    paths: Vec<String>,
    class: String,
    reason: String,
    instead: Option<String>,
}

fn table() -> Vec<Row> {
    let text = std::fs::read_to_string(folder().join("vss/unreached.toml")).expect("the table can be read");
    toml::from_str::<Table>(&text).expect("the table is of its format").unreached
}

/// The actuators of VSS itself, without the overlays.
fn actuators() -> BTreeSet<String> {
    let alone = tempfile::TempDir::new().expect("a folder");
    std::fs::copy(folder().join("vss/vss-6.0.jsonl"), alone.path().join("vss-6.0.jsonl")).expect("the catalogue");
    let vss = Vss::load(alone.path()).expect("the catalogue can be read");
    vss.iter().filter(|(_, signal)| signal.kind == SignalKind::Actuator).map(|(path, _)| path.to_owned()).collect()
}

/// Every signal that an action which may be carried out sets for some seat.
fn reached() -> BTreeSet<String> {
    let catalogue = Catalogue::load(&[folder()], &vss());
    assert!(catalogue.rejected.is_empty(), "{:?}", catalogue.rejected);
    let actions = catalogue.plugins.values().flat_map(|plugin| &plugin.manifest.actions);
    actions.filter(|action| action.risk != Risk::Never).flat_map(set_by).collect()
}

fn set_by(action: &Action) -> Vec<String> {
    let allowed = action.zone_argument().map(|(_, argument)| argument.allowed.clone()).unwrap_or_default();
    let zones = if allowed.is_empty() { Zone::ALL.to_vec() } else { allowed };
    let seats = |path: &String| zones.iter().filter_map(|zone| vss().resolve(path, *zone, Steering::Left)).collect::<Vec<_>>();
    action.effects.iter().flat_map(|effect| seats(&effect.path)).collect()
}

/// `*` stands for any characters, none too; `?` for one.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if fits(rest, path) => true,
        (Some((b'*', _)), Some((_, after))) => fits(pattern, after),
        (Some((b'?', rest)), Some((_, after))) => fits(rest, after),
        (Some((sign, rest)), Some((letter, after))) => sign == letter && fits(rest, after),
        _ => false,
    }
}

/// What is wrong with a table, given the actuators there are and those that are set.
fn complaints(rows: &[Row], actuators: &BTreeSet<String>, reached: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut reasons: BTreeMap<&String, usize> = BTreeMap::new();
    for row in rows {
        if !CLASSES.contains(&row.class.as_str()) || row.reason.is_empty() || row.paths.is_empty() {
            wrong.push(format!("{:?} has no paths, no reason or the class {:?}", row.paths, row.class));
        }
        if (row.class == "other-way") != row.instead.as_ref().is_some_and(|path| reached.contains(path)) {
            wrong.push(format!("{:?}: the other way {:?} must be a signal that an action sets", row.paths, row.instead));
        }
        for pattern in &row.paths {
            let meant: Vec<&String> = actuators.iter().filter(|path| fits(pattern.as_bytes(), path.as_bytes())).collect();
            if meant.is_empty() {
                wrong.push(format!("{pattern} fits no actuator"));
            }
            meant.into_iter().for_each(|path| *reasons.entry(path).or_default() += 1);
        }
    }
    for path in actuators {
        match (reached.contains(path), reasons.contains_key(path)) {
            (true, true) => wrong.push(format!("{path} is set by an action and called unreached")),
            (false, false) => wrong.push(format!("{path} is set by no action, and nothing says why")),
            _ => {}
        }
    }
    wrong
}

#[test]
fn every_actuator_is_reached_or_explained() {
    let (actuators, reached) = (actuators(), reached());
    assert_eq!(actuators.len(), 643, "VSS 6.0 has 643 actuators");
    let wrong = complaints(&table(), &actuators, &reached);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let set = actuators.intersection(&reached).count();
    println!("{set} of {} actuators are set by some action, {} are explained", actuators.len(), actuators.len() - set);
}

#[test]
fn a_wrong_table_is_found_out() {
    let names = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<String>>();
    let (actuators, reached) = (names(&["V.A.IsOn", "V.B.IsOn", "V.C.IsOn"]), names(&["V.A.IsOn"]));
    let row = |paths: &[&str], class: &str, instead: Option<&str>| Row {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        class: class.to_owned(),
        reason: "so".to_owned(),
        instead: instead.map(str::to_owned),
    };
    let count = |rows: &[Row]| complaints(rows, &actuators, &reached).len();
    assert_eq!(count(&[row(&["V.B.*", "V.C.IsOn"], "car", None)]), 0);
    assert_eq!(count(&[row(&["V.B.*"], "car", None)]), 1, "one is neither");
    assert_eq!(count(&[row(&["V.*"], "car", None)]), 1, "one is both");
    assert_eq!(count(&[row(&["V.B.*", "V.C.*", "V.D.*"], "car", None)]), 1, "one pattern fits nothing");
    assert_eq!(count(&[row(&["V.B.*", "V.C.*"], "lazy", None)]), 1, "no such class");
    assert_eq!(count(&[row(&["V.B.*", "V.C.*"], "other-way", Some("V.C.IsOn"))]), 1, "nobody sets the other way");
    assert_eq!(count(&[row(&["V.B.*", "V.C.*"], "other-way", Some("V.A.IsOn"))]), 0);
}
