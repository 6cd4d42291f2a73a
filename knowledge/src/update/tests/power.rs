//! Power cuts on a real file system: ext4 on a loop device, shut down at every step of the importer, with and without its journal.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use super::crash::{AT, HOW, PLACE, Scene, all_steps, check_after};
use super::interrupt::{count, steps};
use super::*;

/// How ext4 goes down: with what is in its journal written, and without.
const FLAGS: [&str; 2] = ["1", "2"];

/// A file system in a file, mounted while this lives.
struct Mounted {
    folder: PathBuf,
}

impl Mounted {
    /// `None`: that is not possible here.
    fn mount(image: &Path, folder: &Path) -> Option<Mounted> {
        let done = Command::new("mount").args(["-o", "loop"]).args([image, folder]).output();
        done.is_ok_and(|output| output.status.success()).then(|| Mounted { folder: folder.to_owned() })
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.folder).status();
    }
}

/// An image with a car in it, prepared by `prepare`.
fn image(place: &Path, scene: &Scene, prepare: impl FnOnce(&Path)) -> Option<PathBuf> {
    let (image, folder) = (place.join("image"), place.join("mounted"));
    std::fs::create_dir_all(&folder).unwrap();
    File::create(&image).unwrap().set_len(24 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).output();
    if !made.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mounted = Mounted::mount(&image, &folder)?;
    std::fs::copy(scene.maker.anchor(), folder.join("root.json")).unwrap();
    std::os::unix::fs::symlink(&scene.next.folder, folder.join("bundle")).unwrap();
    prepare(&folder);
    drop(mounted);
    Some(image)
}

/// What has to hold after a power cut.
type Check = fn(&Scene, &TestCar, &str) -> bool;

/// A car that had nothing yet has nothing, or the new bundle, and takes it now.
fn check_first(scene: &Scene, car: &TestCar, when: &str) -> bool {
    let tyres = car.tyres();
    let is_new = tyres.as_deref() == Some("2 bar.");
    assert!(is_new || tyres.is_none(), "{when}: {tyres:?}");
    car.install(&scene.next).unwrap_or_else(|error| panic!("{when}: {error}"));
    assert_eq!(car.tyres().as_deref(), Some("2 bar."), "{when}");
    is_new
}

/// Cuts the power before each step; how often.
fn cut_at_every_step(scene: &Scene, image: &Path, steps: usize, (what, check): (&str, Check)) -> usize {
    let place = image.parent().unwrap();
    let (copy, folder) = (place.join("copy"), place.join("mounted"));
    let mut cuts = 0;
    for (at, flags) in (0..steps).flat_map(|at| FLAGS.map(|flags| (at, flags))) {
        assert!(Command::new("cp").arg("--sparse=always").args([image, &copy]).status().unwrap().success());
        let mounted = Mounted::mount(&copy, &folder).unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "update::tests::crash::child"])
            .envs([(AT, at.to_string()), (HOW, "shutdown".to_owned()), (PLACE, folder.display().to_string())])
            .env("KNOWLEDGE_TEST_SHUTDOWN", flags)
            .output()
            .unwrap()
            .status;
        assert_eq!(status.signal(), Some(9), "step {at} of {what} was not reached");
        drop(mounted);
        let mounted = Mounted::mount(&copy, &folder).unwrap();
        let car = TestCar::of(&folder, &scene.maker.anchor());
        check(scene, &car, &format!("{what}, step {at}, flags {flags}"));
        drop(mounted);
        cuts += 1;
    }
    cuts
}

#[test]
fn power_cuts_on_ext4_leave_the_old_or_the_new() {
    let scene = Scene::new();
    let place = tempfile::tempdir().unwrap();
    let copy_car = |folder: &Path| assert!(Command::new("cp").arg("-a").arg(scene.car.home()).arg(folder).status().unwrap().success());
    let Some(with_bundle) = image(place.path(), &scene, copy_car) else {
        eprintln!("skipped: mounting a file system of one's own takes root, mkfs.ext4 and a loop device");
        return;
    };
    let install = all_steps(&scene, |car| drop(car.install(&scene.next).unwrap())).len();
    let cuts = cut_at_every_step(&scene, &with_bundle, install, ("an install", check_after));

    let empty = image(place.path(), &scene, |_| {}).unwrap();
    let fresh = TestCar::new(&scene.maker);
    count();
    fresh.install(&scene.next).unwrap();
    let first = steps().len();
    let cuts = cuts + cut_at_every_step(&scene, &empty, first, ("a first install", check_first));

    // From the newer generation back to the older one.
    let both = image(place.path(), &scene, |folder| {
        copy_car(folder);
        drop(TestCar::of(folder, &scene.maker.anchor()).install(&scene.next).unwrap());
        std::fs::remove_file(folder.join("bundle")).unwrap();
    });
    let newer = Scene::new_at_second();
    let back = all_steps(&newer, |car| drop(car.store.rollback().unwrap())).len();
    let cuts = cuts + cut_at_every_step(&scene, &both.unwrap(), back, ("going back", check_after));
    eprintln!("{cuts} power cuts on ext4");
    assert!(cuts >= 300, "{cuts}");
}
