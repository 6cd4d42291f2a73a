//! The units: what systemd itself thinks of them, and the directives that must not get lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde::Deserialize;
use steward_tests::Checkout;

/// What a service may be exposed at most, on systemd's scale of 0 to 10.
const EXPOSURE: f64 = 0.5;

#[derive(Deserialize)]
struct Required {
    every: Vec<String>,
    also: BTreeMap<String, Vec<String>>,
}

fn units() -> Vec<String> {
    let folder = Checkout::find().unwrap().path("systemd");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut units: Vec<String> = names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "service")).collect();
    units.sort();
    assert!(units.len() >= 3, "{units:?}");
    units
}

fn analyze(arguments: &[&str]) -> Option<Output> {
    let output = Command::new("systemd-analyze").args(arguments).output();
    output.inspect_err(|error| println!("left out: systemd-analyze cannot be run ({error}); it is in the package systemd")).ok()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The number in systemd's last line: `→ Overall exposure level for x.service: 0.2 SAFE`.
fn exposure(text: &str) -> f64 {
    let line = text.lines().find(|line| line.contains("Overall exposure level")).unwrap_or_else(|| panic!("no exposure in {text}"));
    line.rsplit(": ").next().unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn services_are_hardly_exposed() {
    let checkout = Checkout::find().unwrap();
    for unit in units() {
        let file = checkout.path("systemd").join(&unit);
        let Some(output) = analyze(&["security", "--offline=true", "--no-pager", file.to_str().unwrap()]) else { return };
        let text = said(&output);
        assert!(exposure(&text) <= EXPOSURE, "{unit} is exposed:\n{text}");
    }
}

#[test]
fn a_service_without_hardening_would_be_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("open.service");
    std::fs::write(&file, "[Service]\nExecStart=/bin/true\n").unwrap();
    let Some(output) = analyze(&["security", "--offline=true", "--no-pager", file.to_str().unwrap()]) else { return };
    assert!(exposure(&said(&output)) > 9.0);
}

/// An installation of nothing but units and empty programs, for systemd to look through.
fn installed() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let (root, checkout) = (tempfile::tempdir().unwrap(), Checkout::find().unwrap());
    let (units, programs) = (root.path().join("usr/lib/systemd/system"), root.path().join("usr/bin"));
    std::fs::create_dir_all(&units).unwrap();
    std::fs::create_dir_all(&programs).unwrap();
    let copied = Command::new("cp").arg("-r").arg(checkout.path("systemd/.")).arg(&units).status().unwrap();
    assert!(copied.success());
    for program in ["stewardd", "steward-plugin", "steward-navigation", "steward-simulator"] {
        std::fs::write(programs.join(program), "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(programs.join(program), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    root
}

#[test]
fn systemd_finds_nothing_to_complain_about() {
    let root = installed();
    let at = format!("--root={}", root.path().display());
    for unit in ["stewardd.service", "steward-plugin@climate.service", "steward-plugin@navigation.service", "steward-simulator.service"] {
        let Some(output) = analyze(&[&at, "verify", "--man=no", "--recursive-errors=no", unit]) else { return };
        assert!(output.status.success() && said(&output).is_empty(), "{unit}: {}", said(&output));
    }
    std::fs::write(root.path().join("usr/lib/systemd/system/wrong.service"), "[Service]\nExecStart=/usr/bin/nothing\nTpye=x\n").unwrap();
    let Some(output) = analyze(&[&at, "verify", "--man=no", "--recursive-errors=no", "wrong.service"]) else { return };
    assert!(!said(&output).is_empty(), "a wrong unit should not pass");
}

#[test]
fn no_directive_got_lost() {
    let checkout = Checkout::find().unwrap();
    let text = std::fs::read_to_string(checkout.path("systemd/required.toml")).unwrap();
    let required: Required = toml::from_str(&text).unwrap();
    assert!(required.every.len() > 30);
    for unit in units() {
        let text = std::fs::read_to_string(checkout.path("systemd").join(&unit)).unwrap();
        let also = required.also.get(&unit).unwrap_or_else(|| panic!("required.toml says nothing about {unit}"));
        let missing: Vec<&String> = required.every.iter().chain(also).filter(|line| !text.lines().any(|own| own == *line)).collect();
        assert!(missing.is_empty(), "{unit} lacks {missing:?}");
    }
}

/// A drop-in may say what is started and where it writes; it must not loosen what its unit has tightened.
#[test]
fn drop_ins_loosen_nothing() {
    let folder = Checkout::find().unwrap().path("systemd/steward-plugin@navigation.service.d");
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let keys = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).map(|(key, _)| key);
        let others: Vec<&str> = keys.filter(|key| !["ExecStart", "StateDirectory", "StateDirectoryMode"].contains(key)).collect();
        assert!(others.is_empty(), "{} sets {others:?}", file.display());
    }
}
