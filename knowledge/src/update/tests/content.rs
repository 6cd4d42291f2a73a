//! Bundles that are signed by the right people and still not for this car, or not what they should be.

use super::*;
use crate::update::RefusalKind;

/// Changes a generation's database and has its manifest vouch for the result, as whoever holds the keys could.
fn with_database(maker: &Maker, change: impl FnOnce(&Path)) -> TestBundle {
    let bundle = maker.bundle(1);
    let path = bundle.target("knowledge.sqlite");
    let before = crate::manifest::sha256(&path).unwrap();
    change(&path);
    let manifest = std::fs::read_to_string(bundle.target("manifest.toml")).unwrap();
    let manifest = manifest.replace(&before, &crate::manifest::sha256(&path).unwrap());
    std::fs::write(bundle.target("manifest.toml"), manifest).unwrap();
    bundle.with_files_as_they_are(&maker.keys)
}

#[test]
fn another_vehicle_line_is_refused() {
    let maker = Maker::new();
    let bundle = maker.bundle_of(&maker.generation_for(1, "[\"s2\", \"s3\"]"), 1);
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(&refused, UpdateError::Vehicle { lines, car } if lines.len() == 2 && car == "s1"), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::Incompatible);
    let unknown = Car { vehicle: Some(""), ..CAR };
    let refused = TestCar::new(&maker).store.install(bundle.open(), &unknown).unwrap_err();
    assert!(refused.to_string().contains("update.vehicle"), "{refused}");
}

#[test]
fn a_bundle_for_all_vehicles_fits_every_car() {
    let maker = Maker::new();
    let bundle = maker.bundle_of(&maker.generation_for(1, "[]"), 1);
    let unknown = Car { vehicle: Some(""), ..CAR };
    TestCar::new(&maker).store.install(bundle.open(), &unknown).unwrap();
}

#[test]
fn another_embedder_is_refused() {
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    let vectors = models::VectorIndex::build(2, [(1, vec![1.0, 0.0])].into_iter()).unwrap();
    vectors.save(&bundle.target("vectors.usearch")).unwrap();
    let hash = crate::manifest::sha256(&bundle.target("vectors.usearch")).unwrap();
    let manifest = std::fs::read_to_string(bundle.target("manifest.toml")).unwrap();
    let embedder = "[embedder]\nidentity = \"some-model\"\ndimension = 2\nlanguages = [\"en\"]\n";
    let manifest = manifest.replace("[files]\n", &format!("{embedder}\n[files]\n\"vectors.usearch\" = \"{hash}\"\n"));
    std::fs::write(bundle.target("manifest.toml"), manifest).unwrap();
    let bundle = bundle.with_files_as_they_are(&maker.keys);
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(&refused, UpdateError::Embedder { built_with, asked } if built_with == "some-model" && asked == "none"), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::Incompatible);
}

#[test]
fn a_database_with_more_than_our_tables_is_refused() {
    let statements = [
        "CREATE TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END",
        "CREATE VIEW v AS SELECT * FROM entry",
        "CREATE TABLE more(x)",
        "CREATE INDEX i ON entry(text)",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "DROP TABLE scope",
        "ALTER TABLE entry ADD COLUMN more TEXT",
    ];
    let maker = Maker::new();
    for statement in statements {
        let bundle = with_database(&maker, |path| crate::database::execute_for_tests(path, statement));
        let refused = TestCar::new(&maker).refuses(&bundle);
        assert!(matches!(refused, UpdateError::Schema(_)), "{statement}: {refused}");
        assert_eq!(refused.kind(), RefusalKind::Untrusted);
    }
}

#[test]
fn a_database_that_is_damaged_inside_is_refused() {
    let maker = Maker::new();
    let bundle = with_database(&maker, |path| {
        let mut bytes = std::fs::read(path).unwrap();
        // Not the first page, which holds the schema.
        for page in bytes.chunks_mut(4096).skip(1) {
            page[1..64].fill(0x55);
        }
        std::fs::write(path, bytes).unwrap();
    });
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(refused, UpdateError::Integrity(_) | UpdateError::Knowledge(_)), "{refused}");
}

#[test]
fn a_database_that_is_none_is_refused() {
    let maker = Maker::new();
    let bundle = with_database(&maker, |path| std::fs::write(path, "SQLite format 3\0 or so").unwrap());
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(refused, UpdateError::Knowledge(_)), "{refused}");
}

#[test]
fn golden_questions_have_to_be_answered() {
    let maker = Maker::new();
    let bundle = maker.bundle(1);
    let golden = "[[question]]\ntext = \"How big is the boot?\"\nlanguage = \"en\"\nid = \"tyres.en\"\n";
    std::fs::write(bundle.target("golden.toml"), golden).unwrap();
    let bundle = bundle.with_files_as_they_are(&maker.keys);
    let refused = TestCar::new(&maker).refuses(&bundle);
    assert!(matches!(&refused, UpdateError::Golden { found, wanted, .. } if found == "boot.en" && wanted == "tyres.en"), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::Incompatible);
}

#[test]
fn a_failed_trial_does_not_lift_the_floor() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(1)).unwrap();
    let bad = maker.bundle_of(&maker.generation_for(9, "[\"s2\"]"), 9);
    assert!(matches!(car.refuses(&bad), UpdateError::Vehicle { .. }));
    car.install(&maker.bundle(2)).unwrap();
}

#[test]
fn an_installed_bundle_that_rots_is_left_out_and_named() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(1)).unwrap();
    let store = car.home().join("store");
    let folder = std::fs::read_dir(store).unwrap().next().unwrap().unwrap().path();
    for name in ["knowledge.sqlite", "golden.toml"] {
        let good = std::fs::read(folder.join(name)).unwrap();
        let mut rotten = good.clone();
        rotten[10] ^= 4;
        std::fs::write(folder.join(name), rotten).unwrap();
        let in_use = car.store.in_use();
        assert_eq!((in_use.bundles.len(), in_use.trouble.len()), (0, 1), "{name}");
        std::fs::write(folder.join(name), good).unwrap();
        assert_eq!(car.store.in_use().bundles.len(), 1);
    }
}

#[test]
fn a_lost_floor_closes_the_store_and_questions_go_on() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(1)).unwrap();
    for slot in ["floor.0", "floor.1"] {
        std::fs::write(car.home().join(slot), "rotten").unwrap();
    }
    let refused = car.install(&maker.bundle(2)).unwrap_err();
    assert!(matches!(refused, UpdateError::FloorLost { .. }), "{refused}");
    assert!(matches!(car.store.rollback(), Err(UpdateError::FloorLost { .. })));
    let in_use = car.store.in_use();
    assert_eq!((in_use.bundles.len(), in_use.trouble.len()), (1, 1));
}

#[test]
fn a_lost_record_leaves_the_floor_where_it_is() {
    let maker = Maker::new();
    let car = TestCar::new(&maker);
    car.install(&maker.bundle(5)).unwrap();
    std::fs::write(car.home().join("current"), "rotten").unwrap();
    assert_eq!(car.store.in_use().trouble.len(), 1);
    let refused = car.install(&maker.bundle(4)).unwrap_err();
    assert_eq!(refused.kind(), RefusalKind::Outdated, "{refused}");
    car.install(&maker.bundle(6)).unwrap();
    assert_eq!(car.tyres().as_deref(), Some("6 bar."));
}
