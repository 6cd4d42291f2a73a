//! The shipped file, drop-ins, and what is said about mistakes.

use std::path::Path;

use super::*;

const SHIPPED: &str = include_str!("../../steward.toml");

/// The shipped file with its keys no longer commented out. Prose comments are two `#`.
fn uncommented() -> String {
    SHIPPED.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, text).unwrap();
    file
}

fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    Config::load(Some(&write(folder.path(), "steward.toml", text)))
}

#[test]
fn an_empty_file_is_valid() {
    assert_eq!(load("").unwrap(), Config::try_from(Written::default()).unwrap());
}

#[test]
fn the_shipped_file_changes_nothing() {
    assert_eq!(toml::from_str::<Written>(SHIPPED).unwrap(), Written::default());
}

#[test]
fn the_shipped_file_shows_every_key_with_its_default() {
    let shown: Written = toml::from_str(&uncommented()).unwrap();
    let gaps = format!("{shown:?}").matches("None").count();
    assert_eq!(gaps, 0, "a key is missing in steward.toml: {shown:?}");
    let used = Config { policy_required: false, ..Config::try_from(shown).unwrap() };
    assert_eq!(used, Config::try_from(Written::default()).unwrap());
}

#[test]
fn an_unknown_key_is_named_with_file_and_line() {
    let error = load("bus = \"session\"\n\n[models]\nencodr = \"x\"\n").unwrap_err().to_string();
    assert!(error.contains("steward.toml, line 4") && error.contains("encodr"), "{error}");
}

#[test]
fn an_unknown_table_is_named() {
    let error = load("\n[path]\nmodels = \"x\"\n").unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("path"), "{error}");
}

#[test]
fn a_wrong_type_is_named_with_its_line() {
    let error = load("[models]\nthreads = \"many\"\n").unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn a_level_that_does_not_exist_is_refused() {
    let error = load("[log]\nlevel = \"loud\"\n").unwrap_err().to_string();
    assert!(error.contains("log.level") && error.contains("loud"), "{error}");
}

#[test]
fn drop_ins_replace_single_keys_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "steward.toml", "steering = \"right\"\n[models]\nthreads = 2\nencoder = \"a\"\n");
    write(folder.path(), "steward.d/10-x.toml", "[models]\nthreads = 3\n");
    write(folder.path(), "steward.d/20-y.toml", "[models]\nthreads = 4\n");
    write(folder.path(), "steward.d/ignored.txt", "nonsense");
    let config = Config::load_from(&file, &folder.path().join("steward.d")).unwrap();
    assert_eq!((config.threads, config.encoder.as_deref()), (4, Some("a")));
    assert_eq!(config.steering, plugins::zone::Steering::Right);
}

#[test]
fn a_mistake_in_a_drop_in_names_the_drop_in() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "steward.d/10-x.toml", "threads = 3\n");
    let error = Config::load_from(&folder.path().join("none.toml"), &folder.path().join("steward.d")).unwrap_err().to_string();
    assert!(error.contains("10-x.toml, line 1") && error.contains("threads"), "{error}");
}

#[test]
fn relative_paths_start_at_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "steward.toml", "[paths]\nmodels = \"m\"\nplugins = [\"/p\", \"q\"]\nonnxruntime = \"\"\n");
    let config = Config::load(Some(&file)).unwrap();
    assert_eq!(config.models, folder.path().join("m"));
    assert_eq!(config.plugins, [Path::new("/p").to_owned(), folder.path().join("q")]);
    assert_eq!(config.onnxruntime, None);
}

#[test]
fn a_policy_file_that_was_named_must_be_there() {
    assert!(load("").unwrap().policy_files().is_ok());
    let error = load("[policy]\nfiles = [\"nowhere.toml\"]\n").unwrap().policy_files().unwrap_err().to_string();
    assert!(error.contains("nowhere.toml"), "{error}");
}

#[test]
fn a_policy_folder_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rules/b.toml", "");
    write(folder.path(), "rules/a.toml", "");
    let file = write(folder.path(), "steward.toml", "[policy]\nfiles = [\"rules\"]\n");
    let files = Config::load(Some(&file)).unwrap().policy_files().unwrap();
    assert_eq!(files, [folder.path().join("rules/a.toml"), folder.path().join("rules/b.toml")]);
}
