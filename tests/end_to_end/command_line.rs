//! The `steward` command: exit codes, `--json`, and one sentence when something is wrong.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use steward_tests::client::error_name;
use steward_tests::{Car, Checkout, Stand};

use crate::setting::{err, kind, out, run, stand, stand_and, stand_with};

async fn steward(stand: &Stand, arguments: &[&str]) -> Output {
    let mut command = stand.command("steward").unwrap();
    command.args(arguments);
    run(command).await
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("ended by a signal: {}", err(output)))
}

/// Nothing on standard output, one sentence on standard error.
fn is_one_sentence(output: &Output) -> String {
    assert_eq!(out(output), "");
    let said = err(output);
    assert_eq!(said.trim().lines().count(), 1, "{said:?}");
    said
}

#[tokio::test]
async fn exit_codes_say_how_a_turn_ended() {
    let stand = stand_and(&["workshop", "odd"]).await;
    let car = Car::connect(stand.client()).await.unwrap();
    let cases = [
        ("turn on the air conditioning", 0),
        ("how high is the workbench", 0),
        ("set the workbench to 95", 3),
        ("sell the workbench", 3),
        ("purple monkey dishwasher", 4),
        ("adjust the workbench", 4),
        ("let the oddball complain", 5),
    ];
    for (text, expected) in cases {
        let output = steward(&stand, &["ask", text]).await;
        assert_eq!(code(&output), expected, "{text}: {}{}", out(&output), err(&output));
        assert!(!out(&output).trim().is_empty(), "{text}: a reply is shown");
    }
    car.force_one("Vehicle.Speed", 50.0).await.unwrap();
    assert_eq!(code(&steward(&stand, &["ask", "sweep the workbench"]).await), 3);
}

#[tokio::test]
async fn wrong_use_is_told_apart() {
    let stand = stand().await;
    for arguments in [&["ask", "hello", "--zone", "roof"][..], &["frobnicate"], &["explain", "soon"], &["vehicle", "get"]] {
        let output = steward(&stand, arguments).await;
        assert_eq!(code(&output), 2, "{arguments:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[tokio::test]
async fn a_daemon_that_is_not_there_is_told_apart() {
    let checkout = Checkout::find().unwrap();
    let place = tempfile::TempDir::new().unwrap();
    let bus = steward_tests::bus::PrivateBus::start(place.path(), &[]).unwrap();
    let nowhere = format!("unix:path={}", place.path().join("nothing").display());
    for address in [bus.address(), nowhere.as_str()] {
        let mut command = Command::new(checkout.program("steward").unwrap());
        command.args(["ask", "hello"]).env("DBUS_SESSION_BUS_ADDRESS", address);
        let output = run(command).await;
        assert_eq!(code(&output), 6, "{address}: {}", err(&output));
        is_one_sentence(&output);
    }
}

#[tokio::test]
async fn too_large_is_one_sentence() {
    let stand = stand().await;
    let output = steward(&stand, &["ask", &"word ".repeat(1000)]).await;
    assert_eq!(code(&output), 2, "{}", err(&output));
    is_one_sentence(&output);
}

#[tokio::test]
async fn json_has_the_keys_of_the_dictionaries() {
    let stand = stand_and(&["workshop"]).await;
    let output = steward(&stand, &["ask", "--json", "set the workbench to 30"]).await;
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((kind(&reply), &reply["actions"][0]["arguments"]["height"]), ("done", &Value::from(30.0)), "{reply}");
    let turn = reply["turn"].as_u64().unwrap().to_string();

    let output = steward(&stand, &["explain", "--json", &turn]).await;
    let trace: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(trace.as_object().is_some_and(|trace| !trace.is_empty()), "{trace}");

    let output = steward(&stand, &["status", "--json"]).await;
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["status"], "ready", "{status}");

    let output = steward(&stand, &["catalogue", "--json", "--language", "zh", "workshop"]).await;
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 5, "{rows}");
    assert!(rows.as_array().unwrap().iter().any(|row| row["action"] == "sell" && row["risk"] == "confirm"), "{rows}");

    let output = steward(&stand, &["knowledge", "search", "--json", "tyre pressure"]).await;
    let hits: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(hits[0].is_object(), "{hits}");
}

#[tokio::test]
async fn undo_takes_back_what_another_process_asked() {
    let stand = stand_and(&["workshop"]).await;
    let car = Car::connect(stand.client()).await.unwrap();
    let height = "Vehicle.Cabin.RearviewMirror.DimmingLevel";
    car.force_one(height, 12.0).await.unwrap();
    assert_eq!(code(&steward(&stand, &["ask", "set the workbench to 30"]).await), 0);
    assert_eq!(car.get(height).await.unwrap(), 30.0);
    assert_eq!(code(&steward(&stand, &["undo"]).await), 0);
    assert_eq!(car.get(height).await.unwrap(), 12.0);
}

#[tokio::test]
async fn lines_of_the_standard_input_are_one_conversation() {
    let stand = stand_and(&["workshop"]).await;
    let car = Car::connect(stand.client()).await.unwrap();
    let mut command = stand.command("steward").unwrap();
    command.arg("ask").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all("sell the workbench\nyes\n".as_bytes()).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert!(out(&output).contains("The workbench is sold."), "{}{}", out(&output), err(&output));
    assert_eq!(car.get("Vehicle.Body.RearMainSpoilerPosition").await.unwrap(), 100.0);
}

#[tokio::test]
async fn vehicle_signals_are_read_and_set() {
    let stand = stand().await;
    let path = "Vehicle.Cabin.RearviewMirror.DimmingLevel";
    let output = steward(&stand, &["vehicle", "set", &format!("{path}=33")]).await;
    assert_eq!(code(&output), 0, "{}", err(&output));
    let output = steward(&stand, &["vehicle", "get", "--json", path]).await;
    assert!(out(&output).contains("33"), "{}", out(&output));
    let output = steward(&stand, &["vehicle", "get", "Vehicle.Nonsense"]).await;
    assert_ne!(code(&output), 0);
    let output = steward(&stand, &["vehicle", "set", &format!("{path}=700")]).await;
    assert_ne!(code(&output), 0, "out of range: {}", out(&output));
}

#[tokio::test]
async fn without_a_bus_it_asks_in_its_own_process() {
    let stand = stand().await;
    let mut command = stand.command("steward").unwrap();
    command.args(["ask", "--local", "--json", "turn on the air conditioning"]).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    let output = run(command).await;
    assert_eq!(code(&output), 0, "{}", err(&output));
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(kind(&reply), "done", "{reply}");
}

#[tokio::test]
async fn a_new_plugin_passes_its_check_and_is_understood() {
    let place = tempfile::TempDir::new().unwrap();
    let checkout = Checkout::find().unwrap();
    let mut command = Command::new(checkout.program("steward").unwrap());
    command.args(["plugin", "new", "my-lamp"]).current_dir(place.path());
    let output = run(command).await;
    assert_eq!(code(&output), 0, "{}", err(&output));
    let folder = place.path().join("my-lamp");
    let mut command = Command::new(checkout.program("steward").unwrap());
    command.args(["plugin", "lint"]).arg(&folder);
    let output = run(command).await;
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));

    let stand = stand_with(crate::setting::with_folder(&folder)).await;
    let output = steward(&stand, &["catalogue", "--json", "my-lamp"]).await;
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let example = rows[0]["examples"][0].as_str().unwrap_or_else(|| panic!("no example in {rows}"));
    let meaning = stand.client().understand(example, &[]).await.unwrap();
    assert_eq!(meaning["commands"][0]["plugin"], "my-lamp", "{example}: {meaning}");
}

#[tokio::test]
async fn a_plugin_that_is_wrong_fails_its_check() {
    let (_place, folder) = crate::setting::plugin_folder("gadget", "[[action]]\nid = \"x\"\nrisk = \"huge\"\n", "");
    let mut command = Command::new(Checkout::find().unwrap().program("steward").unwrap());
    command.args(["plugin", "lint"]).arg(&folder);
    let output = run(command).await;
    assert_ne!(code(&output), 0);
    let said = out(&output) + &err(&output);
    assert!(said.contains("huge") && said.contains("plugin.toml"), "{said}");
}

#[tokio::test]
async fn somebody_elses_turn_is_not_found() {
    let stand = stand().await;
    let assistant = stand.client().interface("Assistant").await.unwrap();
    let error = assistant.call_method("Explain", &(999_999_u64,)).await.expect_err("there is no such turn");
    assert_eq!(error_name(&error), "org.steward1.Error.NotFound");
    let output = steward(&stand, &["explain", "999999"]).await;
    assert_eq!(code(&output), 5, "{}", err(&output));
    is_one_sentence(&output);
}

/// In its own process, so that it needs no daemon.
async fn explained(arguments: &[&str]) -> (i32, Value) {
    let mut command = Command::new(Checkout::find().unwrap().program("steward").unwrap());
    command.args(["policy", "explain", "--json", "--encoder", ""]).args(arguments);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    let output = run(command).await;
    (code(&output), serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", err(&output))))
}

#[tokio::test]
async fn rules_are_explained_for_a_request_and_a_state() {
    let (status, told) = explained(&["open the window", "--state", "Vehicle.Speed=130"]).await;
    assert_eq!((status, &told["commands"][0]["verdict"]), (3, &Value::from("confirm")), "{told}");
    let decisions = told["commands"][0]["decisions"].as_array().unwrap();
    let fast = decisions.iter().find(|decision| decision["rule"] == "windows-at-high-speed").unwrap();
    assert_eq!((&fast["outcome"], &fast["signals"]["Vehicle.Speed"]), (&Value::from("confirm"), &Value::from(130.0)), "{fast}");

    for (state, status, verdict) in
        [("", 0, "allow"), ("Vehicle.Speed=3", 3, "deny"), ("Vehicle.Speed=unknown", 3, "deny"), ("Vehicle.Speed=stale", 3, "deny")]
    {
        let arguments = if state.is_empty() { vec!["打开后备箱"] } else { vec!["打开后备箱", "--state", state] };
        let (code, told) = explained(&arguments).await;
        assert_eq!((code, &told["commands"][0]["verdict"]), (status, &Value::from(verdict)), "{state}: {told}");
    }
    assert_eq!(explained(&["colorless green ideas"]).await.0, 4);
}

#[tokio::test]
async fn a_state_that_the_car_does_not_have_is_wrong_use() {
    for state in ["Vehicle.Spede=3", "Vehicle.Speed=fast", "Vehicle.Speed"] {
        let mut command = Command::new(Checkout::find().unwrap().program("steward").unwrap());
        command.args(["policy", "explain", "--encoder", "", "open the trunk", "--state", state]);
        let output = run(command).await;
        assert_eq!(code(&output), 2, "{state}: {}", err(&output));
        is_one_sentence(&output);
    }
}
