//! The one door for tests of `prepare`: files in, examples out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use steward_tune::text::{Dataset, Example, Part, Preparation, Progress, Settings, Summary, TextError};
use tempfile::TempDir;

/// A folder with sources and settings, in which runs take place.
pub(crate) struct Stand {
    folder: Rc<TempDir>,
}

impl Stand {
    /// `files` are names with what is in them. `settings` is TOML whose paths count from them.
    pub(crate) fn new(files: &[(&str, &[u8])], settings: &str) -> Self {
        let stand = Self { folder: Rc::new(tempfile::tempdir().unwrap()) };
        for (name, content) in files {
            let path = stand.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        std::fs::write(stand.path("prepare.toml"), settings).unwrap();
        stand
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn preparation(&self, out: &str) -> Preparation {
        let path = self.path("prepare.toml");
        let settings = Settings::load(&path).unwrap();
        Preparation { settings, place: "prepare.toml".to_owned(), out: self.path(out), strict: false, resume: false, threads: 0 }
    }

    pub(crate) fn run(&self, out: &str) -> Result<Prepared, TextError> {
        self.follow(&self.preparation(out))
    }

    pub(crate) fn follow(&self, preparation: &Preparation) -> Result<Prepared, TextError> {
        let summary = preparation.run(&Progress::silent())?;
        Ok(Prepared { summary, folder: preparation.out.clone(), _stand: Rc::clone(&self.folder) })
    }
}

/// What a run has left.
pub(crate) struct Prepared {
    pub(crate) summary: Summary,
    pub(crate) folder: PathBuf,
    /// The folder is there for as long as this is.
    _stand: Rc<TempDir>,
}

impl Prepared {
    pub(crate) fn examples(&self, part: Part) -> Vec<Example> {
        Dataset::open(&self.folder, part).unwrap().iter().collect::<Result<_, _>>().unwrap()
    }

    pub(crate) fn all(&self) -> Vec<Example> {
        Part::ALL.into_iter().flat_map(|part| self.examples(part)).collect()
    }

    /// All examples, one a line, sorted.
    pub(crate) fn shown(&self) -> Vec<String> {
        let mut shown: Vec<String> = self.all().iter().map(show).collect();
        shown.sort();
        shown
    }

    pub(crate) fn card(&self) -> String {
        std::fs::read_to_string(self.folder.join("CARD.md")).unwrap()
    }

    /// `FILE:LINE` of each bad record.
    pub(crate) fn bad(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join("bad.jsonl")).unwrap();
        let place = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{}:{}", record["file"].as_str().unwrap(), record["line"])
        };
        text.lines().map(place).collect()
    }

    /// A count on the card.
    pub(crate) fn count(&self, source: &str, event: &str) -> u64 {
        let card: serde_json::Value = serde_json::from_slice(&std::fs::read(self.folder.join("card.json")).unwrap()).unwrap();
        card["counts"][source][event].as_u64().unwrap_or(0)
    }
}

/// An example in one line: kind, label, fields with their spans in brackets.
pub(crate) fn show(example: &Example) -> String {
    let mut shown = format!("{:?}", example.kind);
    if let Some(label) = &example.label {
        shown += &format!(" {label}");
    }
    for field in &example.fields {
        let spans: String = field.spans.iter().map(|span| format!(" [{}: {}]", span.name, &field.text[span.range.clone()])).collect();
        shown += &format!(" | {:?} {}{spans}", field.role, field.text);
    }
    shown
}

/// Every file of a folder with its bytes.
pub(crate) fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())).collect()
}
