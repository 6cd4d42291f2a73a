//! The help page and the report of sentences that two actions claim.

use std::collections::BTreeMap;

use plugins::catalogue::{Catalogue, words};
use plugins::locale::Locale;
use plugins::manifest::{Action, Argument, Kind};
use plugins::phrase::{self, Phrase};
use plugins::value::Value;

use crate::assistant::CatalogueRow;
use crate::understand::Understander;
use crate::understand::pattern::Piece;
use crate::understand::token::tokenize;

/// Examples per row.
const EXAMPLES: usize = 3;

/// One row per action, in the language asked for.
pub(crate) fn rows(catalogue: &Catalogue, language: &str) -> Vec<CatalogueRow> {
    let mut rows = Vec::new();
    for plugin in catalogue.plugins.values() {
        let Some(locale) = plugin.locales.get(language) else { continue };
        for action in &plugin.manifest.actions {
            let title = locale.action.get(&action.id).map(|sentences| sentences.title.clone()).filter(|title| !title.is_empty());
            rows.push(CatalogueRow {
                plugin: plugin.id().to_owned(),
                plugin_title: plugin.manifest.plugin.title.get(language).cloned().unwrap_or_else(|| plugin.id().to_owned()),
                action: action.id.clone(),
                title: title.unwrap_or_else(|| action.id.clone()),
                risk: action.risk.name().to_owned(),
                examples: examples(language, locale, action),
                arguments: action.arguments.iter().map(|(name, argument)| (name.clone(), Value::Text(kind_name(argument.kind)))).collect(),
            });
        }
    }
    rows
}

fn kind_name(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn examples(language: &str, locale: &Locale, action: &Action) -> Vec<String> {
    let Some(sentences) = locale.action.get(&action.id) else { return Vec::new() };
    let words = words(language, locale);
    let lines = sentences.say.iter().chain(sentences.relative.values().flatten());
    let parsed = lines.filter_map(|line| phrase::parse(line, &words).ok());
    parsed.take(EXAMPLES).map(|phrase| readable(&phrase, language, locale, action)).collect()
}

/// The plainest sentence of a phrase: first alternatives, no optional parts, slots filled with examples.
fn readable(phrase: &Phrase, language: &str, locale: &Locale, action: &Action) -> String {
    let mut parts = Vec::new();
    plain(
        phrase,
        &mut |slot| action.arguments.get(slot).map_or(String::new(), |argument| example(slot, argument, language, locale, action)),
        &mut parts,
    );
    parts.join(if language == "zh" { "" } else { " " }).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(phrase: &Phrase, slot: &mut dyn FnMut(&str) -> String, parts: &mut Vec<String>) {
    match phrase {
        Phrase::Words(text) => parts.push(text.trim().to_owned()),
        Phrase::Slot(name) => parts.push(slot(name)),
        Phrase::Sequence(inner) => inner.iter().for_each(|part| plain(part, slot, parts)),
        Phrase::Either(options) => options.iter().take(1).for_each(|part| plain(part, slot, parts)),
        Phrase::Optional(_) => {}
    }
}

fn example(slot: &str, argument: &Argument, language: &str, locale: &Locale, action: &Action) -> String {
    let is_chinese = language == "zh";
    match argument.kind {
        Kind::Number | Kind::Duration => {
            let middle = (argument.min.unwrap_or(0.0) + argument.max.unwrap_or(20.0)) / 2.0;
            Value::Number(middle.round()).to_string()
        }
        Kind::Choice => {
            argument.values.iter().find_map(|value| locale.spoken(&action.id, slot, value).first().cloned()).unwrap_or_default()
        }
        Kind::Zone => if is_chinese { "主驾" } else { "driver" }.to_owned(),
        Kind::Switch => if is_chinese { "开" } else { "on" }.to_owned(),
        Kind::Time => "7:30".to_owned(),
        Kind::Contact => if is_chinese { "小王" } else { "Anna" }.to_owned(),
        Kind::Place => if is_chinese { "火车站" } else { "the station" }.to_owned(),
        Kind::Text => "…".to_owned(),
    }
}

/// Every plain sentence that another action's phrases fit exactly as well.
pub(crate) fn conflicts(catalogue: &Catalogue, understander: &Understander) -> Vec<String> {
    let mut found = BTreeMap::new();
    for plugin in catalogue.plugins.values() {
        for (language, locale) in &plugin.locales {
            let words = words(language, locale);
            for action in &plugin.manifest.actions {
                let Some(sentences) = locale.action.get(&action.id) else { continue };
                for line in sentences.say.iter().chain(sentences.relative.values().flatten()) {
                    let Ok(parsed) = phrase::parse(line, &words) else { continue };
                    let sentence = readable(&parsed, language, locale, action);
                    if let Some(rival) = rival(understander, &sentence) {
                        found.insert(sentence, rival);
                    }
                }
            }
        }
    }
    found.into_iter().map(|(sentence, rivals)| format!("\"{sentence}\": {rivals}")).collect()
}

fn rival(understander: &Understander, sentence: &str) -> Option<String> {
    let cover = understander.cover(&tokenize(sentence));
    let name = |index: usize| {
        let entry = &understander.actions.entries[index];
        format!("{}.{}", entry.plugin, entry.action.id)
    };
    cover.pieces.iter().find_map(|piece| match piece {
        Piece::Command { found, rivals, .. } => {
            let others: Vec<String> = rivals.iter().filter(|rival| rival.action != found.action).map(|rival| name(rival.action)).collect();
            (!others.is_empty()).then(|| format!("{} and {}", name(found.action), others.join(", ")))
        }
        _ => None,
    })
}
