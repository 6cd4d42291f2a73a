//! Random damage: ten thousand bytes changed, one at a time, each of them noticed.

use super::*;
use crate::update::carrier::{Carrier, pack};
use crate::update::floor::Floor;
use crate::update::verified::{Trust, verify};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Verifies and copies a bundle as an install does, up to the trial; gives the address of what was copied.
fn take(bundle: OwnedFd, anchor: &[u8], place: &Path) -> Result<String, UpdateError> {
    let (record, out) = (place.join("record"), place.join("out"));
    for folder in [&record, &out] {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir(folder).unwrap();
    }
    let trust = Trust { root: anchor, floor: &Floor::default(), now: clock::system() };
    let verified = verify(Carrier::open(bundle)?, &trust, &|_| Ok(record.clone()))?;
    let address = verified.address();
    verified.take(&out).map(|_| address)
}

/// A folder in memory where there is one: what is tested here is not the disk.
fn quick_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Changes one byte to any other value.
fn spoil(bytes: &mut [u8], dice: &mut Dice) -> (usize, u8) {
    let at = dice.below(bytes.len());
    let before = bytes[at];
    bytes[at] ^= 1 + dice.below(255) as u8;
    (at, before)
}

#[test]
fn ten_thousand_changed_bytes_in_a_folder_are_noticed() {
    let maker = Maker::new();
    let anchor = std::fs::read(maker.anchor()).unwrap();
    let place = quick_folder();
    let copied = std::process::Command::new("cp").arg("-r").arg(maker.bundle(1).folder).arg(place.path().join("b")).status().unwrap();
    assert!(copied.success());
    let bundle = place.path().join("b");
    take(descriptor(&bundle), &anchor, place.path()).unwrap();
    // The root that comes along is the one the car has already: nobody reads it.
    let files: Vec<PathBuf> = files_below(&bundle).into_iter().filter(|path| !path.ends_with("1.root.json")).collect();
    assert_eq!(files.len(), 7);
    let mut dice = Dice(0x5eed);
    for round in 0..10_000 {
        // Every file as often as any other, though most bytes are the database's.
        let path = &files[round % files.len()];
        let mut bytes = std::fs::read(path).unwrap();
        let (at, before) = spoil(&mut bytes, &mut dice);
        std::fs::write(path, &bytes).unwrap();
        let taken = take(descriptor(&bundle), &anchor, place.path());
        assert!(taken.is_err(), "{} changed at {at} from {before} to {}", path.display(), bytes[at]);
        bytes[at] = before;
        std::fs::write(path, &bytes).unwrap();
    }
    take(descriptor(&bundle), &anchor, place.path()).unwrap();
}

/// In a packed file some bits mean nothing, such as how much memory the compressor thought it takes. So here a change is noticed, or
/// it changed nothing at all of what is unpacked.
#[test]
fn changed_bytes_in_one_file_are_noticed_or_mean_nothing() {
    let maker = Maker::new();
    let anchor = std::fs::read(maker.anchor()).unwrap();
    let place = quick_folder();
    let file = pack(&maker.bundle(1).folder, &place.path().join("b.tar.zst")).unwrap();
    let address = take(descriptor(&file), &anchor, place.path()).unwrap();
    let good = std::fs::read(&file).unwrap();
    let mut dice = Dice(0xd1ce);
    let mut noticed = 0;
    for _ in 0..2_000 {
        let mut bytes = good.clone();
        let (at, before) = spoil(&mut bytes, &mut dice);
        std::fs::write(&file, &bytes).unwrap();
        match take(descriptor(&file), &anchor, place.path()) {
            Err(_) => noticed += 1,
            Ok(found) => assert_eq!(found, address, "changed at {at} from {before}"),
        }
    }
    assert!(noticed > 1_900, "{noticed}");
    eprintln!("{noticed} of 2000 changes were noticed, the others changed nothing");
}
