//! Signed bundles over D-Bus: made and installed by the command line, answered from at once, taken back, and refused with named errors.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use steward_tests::client::{error_name, property};
use steward_tests::stand::Options;
use steward_tests::{Client, Stand, prepared};
use tempfile::TempDir;

use crate::setting::{ask, err, kind, out, run, stand_with};

/// Somebody who builds and signs, with a car that trusts them.
struct Scene {
    folder: TempDir,
    stand: Stand,
}

impl Scene {
    async fn new() -> Scene {
        let folder = TempDir::new().unwrap();
        let (trust, state) = (folder.path().join("keys/root.json"), folder.path().join("state"));
        let checkout = steward_tests::Checkout::find().unwrap();
        std::fs::create_dir(&state).unwrap();
        prepared::lend_vectors(&checkout, &state);
        let mut keys = std::process::Command::new(checkout.program("steward").unwrap());
        keys.args(["knowledge", "keys"]).arg(folder.path().join("keys"));
        succeeds(&run(keys).await);
        let stand = stand_with(Options { trust: Some(trust), state: Some(state), ..Options::default() }).await;
        Scene { folder, stand }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn steward(&self, arguments: &[&str]) -> Output {
        let mut command = self.stand.command("steward").unwrap();
        command.env("STEWARD_ORT_LIB", prepared::onnxruntime(self.stand.checkout()).unwrap());
        command.args(arguments);
        run(command).await
    }

    /// Builds and signs a bundle about ferries, which the car's own knowledge does not speak of.
    async fn bundle(&self, edition: u64, answer: &str, more: &[&str]) -> PathBuf {
        let source = self.path(&format!("source-{edition}"));
        write_source(&source, "Ferry guide", edition, answer, "kestrel-5");
        self.signed(&source, edition, more).await
    }

    async fn signed(&self, source: &Path, edition: u64, build: &[&str]) -> PathBuf {
        let name = source.file_name().unwrap().to_str().unwrap().to_owned();
        let (built, bundle) = (self.path(&format!("{name}-built")), self.path(&format!("{name}-bundle.tar.zst")));
        let (source, built) = (source.to_str().unwrap(), built.to_str().unwrap());
        succeeds(&self.steward(&[&["knowledge", "build", source, "-o", built], build].concat()).await);
        let keys = self.path("keys");
        let (keys, edition) = (keys.to_str().unwrap(), edition.to_string());
        let output = bundle.to_str().unwrap();
        succeeds(&self.steward(&["knowledge", "sign", built, "-o", output, "--keys", keys, "--version", &edition]).await);
        bundle
    }

    async fn install(&self, bundle: &Path) -> Output {
        self.steward(&["knowledge", "install", bundle.to_str().unwrap(), "--json"]).await
    }

    /// The name of the error that the daemon refuses it with.
    async fn refused(&self, bundle: &Path) -> String {
        let knowledge = self.stand.client().interface("Knowledge").await.unwrap();
        let file = zbus::Fd::from(std::os::fd::OwnedFd::from(std::fs::File::open(bundle).unwrap()));
        let options: std::collections::HashMap<&str, zbus::Variant<'_>> = std::collections::HashMap::new();
        let error = knowledge.call_method("Install", &(file, options)).await.expect_err("it was installed");
        error_name(&error)
    }

    async fn generation(&self) -> u64 {
        property(&self.stand.client().interface("Knowledge").await.unwrap(), "Generation").await.unwrap().as_u64().unwrap()
    }
}

fn write_source(source: &Path, name: &str, edition: u64, answer: &str, vehicle: &str) {
    std::fs::create_dir_all(source.join("qa")).unwrap();
    let head =
        format!("name = \"{name}\"\nversion = \"{edition}\"\nlanguages = [\"en\"]\nlicense = \"CC0-1.0\"\nvehicles = [\"{vehicle}\"]\n");
    std::fs::write(source.join("bundle.toml"), head).unwrap();
    let pairs = [
        ("ferry-gear.en", "Which gear do I leave the car in on a ferry?", answer),
        ("ferry-alarm.en", "How do I switch the alarm off for the ferry crossing?", "In the menu, under Doors, for one journey."),
    ];
    let rows = pairs.map(|(id, question, answer)| {
        serde_json::json!({ "id": id, "question": question, "answer": answer, "language": "en" }).to_string()
    });
    std::fs::write(source.join("qa/ferry.jsonl"), rows.join("\n")).unwrap();
}

fn succeeds(output: &Output) -> Value {
    assert!(output.status.success(), "{}", err(output));
    serde_json::from_str(&out(output)).unwrap_or_default()
}

const FERRY: &str = "which gear do I leave the car in on a ferry";

#[tokio::test]
async fn a_bundle_answers_at_once_and_is_taken_back() {
    let scene = Scene::new().await;
    let before = scene.generation().await;
    assert_ne!(ask(&scene.stand, FERRY).await["text"], "Park, with the brake on.");
    let knowledge = scene.stand.client().interface("Knowledge").await.unwrap();
    let mut changes = knowledge.receive_signal("Changed").await.unwrap();

    let bundle = scene.bundle(1, "Park, with the brake on.", &[]).await;
    let trust = scene.path("keys/root.json");
    let verified = scene.steward(&["knowledge", "verify", bundle.to_str().unwrap(), "--trust", trust.to_str().unwrap()]).await;
    succeeds(&verified);
    assert!(out(&verified).contains("Ferry guide"), "{}", out(&verified));
    let report = succeeds(&scene.install(&bundle).await);
    assert_eq!(
        (report["line"].as_str(), report["changed"].as_bool(), report["golden"].as_u64()),
        (Some("ferry-guide"), Some(true), Some(2))
    );

    let signal = tokio::time::timeout(Duration::from_secs(10), changes.next()).await.unwrap().unwrap();
    let changed: u64 = signal.body().deserialize().unwrap();
    assert_eq!((changed, scene.generation().await), (report["generation"].as_u64().unwrap(), changed));
    assert!(changed > before);

    // From the same daemon, without a new start; and the car's own knowledge is still there beside it.
    let reply = ask(&scene.stand, FERRY).await;
    assert_eq!((kind(&reply), reply["text"].as_str()), ("answer", Some("Park, with the brake on.")), "{reply}");
    assert_eq!(reply["sources"][0]["document"], "Ferry guide");
    assert_eq!(kind(&ask(&scene.stand, "how do I jump start the car").await), "answer");
    let listed = out(&scene.steward(&["knowledge", "list"]).await);
    assert!(listed.contains("Ferry guide") && listed.contains("Kestrel 5"), "{listed}");

    let report = succeeds(&scene.steward(&["knowledge", "rollback", "--json"]).await);
    assert_eq!((report["generation"].as_u64(), scene.generation().await), (Some(before), before));
    assert_ne!(ask(&scene.stand, FERRY).await["text"], "Park, with the brake on.");
    let again = scene.steward(&["knowledge", "rollback"]).await;
    assert_eq!(again.status.code(), Some(5), "{}", err(&again));
}

#[tokio::test]
async fn a_bundle_of_the_cars_own_line_takes_its_place() {
    let scene = Scene::new().await;
    let source = scene.path("own");
    write_source(&source, "Kestrel 5", 1, "Park, with the brake on.", "kestrel-5");
    let bundle = scene.signed(&source, 1, &[]).await;
    succeeds(&scene.install(&bundle).await);
    assert_eq!(ask(&scene.stand, FERRY).await["text"], "Park, with the brake on.");
    assert_ne!(kind(&ask(&scene.stand, "how do I jump start the car").await), "answer", "the old edition is gone");
    succeeds(&scene.steward(&["knowledge", "rollback", "--json"]).await);
    assert_eq!(kind(&ask(&scene.stand, "how do I jump start the car").await), "answer");
}

#[tokio::test]
async fn what_is_installed_outlives_the_daemon() {
    let mut scene = Scene::new().await;
    let bundle = scene.bundle(1, "Park, with the brake on.", &[]).await;
    succeeds(&scene.install(&bundle).await);
    let generation = scene.generation().await;
    let options = Options { trust: Some(scene.path("keys/root.json")), state: Some(scene.path("state")), ..Options::default() };
    scene.stand.stop();
    scene.stand = stand_with(options).await;
    assert_eq!(scene.generation().await, generation);
    let reply = ask(&scene.stand, FERRY).await;
    assert_eq!(reply["text"], "Park, with the brake on.", "{reply}");
}

#[tokio::test]
async fn refusals_have_their_names() {
    let scene = Scene::new().await;
    let (old, new) = (scene.bundle(1, "One.", &[]).await, scene.bundle(2, "Two.", &[]).await);
    succeeds(&scene.install(&new).await);
    let generation = scene.generation().await;
    assert_eq!(scene.refused(&old).await, "org.steward1.Error.Outdated");

    let altered = scene.path("altered.tar.zst");
    let mut bytes = std::fs::read(&new).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(&altered, bytes).unwrap();
    assert_eq!(scene.refused(&altered).await, "org.steward1.Error.Untrusted");
    let refused = scene.install(&altered).await;
    assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));

    let foreign = scene.path("foreign");
    write_source(&foreign, "Ferry guide", 3, "Three.", "osprey-2");
    let foreign = scene.signed(&foreign, 3, &[]).await;
    assert_eq!(scene.refused(&foreign).await, "org.steward1.Error.Incompatible");

    let other_model = scene.bundle(4, "Four.", &["--encoder", "minilm-l6"]).await;
    assert_eq!(scene.refused(&other_model).await, "org.steward1.Error.Incompatible");

    assert_eq!(scene.refused(Path::new("/dev/null")).await, "org.steward1.Error.BadRequest");
    assert_eq!(scene.generation().await, generation);
    assert_eq!(ask(&scene.stand, FERRY).await["text"], "Two.");
}

#[tokio::test]
async fn a_car_without_a_root_of_trust_says_so() {
    let scene = Scene::new().await;
    let bundle = scene.bundle(1, "One.", &[]).await;
    std::fs::rename(scene.path("keys/root.json"), scene.path("keys/away.json")).unwrap();
    assert_eq!(scene.refused(&bundle).await, "org.steward1.Error.NotReady");
}

/// Searches without a pause while bundles come and go: every one of them is answered.
#[tokio::test]
async fn questions_are_answered_during_installs() {
    let scene = Scene::new().await;
    let mut bundles = Vec::new();
    for edition in 1..=3 {
        bundles.push(scene.bundle(edition, &format!("Edition {edition}."), &[]).await);
    }
    let (done, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let client = Client::connect(scene.stand.address()).await.unwrap();
    let searching = tokio::spawn({
        let (done, asked) = (Arc::clone(&done), Arc::clone(&asked));
        async move {
            while !done.load(Ordering::Relaxed) {
                let found = client.search("how do I jump start the car", 3).await.unwrap();
                assert!(found[0]["text"].as_str().is_some_and(|text| text.contains("lead")), "{found}");
                asked.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    for bundle in &bundles {
        let before = asked.load(Ordering::Relaxed);
        succeeds(&scene.install(bundle).await);
        assert!(asked.load(Ordering::Relaxed) > before, "no search came through during an install");
    }
    succeeds(&scene.steward(&["knowledge", "rollback", "--json"]).await);
    done.store(true, Ordering::Relaxed);
    searching.await.unwrap();
    assert_eq!(ask(&scene.stand, FERRY).await["text"], "Edition 2.");
}
