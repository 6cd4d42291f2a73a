//! What the tests share: stands with this or that missing, plugin folders written for one test, and short ways to ask.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use steward_tests::stand::Options;
use steward_tests::{Checkout, Stand};
use tempfile::TempDir;

/// Everything the checkout has.
pub(crate) async fn stand() -> Stand {
    stand_with(Options::default()).await
}

/// What the options say, with the climate plugin awake: most tests use it to see whether the rest still works.
pub(crate) async fn stand_with(options: Options) -> Stand {
    let stand = asleep(options.clone()).await;
    if options.activation {
        stand.wake(&["climate"]).await.unwrap_or_else(|error| panic!("{error:#}"));
    }
    stand
}

/// The shipped plugins and those in `tests/data/plugins/` that are named, these awake: how long a program takes to start on a busy machine
/// is not what the tests are about.
pub(crate) async fn stand_and(names: &[&str]) -> Stand {
    let stand = stand_with(with_plugins(names)).await;
    stand.wake(names).await.unwrap_or_else(|error| panic!("{error:#}"));
    stand
}

/// What the options say, with every plugin asleep.
pub(crate) async fn asleep(options: Options) -> Stand {
    Stand::start(&options).await.unwrap_or_else(|error| panic!("{error:#}"))
}

/// The shipped plugins and those in `tests/data/plugins/` that are named.
pub(crate) fn with_plugins(names: &[&str]) -> Options {
    let checkout = Checkout::find().unwrap();
    let own = names.iter().map(|name| checkout.path("tests/data/plugins").join(name));
    Options { plugins: Some(std::iter::once(checkout.path("plugins")).chain(own).collect()), ..Options::default() }
}

/// The shipped plugins and one folder of a test's own.
pub(crate) fn with_folder(folder: &Path) -> Options {
    let shipped = Checkout::find().unwrap().path("plugins");
    Options { plugins: Some(vec![shipped, folder.to_owned()]), ..Options::default() }
}

/// A plugin's folder with an English locale, gone with the value.
pub(crate) fn plugin_folder(id: &str, actions: &str, english: &str) -> (TempDir, PathBuf) {
    let place = TempDir::new().unwrap();
    let folder = place.path().join(id);
    std::fs::create_dir_all(folder.join("locale")).unwrap();
    let head = format!("[plugin]\nid = \"{id}\"\ntitle = {{ en = \"Test\", zh = \"测试\" }}\nversion = \"1.0.0\"\n\n");
    std::fs::write(folder.join("plugin.toml"), head + actions).unwrap();
    std::fs::write(folder.join("locale/en.toml"), english).unwrap();
    (place, folder)
}

/// Asks in a default session; an error fails the test.
pub(crate) async fn ask(stand: &Stand, text: &str) -> Value {
    stand.client().ask(text, &[]).await.unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// `kind` of a reply.
pub(crate) fn kind(reply: &Value) -> &str {
    reply["kind"].as_str().unwrap_or_else(|| panic!("no kind in {reply}"))
}

/// `state` of a reply's first action.
pub(crate) fn first_state(reply: &Value) -> &str {
    reply["actions"][0]["state"].as_str().unwrap_or_else(|| panic!("no action in {reply}"))
}

/// Runs a program to its end on a thread where waiting holds nobody up.
pub(crate) async fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Standard output as text.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error as text.
pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
