//! What is said about turns that have no reply of their own: stopped, late, broken.

use std::collections::BTreeMap;

use assistant::reply::{Reply, ReplyKind};

use crate::turns::{Ending, Turn};

/// The reply of a turn that has none of its own. A caller that is told `Timeout` by an error needs none.
pub fn ending_reply(turn: &Turn, ending: Ending, language: &str) -> Reply {
    let kind = match ending {
        Ending::Replied(reply) => return *reply,
        Ending::Stopped | Ending::Late => ReplyKind::Cancelled,
        Ending::Broken => ReplyKind::Failed,
    };
    let total = u64::try_from(turn.elapsed().as_micros()).unwrap_or(u64::MAX);
    Reply { timings: [("total".to_owned(), total)].into(), ..ended_reply(turn.number, kind, language) }
}

/// The language of a text as far as its letters tell: what is said about a turn that was stopped before it was understood.
pub fn language_of(text: &str, told: &str) -> &'static str {
    let is_han = |letter: char| ('\u{3400}'..='\u{9fff}').contains(&letter);
    match told {
        "zh" => "zh",
        "en" => "en",
        _ if text.chars().any(is_han) => "zh",
        _ => "en",
    }
}

/// A reply that says no more than how the turn ended.
pub(super) fn ended_reply(turn: u64, kind: ReplyKind, language: &str) -> Reply {
    let chinese = language == "zh";
    let text = match kind {
        ReplyKind::Cancelled if chinese => "已停止。",
        ReplyKind::Cancelled => "Stopped.",
        ReplyKind::Failed if chinese => "出了点问题，请再试一次。",
        ReplyKind::Failed => "Something went wrong. Please try again.",
        _ if chinese => "现在没有等待回答的问题。",
        _ => "There is no question waiting for an answer.",
    };
    Reply {
        turn,
        kind,
        text: text.to_owned(),
        language: if chinese { "zh" } else { "en" }.to_owned(),
        actions: Vec::new(),
        sources: Vec::new(),
        options: Vec::new(),
        confidence: 1.0,
        tier: String::new(),
        timings: BTreeMap::new(),
    }
}
