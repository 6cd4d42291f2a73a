//! Makers of bundles, cars that take them, and everything that may happen to a bundle in between.

mod carriers;
mod content;
mod crash;
mod flips;
pub(super) mod interrupt;
mod metadata;
mod power;
mod road;

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::carrier::Wanted;
use super::metadata::{Draft, Keys, Validity};
use super::trial::{Car, Model};
use super::{Report, Signing, Store, UpdateError, bundle, clock, sign};
use crate::generation::Generation;
use crate::query::Query;

/// When bundles of these tests end: in the year 2100.
const END: u64 = 4_102_444_800;
/// The line of their bundles.
const LINE: &str = "sample";

/// Somebody with keys, who builds and signs.
struct Maker {
    folder: TempDir,
    keys: Keys,
}

/// A bundle in a folder, with the metadata it was signed with, so that it can be signed anew with something changed.
struct TestBundle {
    folder: PathBuf,
    draft: Draft,
}

impl Maker {
    fn new() -> Maker {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::generate(&folder.path().join("keys"), END).unwrap();
        Maker { folder, keys }
    }

    fn anchor(&self) -> PathBuf {
        self.folder.path().join("keys/root.json")
    }

    /// A generation whose tyre pressure is its version.
    fn generation(&self, version: u64) -> PathBuf {
        self.generation_for(version, "[\"s1\"]")
    }

    fn generation_for(&self, version: u64, vehicles: &str) -> PathBuf {
        let source = tempfile::tempdir().unwrap();
        std::fs::create_dir(source.path().join("qa")).unwrap();
        let head =
            format!("name = \"Sample\"\nversion = \"{version}\"\nlanguages = [\"en\"]\nlicense = \"CC0-1.0\"\nvehicles = {vehicles}\n");
        std::fs::write(source.path().join("bundle.toml"), head).unwrap();
        let pairs = [
            ("tyres.en", "How high is the tyre pressure?".to_owned(), format!("{version} bar.")),
            ("boot.en", "How big is the boot?".to_owned(), "520 liters.".to_owned()),
            ("oil.en", "Which engine oil does it take?".to_owned(), "None, it is electric.".to_owned()),
        ];
        let rows = pairs.map(|(id, question, answer)| {
            format!("{{\"id\": \"{id}\", \"question\": \"{question}\", \"answer\": \"{answer}\", \"language\": \"en\"}}\n")
        });
        std::fs::write(source.path().join("qa/a.jsonl"), rows.concat()).unwrap();
        let out = tempfile::Builder::new().prefix("generation-").tempdir_in(self.folder.path()).unwrap().keep().join("g");
        Generation::build(source.path(), &out, None, &mut |_| {}).unwrap();
        out
    }

    /// A bundle of the given version.
    fn bundle(&self, version: u64) -> TestBundle {
        self.bundle_of(&self.generation(version), version)
    }

    fn bundle_of(&self, generation: &Path, version: u64) -> TestBundle {
        let folder = tempfile::Builder::new().prefix("bundle-").tempdir_in(self.folder.path()).unwrap().keep().join("b");
        sign(&self.signing(generation, version), &folder).unwrap();
        let files = bundle::files(&folder.join("targets/knowledge").join(LINE), LINE).unwrap();
        TestBundle { draft: Draft::new(LINE, files, Validity { version, expires: END }), folder }
    }

    fn signing<'a>(&'a self, generation: &'a Path, version: u64) -> Signing<'a> {
        Signing { generation, keys: &self.keys, line: None, version, expires: END, golden: None }
    }
}

impl TestBundle {
    /// Signs it anew after a change; the files stay as they are.
    fn changed(self, keys: &Keys, change: impl FnOnce(&mut Draft)) -> TestBundle {
        let mut draft = self.draft;
        change(&mut draft);
        for (name, bytes) in draft.signed(keys).unwrap() {
            std::fs::write(self.folder.join("metadata").join(name), bytes).unwrap();
        }
        TestBundle { folder: self.folder, draft }
    }

    /// Signs it anew after its files were changed.
    fn with_files_as_they_are(self, keys: &Keys) -> TestBundle {
        let files: BTreeMap<String, Wanted> = bundle::files(&self.folder.join("targets/knowledge").join(LINE), LINE).unwrap();
        self.changed(keys, |draft| draft.files = files)
    }

    fn metadata(&self, name: &str) -> PathBuf {
        self.folder.join("metadata").join(name)
    }

    fn target(&self, name: &str) -> PathBuf {
        self.folder.join("targets/knowledge").join(LINE).join(name)
    }

    fn open(&self) -> OwnedFd {
        File::open(&self.folder).unwrap().into()
    }
}

/// Somebody's car.
struct TestCar {
    folder: PathBuf,
    store: Store,
    _kept: Option<TempDir>,
}

const CAR: Car<'static> = Car { vehicle: Some("s1"), model: Model::Missing, not_before: 0 };

impl TestCar {
    fn new(maker: &Maker) -> TestCar {
        Self::at(tempfile::tempdir().unwrap(), &maker.anchor())
    }

    fn at(folder: TempDir, anchor: &Path) -> TestCar {
        let path = folder.path().to_owned();
        TestCar { _kept: Some(folder), ..Self::of(&path, anchor) }
    }

    /// In a folder that somebody else looks after.
    fn of(folder: &Path, anchor: &Path) -> TestCar {
        TestCar { folder: folder.to_owned(), store: Store::new(&folder.join("knowledge"), anchor), _kept: None }
    }

    fn home(&self) -> PathBuf {
        self.folder.join("knowledge")
    }

    fn set_clock(&mut self, clock: clock::Read) {
        self.store.clock = clock;
    }

    fn install(&self, bundle: &TestBundle) -> Result<Report, UpdateError> {
        self.store.install(bundle.open(), &CAR)
    }

    fn refuses(&self, bundle: &TestBundle) -> UpdateError {
        let before = self.tyres();
        let refused = self.install(bundle).expect_err("it was installed");
        assert_eq!(self.tyres(), before, "after {refused}");
        assert!(!self.home().join("incoming").exists(), "something is left of it");
        refused
    }

    /// What the car says of its tyres; `None`: it knows nothing.
    fn tyres(&self) -> Option<String> {
        let in_use = self.store.in_use();
        assert!(in_use.trouble.is_empty(), "{:?}", in_use.trouble);
        let (_, generation) = in_use.bundles.first()?;
        let hits = generation.search(&Query::new("How high is the tyre pressure?")).unwrap();
        Some(hits[0].text.clone())
    }
}

/// The descriptor of a path, as a caller would hand it over.
fn descriptor(path: &Path) -> OwnedFd {
    File::open(path).unwrap().into()
}
