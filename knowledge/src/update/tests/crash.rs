//! The importer stopped at every one of its steps: what is in use is exactly the old generation or the new one.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use super::interrupt::{Interruption, count, plan, steps};
use super::*;

pub(super) const AT: &str = "KNOWLEDGE_TEST_STOP_AT";
pub(super) const HOW: &str = "KNOWLEDGE_TEST_STOP_HOW";
pub(super) const PLACE: &str = "KNOWLEDGE_TEST_PLACE";

/// A car with a first bundle, and a second one to come, as a folder that can be copied.
pub(super) struct Scene {
    pub(super) maker: Maker,
    pub(super) car: TestCar,
    pub(super) next: TestBundle,
}

impl Scene {
    pub(super) fn new() -> Scene {
        let maker = Maker::new();
        let car = TestCar::new(&maker);
        car.install(&maker.bundle(1)).unwrap();
        let next = maker.bundle(2);
        Scene { maker, car, next }
    }

    /// The same, with the second bundle installed.
    pub(super) fn new_at_second() -> Scene {
        let scene = Scene::new();
        scene.car.install(&scene.next).unwrap();
        scene
    }

    /// The car as it was at first, in a folder of its own.
    fn copy(&self) -> TestCar {
        let folder = tempfile::tempdir().unwrap();
        let copied = Command::new("cp").arg("-a").arg(self.car.home()).arg(folder.path()).status().unwrap();
        assert!(copied.success());
        TestCar::at(folder, &self.maker.anchor())
    }
}

/// Either the old generation is in use or the new one; and whichever it is, all goes on from there.
pub(super) fn check_after(scene: &Scene, car: &TestCar, when: &str) -> bool {
    let tyres = car.tyres();
    let is_new = tyres.as_deref() == Some("2 bar.");
    assert!(is_new || tyres.as_deref() == Some("1 bar."), "{when}: {tyres:?}");
    assert!(!car.home().join("incoming").exists(), "{when}: something is left");
    if is_new {
        let old = scene.maker.bundle(1);
        assert!(matches!(car.install(&old), Err(UpdateError::Rollback { .. })), "{when}: an old bundle comes in");
    }
    car.install(&scene.next).unwrap_or_else(|error| panic!("{when}: {error}"));
    assert_eq!(car.tyres().as_deref(), Some("2 bar."), "{when}");
    assert_eq!(car.store.rollback().map(|report| report.changed).ok(), Some(true), "{when}");
    assert_eq!(car.tyres().as_deref(), Some("1 bar."), "{when}");
    is_new
}

/// How many steps there are, and their names.
pub(super) fn all_steps(scene: &Scene, work: impl FnOnce(&TestCar)) -> Vec<String> {
    let car = scene.copy();
    count();
    work(&car);
    let found = steps();
    count();
    found
}

/// Runs in a process of its own, which does not come to its end.
#[test]
fn child() {
    let (Some(at), Some(place)) = (std::env::var_os(AT), std::env::var_os(PLACE)) else { return };
    let at = at.to_str().unwrap().parse().unwrap();
    let place = PathBuf::from(place);
    let how = match std::env::var(HOW).unwrap().as_str() {
        "kill" => Interruption::Kill,
        "cut" => Interruption::PowerCut,
        _ => Interruption::Shutdown,
    };
    let store = Store::new(&place.join("knowledge"), &place.join("root.json"));
    plan(at, how);
    match std::fs::File::open(place.join("bundle")) {
        Ok(bundle) => drop(store.install(bundle.into(), &CAR)),
        Err(_) => drop(store.rollback()),
    }
}

fn stop_at_every_step(how: &str, rollback: bool) {
    let prepared = if rollback { Scene::new_at_second() } else { Scene::new() };
    let work = |car: &TestCar| if rollback { drop(car.store.rollback().unwrap()) } else { drop(car.install(&prepared.next).unwrap()) };
    let names = all_steps(&prepared, work);
    assert!(names.len() > if rollback { 6 } else { 60 }, "{names:?}");
    let (mut old, mut new) = (0, 0);
    for (at, name) in names.iter().enumerate() {
        let car = prepared.copy();
        std::fs::copy(prepared.maker.anchor(), car.folder.join("root.json")).unwrap();
        if !rollback {
            std::os::unix::fs::symlink(&prepared.next.folder, car.folder.join("bundle")).unwrap();
        }
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "update::tests::crash::child"])
            .envs([(AT, at.to_string()), (HOW, how.to_owned()), (PLACE, car.folder.display().to_string())])
            .output()
            .unwrap()
            .status;
        assert_eq!(status.signal(), Some(9), "step {at} ({name}) was not reached");
        if check_after(&prepared, &car, &format!("{how} at step {at} ({name})")) { new += 1 } else { old += 1 }
    }
    eprintln!("{how} at each of {} steps: {old} times the old generation, {new} times the new one", names.len());
    assert!(old > 0 && new > 0);
}

#[test]
fn killed_at_every_step_of_an_install() {
    stop_at_every_step("kill", false);
}

#[test]
fn power_cut_at_every_step_of_an_install() {
    stop_at_every_step("cut", false);
}

#[test]
fn killed_at_every_step_of_going_back() {
    stop_at_every_step("kill", true);
}

/// The system says no at every step in turn: a full disk, and a disk that fails.
#[test]
fn errors_at_every_step_leave_the_old_or_the_new() {
    const FULL: i32 = 28;
    const BROKEN: i32 = 5;
    let scene = Scene::new();
    let names = all_steps(&scene, |car| drop(car.install(&scene.next).unwrap()));
    let mut full = 0;
    for (at, name) in names.iter().enumerate() {
        for number in [FULL, BROKEN] {
            let car = scene.copy();
            plan(at, Interruption::Error(number));
            let installed = car.install(&scene.next);
            count();
            let when = format!("error {number} at step {at} ({name})");
            match installed {
                // Tidying up afterwards may fail.
                Ok(report) => assert_eq!((report.generation, car.tyres().as_deref()), (2, Some("2 bar.")), "{when}"),
                Err(UpdateError::NoSpace { .. }) if number == FULL => full += 1,
                Err(UpdateError::Io { .. }) if number == BROKEN => {}
                Err(other) => panic!("{when}: {other}"),
            }
            check_after(&scene, &car, &when);
        }
    }
    assert!(full > 40, "{full}");
}

/// Not simulated: a disk of 16 MiB, where there is one to be had.
#[test]
fn a_disk_that_is_really_full() {
    let place = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=9m", "tmpfs"]).arg(place.path()).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: mounting a small disk takes root");
        return;
    }
    let maker = Maker::new();
    let store = Store::new(&place.path().join("knowledge"), &maker.anchor());
    store.install(maker.bundle(1).open(), &CAR).unwrap();
    std::fs::write(place.path().join("filler"), vec![1; 1 << 20]).unwrap();
    let refused = store.install(maker.bundle(2).open(), &CAR);
    let in_use = store.in_use();
    let filler = std::fs::remove_file(place.path().join("filler"));
    let after = store.install(maker.bundle(2).open(), &CAR);
    drop(in_use.bundles.iter().map(|(line, _)| line.clone()).collect::<Vec<_>>());
    let (number, trouble) = (in_use.number, in_use.trouble.len());
    drop(in_use);
    assert!(Command::new("umount").arg(place.path()).status().unwrap().success());
    assert!(matches!(refused, Err(UpdateError::NoSpace { .. })), "{refused:?}");
    assert_eq!((number, trouble), (1, 0));
    filler.unwrap();
    assert_eq!(after.unwrap().generation, 2);
}
