//! Every plugin's folder can be used, and the simulated car has what it needs.

use std::collections::BTreeSet;

use steward_plugins::catalogue::{Catalogue, Plugin};
use steward_plugins::lint;

use crate::car::{folder, kestrel, vss};

#[test]
fn every_folder_lints_clean() {
    let vss = vss();
    let mut problems = Vec::new();
    let mut found = 0;
    for entry in std::fs::read_dir(folder()).expect("the folder of plugins").flatten() {
        if !entry.path().join("plugin.toml").exists() {
            continue;
        }
        found += 1;
        match Plugin::read(&entry.path()) {
            Err(error) => problems.push(error.to_string()),
            Ok(plugin) => {
                let errors = lint::plugin(&plugin, &vss).into_iter().filter(|finding| finding.is_error);
                problems.extend(errors.map(|finding| format!("{}: {finding}", plugin.id())));
            }
        }
    }
    assert!(found >= 3, "only {found} plugins");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_simulated_car_has_every_signal_that_a_plugin_uses() {
    let car = kestrel();
    let catalogue = Catalogue::load(&[folder()], &vss());
    let mut missing = BTreeSet::new();
    for plugin in catalogue.plugins.values() {
        for finding in lint::usable(plugin, car.vss()).into_iter().filter(|finding| finding.is_error) {
            missing.insert(format!("{}: {finding}", plugin.id()));
        }
    }
    assert!(missing.is_empty(), "{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn no_sentence_belongs_to_two_plugins() {
    let catalogue = Catalogue::load(&[folder()], &vss());
    let plugins: Vec<&Plugin> = catalogue.plugins.values().collect();
    let findings: Vec<String> = lint::between(&plugins).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
