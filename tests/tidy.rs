//! House rules that a compiler does not check: layers, homes of outside libraries, introductions, sizes, and documents that tell the truth.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use steward_tests::Checkout;

/// What each crate of the workspace may depend on inside the workspace.
const LAYERS: [(&str, &[&str]); 6] = [
    ("models", &[]),
    ("plugins", &[]),
    ("knowledge", &["models"]),
    ("assistant", &["knowledge", "models", "plugins"]),
    ("daemon", &["assistant", "knowledge", "models", "plugins"]),
    ("tests", &["assistant", "knowledge", "models", "plugins"]),
];

/// What in Rust code shows the use of an outside library, and the only files or folders where it may stand.
const HOMES: [(&str, &[&str]); 12] = [
    ("ort::", &["models/src/runtime.rs", "models/src/runtime/"]),
    ("tokenizers::", &["models/src/tokenizer.rs"]),
    ("usearch::", &["models/src/index.rs"]),
    ("rusqlite::", &["knowledge/src/database/"]),
    ("csv::", &["knowledge/src/source/"]),
    ("tough::", &["knowledge/src/update/metadata/"]),
    ("aws_lc_rs::", &["knowledge/src/update/metadata/"]),
    ("ruzstd::", &["knowledge/src/update/carrier/"]),
    ("ferrous_opencc::", &["assistant/src/understand/"]),
    ("cel::", &["assistant/src/policy.rs", "assistant/src/policy/"]),
    ("serde_saphyr::", &["plugins/src/vss.rs"]),
    ("rustyline::", &["daemon/src/command/"]),
];

/// What only the side of the bus that serves says.
const SERVING: [&str; 4] = ["interface(name", "zbus::interface", "ObjectServer", "object_server("];
/// Where it may be said, tests of these places included.
const SERVERS: [&str; 3] = ["daemon/src/bus/", "plugins/src/bus/", "plugins/tests/bus.rs"];

const LONGEST_FILE: usize = 400;

fn checkout() -> Checkout {
    Checkout::find().expect("tests run in a checkout")
}

/// Every file of ours, as a path from the root. What `.gitignore` leaves out is not ours.
fn files() -> Vec<String> {
    let root = checkout().path("");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort();
    assert!(found.len() > 100, "the checkout's files are not found: {found:?}");
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if ![".git", ".steward", "target", "__pycache__"].contains(&name) {
                walk(root, &path, found);
            }
        } else {
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}

fn with_extension<'a>(files: &'a [String], extensions: &[&str]) -> Vec<&'a String> {
    let has = |file: &str| Path::new(file).extension().is_some_and(|extension| extensions.contains(&extension.to_str().unwrap()));
    files.iter().filter(|file| has(file)).collect()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(checkout().path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The lines of a Rust file that are code, with their numbers from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether `word` stands in `line` and is not the end of a longer word.
fn says(line: &str, word: &str) -> bool {
    let ends_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(ends_word))
}

fn nothing(complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{}",
        complaints.iter().fold(String::new(), |mut all, line| {
            let _ = write!(all, "\n  {line}");
            all
        })
    );
}

#[test]
fn crates_depend_downward_only() {
    for (name, allowed) in LAYERS {
        let manifest: toml::Table = read(&format!("{name}/Cargo.toml")).parse().unwrap();
        let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
        let named = tables.iter().filter_map(|table| manifest.get(*table)?.as_table()).flat_map(toml::Table::keys);
        let ours: BTreeSet<&str> = named.map(String::as_str).filter(|key| LAYERS.iter().any(|(layer, _)| layer == key)).collect();
        let wrong: Vec<&&str> = ours.iter().filter(|key| !allowed.contains(key)).collect();
        assert!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
    let workspace: toml::Table = read("Cargo.toml").parse().unwrap();
    let members: Vec<&str> = workspace["workspace"]["members"].as_array().unwrap().iter().map(|member| member.as_str().unwrap()).collect();
    let known: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(members.iter().collect::<BTreeSet<_>>(), known.iter().collect(), "a crate without a place in the layers");
}

#[test]
fn each_outside_library_has_one_home() {
    let files = files();
    let mut complaints = Vec::new();
    for file in with_extension(&files, &["rs"]).into_iter().filter(|file| *file != "tests/tidy.rs") {
        let text = read(file);
        let at_home = |homes: &[&str]| homes.iter().any(|home| file.starts_with(home));
        for (line_number, line) in code(&text) {
            let strangers = HOMES.iter().filter(|(library, homes)| !at_home(homes) && says(line, library)).map(|(library, _)| library);
            complaints.extend(strangers.map(|library| format!("{file}:{line_number} says {library}")));
            if !at_home(&SERVERS) && SERVING.iter().any(|word| line.contains(word)) {
                complaints.push(format!("{file}:{line_number} serves D-Bus: {line}"));
            }
        }
    }
    nothing(&complaints);
}

#[test]
fn every_library_that_has_a_home_is_used_there() {
    let files = files();
    let sources = with_extension(&files, &["rs"]);
    for (library, homes) in HOMES {
        let used = sources.iter().filter(|file| homes.iter().any(|home| file.starts_with(home))).any(|file| {
            let text = read(file);
            code(&text).any(|(_, line)| says(line, library))
        });
        assert!(used, "{library} is no longer used in {homes:?}; correct the list");
    }
}

#[test]
fn every_file_introduces_itself() {
    let files = files();
    let without: Vec<String> =
        with_extension(&files, &["rs"]).into_iter().filter(|file| !read(file).starts_with("//! ")).cloned().collect();
    nothing(&without);
}

#[test]
fn every_crate_names_its_invariant() {
    for (name, _) in LAYERS {
        let text = read(&format!("{name}/src/lib.rs"));
        assert!(text.lines().any(|line| line.starts_with("//! *Invariant:*")), "{name}/src/lib.rs names no invariant");
    }
}

#[test]
fn no_file_is_too_long() {
    let files = files();
    let code = with_extension(&files, &["rs", "py", "sh"]);
    let long = code.into_iter().map(|file| (file, read(file).lines().count())).filter(|(_, lines)| *lines > LONGEST_FILE);
    nothing(&long.map(|(file, lines)| format!("{file} has {lines} lines")).collect::<Vec<_>>());
}

#[test]
fn no_text_names_a_machine() {
    // Put together here, so that this file passes its own test.
    let patterns = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    let mut complaints = Vec::new();
    for file in files() {
        let Ok(text) = String::from_utf8(std::fs::read(checkout().path(&file)).unwrap()) else { continue };
        for (index, line) in text.lines().enumerate() {
            if patterns.iter().any(|pattern| says(line, pattern)) {
                complaints.push(format!("{file}:{}: {}", index + 1, line.chars().take(120).collect::<String>()));
            }
        }
    }
    nothing(&complaints);
}

/// Paths that a document names: in backticks with a slash in them, or as the target of a link.
fn named_paths(text: &str) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2).filter(|span| span.contains('/') && is_path(span)).map(str::to_owned);
    let links =
        text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://") && !link.starts_with('#'));
    spans.chain(links.map(|link| link.split('#').next().unwrap().to_owned())).collect()
}

/// Whether a span is a path of the checkout. Absolute paths belong to an installed car, and upper-case words stand for something.
fn is_path(span: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    let placeholder = |part: &str| part.len() > 1 && part.chars().all(|character| character.is_ascii_uppercase());
    span.chars().all(plain) && !span.starts_with(['/', '.', '-']) && !span.split(['/', '.']).any(placeholder)
}

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

#[test]
fn documents_name_only_paths_that_exist() {
    // Made by `make`, and named where the documents tell how to use the programs.
    let made = |path: &str| path.starts_with("target/");
    let mut complaints = Vec::new();
    let mut named = 0;
    for document in DOCUMENTS {
        for path in named_paths(&read(document)).into_iter().filter(|path| !made(path)) {
            named += 1;
            if !checkout().path(PathBuf::from(&path)).exists() {
                complaints.push(format!("{document} names {path}"));
            }
        }
    }
    assert!(named > 20, "only {named} paths are found in the documents");
    nothing(&complaints);
}

#[test]
fn documents_name_only_targets_that_the_makefile_has() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> = makefile.lines().filter_map(|line| line.split_once(':')).map(|(target, _)| target).collect();
    let mut named = BTreeSet::new();
    for document in DOCUMENTS {
        let text = read(document);
        let words: Vec<String> =
            text.split("make ").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect()).collect();
        let quoted =
            words.into_iter().filter(|word| text.contains(&format!("`make {word}`")) || text.contains(&format!("\nmake {word}\n")));
        named.extend(quoted);
    }
    assert!(named.len() >= 5, "{named:?}");
    let missing: Vec<&String> = named.iter().filter(|name| !targets.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "the Makefile lacks {missing:?}");
}
