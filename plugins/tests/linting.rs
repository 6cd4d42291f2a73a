//! What lint finds in a plugin's folder, and that a new folder has nothing to find.

use std::collections::BTreeMap;

use steward_plugins::catalogue::Plugin;
use steward_plugins::lint;
use steward_plugins::new::{NewError, create};

use crate::car::vss;

const MANIFEST: &str = r#"
    [plugin]
    id = "probe"
    title = { en = "Probe" }
    version = "1"
    [[action]]
    id = "warm"
    risk = "comfort"
    effect = [{ path = "Vehicle.Cabin.HVAC.Station.{zone}.Temperature", value = "temperature" }]
    [action.arguments]
    temperature = { type = "number", min = 16, max = 30, directions = { warmer = 1, cooler = -1 } }
    zone = { type = "zone", default = "speaker", allowed = ["driver"] }
    [[action]]
    id = "open"
    risk = "comfort"
    effect = [{ path = "Vehicle.Body.Trunk.Rear.IsOpen", value = true }]
"#;

const LOCALE: &str = r#"
    [action.warm]
    say = ["set [the] heat to {temperature}"]
    warmer = ["more heat"]
    cooler = ["less heat"]
    done = "{zone}: {temperature}"
    [action.open]
    say = ["open [the] trunk"]
    done = "Open."
"#;

fn findings(change: impl Fn(&mut String, &mut String)) -> Vec<String> {
    let (mut manifest, mut locale) = (MANIFEST.to_owned(), LOCALE.to_owned());
    change(&mut manifest, &mut locale);
    let plugin = Plugin {
        folder: "probe".into(),
        manifest: toml::from_str(&manifest).expect("a manifest"),
        locales: BTreeMap::from([("en".to_owned(), toml::from_str(&locale).expect("a locale"))]),
    };
    lint::plugin(&plugin, &vss()).iter().map(ToString::to_string).collect()
}

/// Replaces a part of the locale, which must be there.
fn in_locale(from: &str, to: &str) -> Vec<String> {
    findings(|_, locale| {
        assert!(locale.contains(from), "{from}");
        *locale = locale.replace(from, to);
    })
}

fn in_manifest(from: &str, to: &str) -> Vec<String> {
    findings(|manifest, _| {
        assert!(manifest.contains(from), "{from}");
        *manifest = manifest.replace(from, to);
    })
}

#[test]
fn a_sound_plugin_has_no_findings() {
    assert_eq!(findings(|_, _| {}), Vec::<String>::new());
}

#[test]
fn every_slip_in_a_locale_is_found() {
    for (from, to, wanted) in [
        ("open [the] trunk", "open [the", "error: open (en): phrase"),
        ("open [the] trunk", "open the {lid}", "the slot {lid} is not declared"),
        ("open [the] trunk", "more heat", "error: open (en): 'more heat' is also a sentence of warm, warmer"),
        ("less heat", "more [and more] heat", "error: warm, warmer (en): 'more heat' is also a sentence of warm, cooler"),
        ("\"open [the] trunk\"", "\"open trunk\", \"Open  trunk\"", "advice: open (en): the phrase 'Open  trunk' stands there twice"),
        ("to {temperature}", "[to {temperature}]", "advice: warm (en): a phrase can leave out {temperature}"),
        ("cooler = [\"less heat\"]", "", "advice: warm (en): the direction 'cooler' has no phrases"),
        ("cooler =", "colder =", "error: warm (en): 'colder' is neither a known key nor a declared direction"),
        ("Open.", "Open: {angle}.", "error: open (en): `done`: nothing fills the slot {angle}"),
        ("done = \"Open.\"", "", "advice: open (en): there is no `done` sentence"),
        ("done = \"Open.\"", "done = \"Open.\"\nask = { angle = \"How far?\" }", "`ask` asks for 'angle'"),
        ("[action.open]", "[action.close]", "error: close (en): the locale speaks of an action"),
        ("[action.open]", "[action.close]", "advice: open (en): nobody can say it"),
        (
            "[action.open]",
            "[action.open.values.angle]\nwide = [\"wide\"]\n[action.open]",
            "`values.angle` is neither an argument nor an answer",
        ),
    ] {
        // Some changes make the table appear twice; TOML wants the sub-table after it.
        let to = if to.contains("[action.open.values") { "[action.open]\nvalues = { angle = { wide = [\"wide\"] } }" } else { to };
        let found = in_locale(from, to);
        assert!(found.iter().any(|finding| finding.contains(wanted)), "{wanted}\n{found:#?}");
    }
    let empty = findings(|_, locale| locale.clear());
    assert!(empty.iter().any(|finding| finding.contains("no sentences at all")), "{empty:#?}");
}

#[test]
fn every_slip_in_a_manifest_is_found() {
    for (from, to, wanted) in [
        ("id = \"probe\"", "id = \"Probe 1\"", "must be lower-case"),
        ("id = \"open\"", "id = \"warm\"", "two actions have this id"),
        ("Trunk.Rear.IsOpen", "Trunk.Rear.IsAjar", "neither in VSS nor in an overlay"),
        ("Vehicle.Body.Trunk.Rear.IsOpen", "Vehicle.IsMoving", "it is no actuator"),
        ("value = true", "value = 7", "not of type boolean"),
        ("allowed = [\"driver\"]", "allowed = [\"driver\", \"rear-middle\"]", "does not exist for rear-middle"),
        ("min = 16", "min = 40", "min 40 is above max 30"),
        ("default = \"speaker\"", "default = \"everybody\"", "a zone's default is"),
        ("value = true }", "value = true, when = { mode = \"eco\" } }", "`when` names the argument 'mode'"),
        (
            "{ path = \"Vehicle.Body.Trunk.Rear.IsOpen\", value = true }",
            "{ path = \"Vehicle.Body.Trunk.Rear.IsOpen\" }",
            "no program to decide it",
        ),
    ] {
        let found = in_manifest(from, to);
        assert!(found.iter().any(|finding| finding.starts_with("error") && finding.contains(wanted)), "{wanted}\n{found:#?}");
    }
}

#[test]
fn a_new_folder_is_free_of_findings() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let folder = create(parent.path(), "picnic-table2").expect("it is made");
    let plugin = Plugin::read(&folder).expect("it can be read");
    assert_eq!(plugin.id(), "picnic-table2");
    assert_eq!(lint::plugin(&plugin, &vss()), []);
    assert!(folder.join("tests/cases.toml").exists());
    assert!(matches!(create(parent.path(), "picnic-table2"), Err(NewError::Exists(_))));
    for id in ["", "2fast", "Picnic", "a/b", ".."] {
        assert!(matches!(create(parent.path(), id), Err(NewError::Id(_))), "{id}");
    }
}
