//! A client and a plugin in another language, with another D-Bus library: what the contract promises is all they use.

use std::process::Command;

use serde_json::Value;
use steward_tests::Checkout;

use crate::setting::{err, kind, out, run, stand_and};

fn python() -> Command {
    let program = Checkout::find().unwrap().made("venv/bin/python");
    assert!(program.exists(), "the Python client is not set up; run `make test`, or tests/prepare.sh --tests");
    Command::new(program)
}

#[tokio::test]
async fn a_python_client_talks_to_a_python_plugin() {
    let stand = stand_and(&["espresso"]).await;
    let mut command = python();
    command.arg(stand.checkout().path("tests/client/client.py")).env("DBUS_SESSION_BUS_ADDRESS", stand.address());
    let output = run(command).await;
    assert!(output.status.success(), "{}", err(&output));
    let steps: Vec<Value> = out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [large, small, beans, refused] = steps.as_slice() else { panic!("{steps:?}") };

    assert_eq!((kind(large), large["text"].as_str()), ("done", Some("One large espresso is coming.")), "{large}");
    assert_eq!(large["actions"][0]["arguments"]["size"], "large");
    assert_eq!((kind(small), small["language"].as_str()), ("done", Some("zh")), "{small}");
    assert_eq!(small["actions"][0]["arguments"]["size"], "small");
    // 40 grams, less 16 and 8.
    assert_eq!((kind(beans), beans["text"].as_str()), ("answer", Some("There are 16 grams of beans left.")), "{beans}");
    let stages: Vec<&str> = beans["stages"].as_array().unwrap().iter().map(|stage| stage.as_str().unwrap()).collect();
    assert!(stages.contains(&"understood") && stages.contains(&"acting"), "{stages:?}");
    assert_eq!(kind(refused), "done", "{refused}");

    let reply = stand.client().ask("make me an espresso", &[]).await.unwrap();
    assert_eq!(kind(&reply), "refused", "{reply}");
    assert!(reply["text"].as_str().unwrap().contains("not enough beans"), "{reply}");
}
