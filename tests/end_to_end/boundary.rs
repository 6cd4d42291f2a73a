//! What the daemon says to input that is empty, too large, senseless or malformed.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, Instant};

use steward_tests::Stand;
use steward_tests::client::{AskOptions, error_name, error_text};

use crate::setting::{ask, err, kind, run, stand};

async fn refused(stand: &Stand, text: &str, options: AskOptions<'_>) -> (String, String) {
    let error = stand.client().ask(text, options).await.expect_err("this should be refused");
    (error_name(&error), error_text(&error))
}

/// What cannot be understood gets an honest reply, and nothing is done.
async fn is_not_understood(stand: &Stand, text: &str) {
    let reply = ask(stand, text).await;
    assert_eq!(kind(&reply), "unknown", "{text:?}: {reply}");
    assert!(!reply["text"].as_str().unwrap().is_empty(), "{text:?}: {reply}");
    assert!(reply["actions"].as_array().unwrap().is_empty(), "{text:?}: {reply}");
}

#[tokio::test]
async fn nothing_said_is_not_understood() {
    let stand = stand().await;
    is_not_understood(&stand, "").await;
    is_not_understood(&stand, "   \t\n ").await;
}

#[tokio::test]
async fn punctuation_alone_is_not_understood() {
    let stand = stand().await;
    is_not_understood(&stand, "?!...,;:").await;
    is_not_understood(&stand, "。！？、——……").await;
    is_not_understood(&stand, "\"'()[]{}<>/\\|").await;
}

#[tokio::test]
async fn emoji_are_not_understood() {
    let stand = stand().await;
    is_not_understood(&stand, "🚗💨").await;
    is_not_understood(&stand, "👩‍👩‍👧‍👦🏳️‍🌈").await;
}

#[tokio::test]
async fn a_command_among_emoji_is_understood() {
    let stand = stand().await;
    let meaning = stand.client().understand("🥶 turn on the air conditioning 🥶", &[]).await.unwrap();
    assert_eq!(meaning["commands"][0]["plugin"], "climate", "{meaning}");
}

#[tokio::test]
async fn four_kibibytes_are_taken_and_one_byte_more_is_too_large() {
    let stand = stand().await;
    let longest = "word ".repeat(819) + "x";
    assert_eq!(longest.len(), 4096);
    assert_eq!(kind(&ask(&stand, &longest).await), "unknown");
    let start = Instant::now();
    let (name, text) = refused(&stand, &(longest + "y"), &[]).await;
    assert_eq!(name, "org.steward1.Error.TooLarge");
    assert!(text.contains("4097"), "{text}");
    assert!(start.elapsed() < Duration::from_millis(100), "refusing took {:?}", start.elapsed());
}

#[tokio::test]
async fn bytes_count_and_not_characters() {
    let stand = stand().await;
    let (name, _) = refused(&stand, &"窗".repeat(1366), &[]).await;
    assert_eq!(name, "org.steward1.Error.TooLarge");
}

#[tokio::test]
async fn an_option_that_is_not_known_is_named() {
    let stand = stand().await;
    for (key, value) in [("langauge", "en"), ("zone", "roof"), ("language", "fr"), ("source", "dream")] {
        let (name, text) = refused(&stand, "hello", &[(key, value.into())]).await;
        assert_eq!(name, "org.steward1.Error.BadRequest", "{key}");
        assert!(text.contains(key), "{key}: {text}");
    }
    let (name, _) = refused(&stand, "hello", &[("zone", 3_u32.into())]).await;
    assert_eq!(name, "org.steward1.Error.BadRequest");
}

#[tokio::test]
async fn too_many_options_are_too_large() {
    let stand = stand().await;
    let names: Vec<String> = (0..65).map(|number| format!("key-{number}")).collect();
    let options: Vec<_> = names.iter().map(|name| (name.as_str(), 1_u32.into())).collect();
    assert_eq!(refused(&stand, "hello", &options).await.0, "org.steward1.Error.TooLarge");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_wrong_use_of_the_command_line() {
    let stand = stand().await;
    let mut command = stand.command("steward").unwrap();
    command.arg("ask").arg(OsString::from_vec(b"turn on \xff\xfe".to_vec()));
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    let said = err(&output);
    assert!(said.contains("UTF-8"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "one sentence, not {said}");
}
