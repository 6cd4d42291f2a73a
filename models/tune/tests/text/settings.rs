//! Settings as written: what is legal, what is refused with its line, and the shipped file that shows all of it.

use std::path::Path;

use steward_tune::text::{Settings, TextError, TokenizerSettings};

fn load(text: &str) -> Result<Settings, TextError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prepare.toml");
    std::fs::write(&path, text).unwrap();
    Settings::load(&path)
}

#[test]
fn what_is_not_legal_is_refused_with_its_line() {
    let source = "[[source]]\nname = \"a\"\npath = \"a.jsonl\"\n";
    let cases = [
        ("seed = 1\nsede = 2\n", ":2: ", "sede"),
        ("[window]\nsize = \"big\"\n", ":2: ", "usize"),
        ("languages = [\"fr\"]\n", ":1: ", "fr"),
        ("[[source]]\nname = \"a\"\npath = \"a\"\nlicence = \"x\"\n", ":4: ", "licence"),
        ("seed = 1\n", "", "no source"),
        ("window = { size = 10, overlap = 6 }\n", "", "overlap"),
        ("duplicates = { together = 0.95, remove = 0.9 }\n", "", "remove"),
        ("augment = { fillers = 1.5 }\n", "", "rates"),
        ("split = { train = 0.0 }\n", "", "shares"),
        ("mix = { max-repeats = 0 }\n", "", "max-repeats"),
    ];
    for (text, place, word) in cases {
        let text = if place.is_empty() && word != "no source" { format!("{text}{source}") } else { text.to_owned() };
        let said = load(&text).unwrap_err().to_string();
        assert!(said.contains(place) && said.contains(word) && said.contains("prepare.toml"), "{text:?}: {said}");
    }
    for text in [
        format!("{source}{source}"),
        format!("{source}fields = {{ txet = \"x\" }}\n"),
        format!("{source}weight = 1\n{}", source.replace("\"a\"", "\"b\"")),
    ] {
        assert!(matches!(load(&text), Err(TextError::Settings { .. })), "{text}");
    }
    assert!(load(source).is_ok());
}

/// The lines of the shipped file that are settings: `#key = value` and `#[table]`, without a space after the sign.
fn shipped(with_examples: bool) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("prepare.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let settings = text.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ") && *line != "#");
    let all: Vec<&str> = settings.map(|line| &line[1..]).filter(|line| with_examples || !line.contains("# no default")).collect();
    let source = all.iter().position(|line| *line == "[[source]]").unwrap();
    all[..if with_examples { all.len() } else { source }].join("\n")
}

#[test]
fn the_shipped_file_shows_every_key_with_its_default() {
    let shown: toml::Table = shipped(false).parse().unwrap();
    let mut defaults = toml::Table::try_from(Settings::default()).unwrap();
    defaults.remove("source");
    assert_eq!(shown, defaults);
    assert_eq!(toml::from_str::<Settings>(&shipped(false)).unwrap(), Settings::default());
}

#[test]
fn the_shipped_files_examples_are_legal() {
    let settings = load(&shipped(true)).unwrap();
    let source = &settings.source[0];
    assert!(settings.mix.examples.is_some() && settings.mix.usage.is_some() && settings.mix.usage_key.is_some());
    assert!(settings.augment.vocabulary.is_some() && settings.shard.tokenizer.is_some());
    assert!(source.markup.is_some() && source.per.is_some() && source.columns.is_some() && source.group.is_some());
    assert!(source.weight.is_some() && source.into.is_some() && !source.fields.is_empty());
}

#[test]
fn a_tokenizers_settings_are_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.toml");
    std::fs::write(&path, "kind = \"bpe\"\nvocab = 3\n").unwrap();
    assert!(TokenizerSettings::load(&path).unwrap_err().to_string().contains("tokenizer.toml:2: "));
    std::fs::write(&path, "").unwrap();
    assert_eq!(TokenizerSettings::load(&path).unwrap(), TokenizerSettings::default());
}
