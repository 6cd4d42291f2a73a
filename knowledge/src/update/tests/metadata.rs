//! Attacks on the metadata: who signed, which version, until when.

use super::*;
use crate::update::RefusalKind;
use crate::update::metadata::test_keys;

const ROLES: [&str; 4] = ["timestamp", "snapshot", "targets", "knowledge/sample"];

/// Version `version` of the root, with the same keys, signed by the first `signers` of the three.
pub(super) fn root_signed_by(maker: &Maker, version: u64, signers: usize) -> Vec<u8> {
    test_keys::next_root(&maker.keys, version, END, signers)
}

/// A root as it should be.
pub(super) fn next_root(maker: &Maker, version: u64) -> Vec<u8> {
    root_signed_by(maker, version, 2)
}

fn edit(path: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
}

fn validity<'a>(draft: &'a mut Draft, role: &str) -> &'a mut Validity {
    match role {
        "timestamp" => &mut draft.timestamp,
        "snapshot" => &mut draft.snapshot,
        "targets" => &mut draft.targets,
        _ => &mut draft.knowledge,
    }
}

#[test]
fn a_forged_signature_is_refused() {
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    edit(&bundle.metadata("timestamp.json"), |file| file["signatures"][0]["sig"] = "ab".repeat(64).into());
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(&refused, UpdateError::Forged { role } if role == "timestamp"), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::Untrusted);
}

#[test]
fn altered_metadata_is_refused() {
    let maker = Maker::new();
    for name in ["snapshot.json", "targets.json", "knowledge%2Fsample.json"] {
        let bundle = maker.bundle(1);
        edit(&bundle.metadata(name), |file| file["signed"]["expires"] = "2099-01-01T00:00:00Z".into());
        let refused = TestCar::new(&maker).refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Altered { name: found } if found == name), "{refused}");
    }
}

#[test]
fn the_keys_of_a_stranger_are_refused() {
    let (maker, stranger) = (Maker::new(), Maker::new());
    let refused = TestCar::new(&maker).refuses(&stranger.bundle(1));
    assert!(matches!(&refused, UpdateError::UnknownKey { role } if role == "timestamp"), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::Untrusted);
}

#[test]
fn a_stranger_inside_of_the_chain_is_refused() {
    let (maker, stranger) = (Maker::new(), Maker::new());
    // Good keys everywhere but at the role that names the files.
    let mixed = test_keys::with_knowledge_of(&maker.folder.path().join("keys"), &stranger.folder.path().join("keys"));
    let bundle = maker.bundle(1);
    let role = std::fs::read(bundle.metadata("targets.json")).unwrap();
    let bundle = bundle.changed(&mixed, |_| {});
    // The targets role as the maker signed it names the maker's key.
    std::fs::write(bundle.metadata("targets.json"), role).unwrap();
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert_eq!(refused.kind(), RefusalKind::Untrusted, "{refused}");
}

#[test]
fn a_root_with_one_signature_of_two_is_refused() {
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    std::fs::write(bundle.metadata("2.root.json"), root_signed_by(&maker, 2, 1)).unwrap();
    let refused = TestCar::new(&maker).refuses(&bundle);
    let expected = matches!(&refused, UpdateError::TooFewSignatures { role, valid: 1, needed: 2 } if role == "root");
    assert!(expected, "{refused}");
}

#[test]
fn a_root_that_takes_one_signature_is_no_root_of_trust() {
    let maker = Maker::new();
    let anchor = maker.folder.path().join("weak.json");
    std::fs::write(&anchor, test_keys::weak_root(&maker.keys, END)).unwrap();
    let refused = TestCar::at(tempfile::tempdir().unwrap(), &anchor).refuses(&maker.bundle(1));
    assert!(matches!(refused, UpdateError::WeakRoot { threshold: 1, .. }), "{refused}");
}

#[test]
fn without_a_root_of_trust_nothing_is_installed() {
    let maker = Maker::new();
    let refused = TestCar::at(tempfile::tempdir().unwrap(), Path::new("/nowhere/root.json")).refuses(&maker.bundle(1));
    assert!(matches!(refused, UpdateError::NoTrust { .. }), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::NotReady);
}

#[test]
fn every_role_expires() {
    let maker = Maker::new();
    for role in ROLES {
        let bundle = maker.bundle(1).changed(&maker.keys, |draft| validity(draft, role).expires = 1_700_000_000);
        let refused = TestCar::new(&maker).refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Expired { role: found } if found == role), "{role}: {refused}");
        assert_eq!(refused.kind(), RefusalKind::Outdated);
    }
    let bundle = maker.bundle(1);
    std::fs::write(bundle.metadata("2.root.json"), test_keys::next_root(&maker.keys, 2, 1_700_000_000, 2)).unwrap();
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(&refused, UpdateError::Expired { role } if role == "root"), "{refused}");
}

#[test]
fn a_clock_that_went_back_neither_stops_installing_nor_makes_old_bundles_young() {
    let maker = Maker::new();
    let mut car = TestCar::new(&maker);
    car.set_clock(|| 2_000_000_000);
    car.install(&maker.bundle(1)).unwrap();
    car.set_clock(|| 0);
    car.install(&maker.bundle(2)).unwrap();
    let ended = maker.bundle(3).changed(&maker.keys, |draft| draft.timestamp.expires = 1_900_000_000);
    assert!(matches!(car.refuses(&ended), UpdateError::Expired { .. }));
}

#[test]
fn a_clock_that_ran_ahead_leaves_nothing_behind() {
    let maker = Maker::new();
    let mut car = TestCar::new(&maker);
    car.set_clock(|| END + 1);
    assert!(matches!(car.refuses(&maker.bundle(1)), UpdateError::Expired { .. }));
    car.set_clock(clock::system);
    car.install(&maker.bundle(1)).unwrap();
}

#[test]
fn a_new_car_with_a_dead_clock_knows_when_it_was_built() {
    let maker = Maker::new();
    let mut car = TestCar::new(&maker);
    car.set_clock(|| 0);
    let ended = maker.bundle(1).changed(&maker.keys, |draft| draft.timestamp.expires = 1_700_000_000);
    let built = Car { not_before: 1_750_000_000, ..CAR };
    assert!(matches!(car.store.install(ended.open(), &built), Err(UpdateError::Expired { .. })));
}

#[test]
fn no_role_goes_back() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(5)).unwrap();
    for role in ROLES {
        let bundle = maker.bundle(6).changed(&maker.keys, |draft| validity(draft, role).version = 4);
        let refused = car.refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Rollback { role: found, found: 4, floor: 5 } if found == role), "{role}: {refused}");
        assert_eq!(refused.kind(), RefusalKind::Outdated);
    }
    car.install(&maker.bundle(6)).unwrap();
}

#[test]
fn no_role_goes_back_when_only_the_floor_remembers() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(5)).unwrap();
    // As after a power cut that tore the record of `tough`.
    for name in ["timestamp.json", "snapshot.json", "targets.json"] {
        let torn = car.home().join("trusted/1/sample").join(name);
        std::fs::write(torn, "{\"sig").unwrap();
    }
    for role in ROLES {
        let bundle = maker.bundle(6).changed(&maker.keys, |draft| validity(draft, role).version = 4);
        let refused = car.refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Rollback { role: found, found: 4, floor: 5 } if found == role), "{role}: {refused}");
    }
}

#[test]
fn the_root_does_not_go_back() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    let bundle = maker.bundle(1);
    std::fs::write(bundle.metadata("2.root.json"), next_root(&maker, 2)).unwrap();
    car.install(&bundle).unwrap();
    std::fs::write(car.home().join("trusted/1/root.json"), "torn").unwrap();
    let refused = car.refuses(&maker.bundle(2));
    assert!(matches!(&refused, UpdateError::Rollback { role, found: 1, floor: 2 } if role == "root"), "{refused}");
}

#[test]
fn files_of_two_editions_do_not_mix() {
    let maker = Maker::new();
    let old = maker.bundle(1);
    for name in ["snapshot.json", "targets.json", "knowledge%2Fsample.json"] {
        let bundle = maker.bundle(2);
        std::fs::copy(old.metadata(name), bundle.metadata(name)).unwrap();
        let refused = TestCar::new(&maker).refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Mixed { found: 1, wanted: 2, .. }), "{name}: {refused}");
        assert_eq!(refused.kind(), RefusalKind::Untrusted);
    }
    let bundle = maker.bundle(2);
    std::fs::copy(old.metadata("timestamp.json"), bundle.metadata("timestamp.json")).unwrap();
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(&refused, UpdateError::Mixed { found: 2, wanted: 1, .. }), "{refused}");
    let bundle = maker.bundle(2);
    std::fs::copy(old.target("knowledge.sqlite"), bundle.target("knowledge.sqlite")).unwrap();
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(refused, UpdateError::Altered { .. } | UpdateError::Partial { .. } | UpdateError::TooLarge { .. }), "{refused}");
}

#[test]
fn a_file_that_is_missing_or_cut_is_named() {
    let maker = Maker::new();
    let files = |bundle: &TestBundle| {
        let metadata = ["timestamp.json", "snapshot.json", "targets.json", "knowledge%2Fsample.json"].map(|name| bundle.metadata(name));
        metadata.into_iter().chain(["manifest.toml", "knowledge.sqlite", "golden.toml"].map(|name| bundle.target(name))).collect::<Vec<_>>()
    };
    for number in 0..files(&maker.bundle(1)).len() {
        let bundle = maker.bundle(1);
        let path = &files(&bundle)[number];
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        let refused = TestCar::new(&maker).refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Partial { .. }), "{}: {refused}", path.display());
        std::fs::remove_file(path).unwrap();
        let refused = TestCar::new(&maker).refuses(&bundle);
        assert!(matches!(&refused, UpdateError::Partial { .. }), "{}: {refused}", path.display());
        assert_eq!(refused.kind(), RefusalKind::Untrusted);
    }
}
