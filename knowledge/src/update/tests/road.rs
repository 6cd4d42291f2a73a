//! The road when all is well: sign, verify, install, ask, go back.

use super::*;
use crate::update::{RefusalKind, verify};

#[test]
fn a_bundle_is_installed_and_answers() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    assert_eq!(car.tyres(), None);
    let report = car.install(&maker.bundle(1)).unwrap();
    assert_eq!((report.generation, report.line.as_str(), report.golden, report.changed), (1, LINE, 3, true));
    assert_eq!(car.tyres().as_deref(), Some("1 bar."));
    let report = car.install(&maker.bundle(2)).unwrap();
    assert_eq!((report.generation, report.version.as_str()), (2, "2"));
    assert_eq!(car.tyres().as_deref(), Some("2 bar."));
}

#[test]
fn one_file_does_as_well_as_a_folder() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    let file = maker.folder.path().join("b.tar.zst");
    sign(&maker.signing(&maker.generation(4), 4), &file).unwrap();
    car.store.install(descriptor(&file), &CAR).unwrap();
    assert_eq!(car.tyres().as_deref(), Some("4 bar."));
}

#[test]
fn archives_of_the_usual_tools_are_taken() {
    let maker = Maker::new();
    let bundle = maker.bundle(4);
    let run = |arguments: &[&str]| std::process::Command::new("tar").args(arguments).current_dir(&bundle.folder).output();
    for format in ["ustar", "gnu"] {
        let file = maker.folder.path().join(format!("{format}.tar"));
        let path = file.to_str().unwrap();
        let made = run(&["--format", format, "-cf", path, "metadata", "targets"]).unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        TestCar::new(&maker).store.install(descriptor(&file), &CAR).unwrap();
    }
}

#[test]
fn a_car_goes_back_once_and_forward_again() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    let (one, two) = (maker.bundle(1), maker.bundle(2));
    car.install(&one).unwrap();
    car.install(&two).unwrap();
    let report = car.store.rollback().unwrap();
    assert_eq!((report.generation, car.tyres().as_deref()), (1, Some("1 bar.")));
    assert!(matches!(car.store.rollback(), Err(UpdateError::NoPrevious)));
    // Going back is for the driver; a bundle from outside is still measured by what the car has seen.
    assert_eq!(car.refuses(&one).kind(), RefusalKind::Outdated);
    let report = car.install(&two).unwrap();
    assert_eq!((report.generation, car.tyres().as_deref()), (3, Some("2 bar.")));
}

#[test]
fn the_first_bundle_can_be_taken_back_too() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    assert!(matches!(car.store.rollback(), Err(UpdateError::NoPrevious)));
    car.install(&maker.bundle(1)).unwrap();
    assert_eq!(car.store.rollback().unwrap().generation, 0);
    assert_eq!(car.tyres(), None);
}

#[test]
fn the_same_bundle_again_changes_nothing() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    let bundle = maker.bundle(1);
    let first = car.install(&bundle).unwrap();
    let second = car.install(&bundle).unwrap();
    assert_eq!((second.generation, second.changed), (first.generation, false));
}

#[test]
fn bundles_of_several_lines_stand_side_by_side() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(5)).unwrap();
    let generation = maker.generation(1);
    let other = maker.folder.path().join("other");
    // Another line counts its own versions, so version 1 is fine here.
    sign(&Signing { line: Some("highway-code"), ..maker.signing(&generation, 1) }, &other).unwrap();
    car.store.install(descriptor(&other), &CAR).unwrap();
    let in_use = car.store.in_use();
    let lines: Vec<&str> = in_use.bundles.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!((lines, in_use.number), (vec!["highway-code", LINE], 2));
    car.store.rollback().unwrap();
    assert_eq!(car.store.in_use().bundles.len(), 1);
}

#[test]
fn a_root_that_two_of_three_signed_is_followed_and_kept() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    let bundle = maker.bundle(1);
    std::fs::write(bundle.metadata("2.root.json"), super::metadata::next_root(&maker, 2)).unwrap();
    car.install(&bundle).unwrap();
    // The next bundle need not bring it again.
    car.install(&maker.bundle(2)).unwrap();
    assert_eq!(car.tyres().as_deref(), Some("2 bar."));
    assert!(car.home().join("trusted/2/root.json").exists());
}

#[test]
fn a_root_that_was_renewed_reaches_cars_with_the_next_bundle() {
    let mut maker = Maker::new();
    let car = TestCar::new(&maker);
    let first = maker.anchor().with_file_name("1.root.json");
    car.install(&maker.bundle(1)).unwrap();
    for _ in 0..2 {
        maker.keys = Keys::renew(&maker.folder.path().join("keys"), END).unwrap();
    }
    // This car has the first root, and learns of the third.
    let old = TestCar::at(tempfile::tempdir().unwrap(), &first);
    for car in [&car, &old] {
        car.install(&maker.bundle(2)).unwrap();
        let kept: serde_json::Value = serde_json::from_slice(
            &std::fs::read(car.home().join("trusted").join(car.store.in_use().number.to_string()).join("root.json")).unwrap(),
        )
        .unwrap();
        assert_eq!(kept["signed"]["version"], 3);
    }
}

#[test]
fn a_bundle_is_verified_away_from_a_car() {
    let maker = Maker::new();
    let any = Car { vehicle: None, model: Model::Any, not_before: 0 };
    let report = verify(maker.bundle(1).open(), &maker.anchor(), &any).unwrap();
    assert_eq!((report.name.as_str(), report.golden), ("Sample", 3));
    assert!(verify(maker.bundle(1).open(), &Maker::new().anchor(), &any).is_err());
}

#[test]
fn the_same_content_makes_the_same_bundle() {
    let maker = Maker::new();
    let generation = maker.generation(1);
    let [one, other] = ["one", "other"].map(|name| {
        let file = maker.folder.path().join(format!("{name}.tar.zst"));
        sign(&maker.signing(&generation, 1), &file).unwrap();
        std::fs::read(file).unwrap()
    });
    assert!(one == other);
}

#[test]
fn two_installs_at_a_time_are_one_too_many() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(1)).unwrap();
    let lock = File::create(car.home().join("lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(car.install(&maker.bundle(2)), Err(UpdateError::Busy)));
    assert_eq!(car.tyres().as_deref(), Some("1 bar."), "questions are answered meanwhile");
}
