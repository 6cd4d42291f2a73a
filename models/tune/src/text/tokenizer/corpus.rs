//! What a tokenizer is trained and judged on: the splits of a prepared folder, or files as they are.

use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::text::clean::{self, Markup};
use crate::text::error::TextError;
use crate::text::example::Example;
use crate::text::read;
use crate::text::settings::Source;
use crate::text::shard::Dataset;
use crate::text::split::Part;

/// Of files, one text in so many is kept for judging.
const JUDGED: u64 = 20;

/// Where texts come from.
pub(super) enum Corpus {
    /// Training learns from the training split as it was written, judging looks at the other two.
    Prepared { learn: Dataset, judge: Vec<Dataset> },
    /// Both from the same files.
    Files(Vec<PathBuf>),
}

impl Corpus {
    /// Opens a prepared folder, or the files and folders named.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self, TextError> {
        if let [folder] = paths
            && folder.join("card.json").is_file()
        {
            let judge = [Part::Validation, Part::Test].map(|part| Dataset::open(folder, part)).into_iter().collect::<Result<_, _>>()?;
            return Ok(Self::Prepared { learn: Dataset::open(folder, Part::Train)?, judge });
        }
        let mut files = Vec::new();
        for path in paths {
            files.extend(read::files(&source(path))?);
        }
        Ok(Self::Files(files))
    }

    /// Texts to learn from. What cannot be read is passed over: `prepare` is where it is reported.
    pub(super) fn learn(&self) -> Box<dyn Iterator<Item = String> + Send + '_> {
        match self {
            Self::Prepared { learn, .. } => {
                let written = learn.iter().filter_map(Result::ok).filter(|example| example.copy == 0);
                Box::new(written.flat_map(texts))
            }
            Self::Files(files) => Box::new(files.iter().flat_map(|path| file(path)).filter(|text| !is_judged(text))),
        }
    }

    /// Texts to judge by.
    pub(super) fn judge(&self) -> Box<dyn Iterator<Item = String> + Send + '_> {
        match self {
            Self::Prepared { judge, .. } => Box::new(judge.iter().flat_map(Dataset::iter).filter_map(Result::ok).flat_map(texts)),
            Self::Files(files) => Box::new(files.iter().flat_map(|path| file(path)).filter(|text| is_judged(text))),
        }
    }
}

fn source(path: &Path) -> Source {
    Source { path: path.to_owned(), ..Source::default() }
}

fn is_judged(text: &str) -> bool {
    xxh3_64(text.as_bytes()).is_multiple_of(JUDGED)
}

fn texts(example: Example) -> impl Iterator<Item = String> + Send {
    example.fields.into_iter().map(|field| field.text)
}

fn file(path: &Path) -> impl Iterator<Item = String> + Send + use<> {
    let source = source(path);
    let markup = read::markup(path, &source);
    let records = read::records(path, &source).ok();
    records.into_iter().flatten().flat_map(move |raw| texts_of(raw, &source, markup))
}

fn texts_of(raw: read::Raw, source: &Source, markup: Markup) -> Vec<String> {
    let mut examples = read::examples(raw, source).map(|found| found.examples).unwrap_or_default();
    examples.iter_mut().flat_map(|example| &mut example.fields).for_each(|field| {
        clean::clean(field, markup);
    });
    examples.into_iter().flat_map(texts).collect()
}
