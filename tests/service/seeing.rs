//! Seeing inside: what `steward doctor` finds, and what `steward status --metrics` counts.

use serde_json::Value;
use steward_tests::{Options, Stand};

async fn steward(stand: &Stand, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = stand.command("steward").unwrap();
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// Findings that are not as they should be.
fn complaints(json: &str) -> Vec<Value> {
    let findings: Vec<Value> = serde_json::from_str(json).unwrap();
    assert!(findings.len() >= 7, "{findings:?}");
    findings.into_iter().filter(|finding| finding["level"] != "fine").collect()
}

#[tokio::test]
async fn a_doctor_finds_what_is_wrong_and_a_sound_stand_sound() {
    let mut stand = Stand::start(&Options::default()).await.unwrap();
    let config = stand.run_folder().join("steward.toml").display().to_string();
    let doctor = ["doctor", "--json", "--config", &config];
    let (status, json) = steward(&stand, &doctor).await;
    assert_eq!((status, complaints(&json)), (Some(0), vec![]));

    stand.simulator().unwrap().stop();
    let (status, json) = steward(&stand, &doctor).await;
    let found = complaints(&json);
    assert_eq!(status, Some(5), "{found:?}");
    assert!(found.iter().any(|finding| finding["check"] == "vehicle" && finding["advice"] != ""), "{found:?}");

    stand.daemon().stop();
    let (status, json) = steward(&stand, &doctor).await;
    let found = complaints(&json);
    assert!(status == Some(5) && found.iter().any(|finding| finding["check"] == "daemon"), "{found:?}");
}

#[tokio::test]
async fn turns_are_counted() {
    let stand = Stand::start(&Options::default()).await.unwrap();
    stand.wake(&["climate"]).await.unwrap();
    for text in ["turn on the air conditioning", "set the temperature to 40 degrees", "turn off the air conditioning"] {
        stand.client().ask(text, &[]).await.unwrap();
    }
    let (status, text) = steward(&stand, &["status", "--metrics"]).await;
    assert_eq!(status, Some(0));
    for line in [
        "steward_turns_total{ending=\"done\"} 2",
        "steward_turns_total{ending=\"refused\"} 1",
        "steward_stage_seconds_bucket{stage=\"total\",le=\"+Inf\"} 3",
        "steward_stage_seconds_count{stage=\"total\"} 3",
        "# EOF",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} is missing in\n{text}");
    }
    // What people say is not in there.
    assert!(!text.contains("air conditioning"));
}
