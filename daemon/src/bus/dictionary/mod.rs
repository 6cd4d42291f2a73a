//! From replies, meanings and the like to the dictionaries of the contract, with exactly its types.

use std::collections::BTreeMap;

use assistant::CatalogueRow;
use assistant::reply::{ActionReport, ChoiceOption, Meaning, MeantCommand, Reply, Source};
use knowledge::update::Report;
use knowledge::{Hit, Manifest};
use plugins::bus::variant::to_dictionary;
use serde_json::Value as Json;
use zbus::Variant;

use super::error::{Error, Result};
use crate::status::{ModelRow, Status};

/// `a{sv}`
pub(super) type Dictionary = BTreeMap<String, Variant<'static>>;

/// Bytes of a reply.
const REPLY_LIMIT: usize = 256 * 1024;

/// Makes a dictionary of what is written down pair by pair.
fn dictionary<const N: usize>(entries: [(&str, Variant<'static>); N]) -> Dictionary {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn text(text: &str) -> Variant<'static> {
    text.to_owned().into()
}

/// A whole reply.
///
/// # Errors
/// `TooLarge` beyond the contract's limit.
pub(super) fn reply(reply: &Reply) -> Result<Dictionary> {
    let size = serde_json::to_vec(reply).map_or(usize::MAX, |bytes| bytes.len());
    if size > REPLY_LIMIT {
        return Err(Error::TooLarge(format!("the reply has {size} bytes; {REPLY_LIMIT} is the limit")));
    }
    Ok(dictionary([
        ("turn", reply.turn.into()),
        ("kind", text(reply.kind.name())),
        ("text", text(&reply.text)),
        ("language", text(&reply.language)),
        ("actions", reply.actions.iter().map(action).collect::<Vec<_>>().into()),
        ("sources", reply.sources.iter().map(source).collect::<Vec<_>>().into()),
        ("options", reply.options.iter().map(choice).collect::<Vec<_>>().into()),
        ("confidence", reply.confidence.into()),
        ("tier", text(&reply.tier)),
        ("timings", reply.timings.clone().into()),
    ]))
}

fn action(action: &ActionReport) -> Dictionary {
    dictionary([
        ("plugin", text(&action.plugin)),
        ("action", text(&action.action)),
        ("arguments", to_dictionary(&action.arguments).into()),
        ("state", text(action.state.name())),
        ("reason", text(&action.reason)),
        ("writes", to_dictionary(&action.writes).into()),
        ("undoable", action.undoable.into()),
    ])
}

fn source(source: &Source) -> Dictionary {
    dictionary([
        ("kind", text(&source.kind)),
        ("document", text(&source.document)),
        ("section", text(&source.section)),
        ("page", source.page.into()),
        ("quote", text(&source.quote)),
        ("score", source.score.into()),
    ])
}

fn choice(choice: &ChoiceOption) -> Dictionary {
    dictionary([
        ("label", text(&choice.label)),
        ("plugin", text(&choice.plugin)),
        ("action", text(&choice.action)),
        ("arguments", to_dictionary(&choice.arguments).into()),
    ])
}

/// What an utterance means.
pub(super) fn meaning(meaning: &Meaning) -> Dictionary {
    dictionary([
        ("commands", meaning.commands.iter().map(command).collect::<Vec<_>>().into()),
        ("question", meaning.question.into()),
        ("language", text(&meaning.language)),
        ("confidence", meaning.confidence.into()),
        ("leftover", text(&meaning.leftover)),
    ])
}

fn command(command: &MeantCommand) -> Dictionary {
    dictionary([
        ("plugin", text(&command.plugin)),
        ("action", text(&command.action)),
        ("arguments", to_dictionary(&command.arguments).into()),
        ("confidence", command.confidence.into()),
        ("tier", text(&command.tier)),
        ("span", Variant::new(command.span)),
    ])
}

/// One row of the help page.
pub(super) fn catalogue_row(row: &CatalogueRow) -> Dictionary {
    dictionary([
        ("plugin", text(&row.plugin)),
        ("plugin-title", text(&row.plugin_title)),
        ("action", text(&row.action)),
        ("title", text(&row.title)),
        ("risk", text(&row.risk)),
        ("examples", row.examples.clone().into()),
        ("arguments", to_dictionary(&row.arguments).into()),
    ])
}

/// One passage found.
pub(super) fn passage(hit: &Hit) -> Dictionary {
    dictionary([
        ("id", text(&hit.id)),
        ("kind", text(hit.kind.name())),
        ("document", text(&hit.document)),
        ("section", text(&hit.section)),
        ("page", hit.page.into()),
        ("question", text(&hit.question)),
        ("text", text(&hit.text)),
        ("language", text(&hit.language)),
        ("module", text(&hit.module)),
        ("score", f64::from(hit.score).into()),
    ])
}

/// One bundle of knowledge in use.
pub(super) fn bundle(manifest: &Manifest) -> Dictionary {
    let count = |number: usize| Variant::from(number as u64);
    dictionary([
        ("name", text(&manifest.name)),
        ("version", text(&manifest.version)),
        ("license", text(&manifest.license)),
        ("vehicles", manifest.vehicles.clone().into()),
        ("languages", manifest.languages.clone().into()),
        ("created", manifest.created.into()),
        ("pairs", count(manifest.counts.pairs)),
        ("passages", count(manifest.counts.passages)),
    ])
}

/// What came of an install or of going back.
pub(super) fn report(report: &Report) -> Dictionary {
    dictionary([
        ("generation", report.generation.into()),
        ("changed", report.changed.into()),
        ("line", text(&report.line)),
        ("name", text(&report.name)),
        ("version", text(&report.version)),
        ("golden", (report.golden as u64).into()),
    ])
}

/// One model in use.
pub(super) fn model(row: &ModelRow) -> Dictionary {
    dictionary([
        ("name", text(&row.name)),
        ("version", text(&row.version)),
        ("role", text(&row.role)),
        ("languages", row.languages.clone().into()),
        ("dimension", (row.dimension as u64).into()),
        ("identity", text(&row.identity)),
        ("provider", text(&row.provider)),
    ])
}

/// The property `StatusDetail`.
pub(super) fn status(status: &Status) -> Dictionary {
    let mut detail = dictionary([
        ("missing", status.missing.clone().into()),
        ("rejected", status.rejected.clone().into()),
        ("conflicts", status.conflicts.clone().into()),
        ("provider", text(&status.provider)),
        ("skipped", status.skipped.clone().into()),
    ]);
    if let Some((done, total)) = status.progress {
        detail.insert("progress".to_owned(), Variant::new((done as u64, total as u64)));
    }
    detail
}

/// A trace: an object of JSON as a dictionary. Whole numbers are `t` or `x`, others `d`; what is null is left out; a list is
/// `as` or `aa{sv}` where its members are all texts or objects, else `av`.
pub(super) fn trace(json: &Json) -> Dictionary {
    let Json::Object(object) = json else { return Dictionary::from_iter(variant(json).map(|value| ("value".to_owned(), value))) };
    object.iter().filter_map(|(key, value)| Some((key.clone(), variant(value)?))).collect()
}

fn variant(json: &Json) -> Option<Variant<'static>> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(switch) => (*switch).into(),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(whole)) => whole.into(),
            (None, None) => number.as_f64()?.into(),
        },
        Json::String(words) => text(words),
        Json::Array(members) if members.iter().all(Json::is_string) => {
            members.iter().filter_map(Json::as_str).map(str::to_owned).collect::<Vec<_>>().into()
        }
        Json::Array(members) if members.iter().all(Json::is_object) => members.iter().map(trace).collect::<Vec<_>>().into(),
        Json::Array(members) => members.iter().filter_map(variant).collect::<Vec<_>>().into(),
        Json::Object(_) => trace(json).into(),
    })
}

#[cfg(test)]
mod tests;
