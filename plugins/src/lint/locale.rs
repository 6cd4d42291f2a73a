//! A plugin's sentences against its manifest.

use crate::catalogue::{Plugin, words};
use crate::lint::Findings;
use crate::locale::{Locale, Sentences};
use crate::manifest::{Action, Argument, Kind};
use crate::phrase::{self, Phrase, WordLists};

/// What is said about one action, in every language.
pub(super) fn action(plugin: &Plugin, action: &Action, findings: &mut Findings) {
    for (language, locale) in &plugin.locales {
        let place = format!("{} ({language})", action.id);
        let Some(sentences) = locale.action.get(&action.id) else {
            findings.advice(&place, "nobody can say it: the locale has no sentences for it".to_owned());
            continue;
        };
        phrases(action, sentences, &words(language, locale), &place, findings);
        directions(action, sentences, &place, findings);
        replies(plugin, action, sentences, &place, findings);
        choices(action, locale, &place, findings);
    }
}

fn phrases(action: &Action, sentences: &Sentences, words: &WordLists, place: &str, findings: &mut Findings) {
    if sentences.say.is_empty() && sentences.relative.is_empty() {
        findings.advice(place, "nobody can say it: `say` is empty".to_owned());
    }
    let mut unasked: Vec<&str> = Vec::new();
    for (line, is_absolute) in
        sentences.say.iter().map(|line| (line, true)).chain(sentences.relative.values().flatten().map(|line| (line, false)))
    {
        match phrase::parse(line, words) {
            Err(error) => findings.error(place, error.to_string()),
            Ok(parsed) => {
                for slot in parsed.slots().into_iter().filter(|slot| !action.arguments.contains_key(*slot)) {
                    findings.error(place, format!("phrase '{line}': the slot {{{slot}}} is not declared"));
                }
                let needed = action.arguments.iter().filter(|(_, argument)| is_absolute && must_be_asked(argument));
                unasked.extend(needed.map(|(name, _)| name.as_str()).filter(|name| !always_has(&parsed, name)));
            }
        }
    }
    unasked.sort_unstable();
    unasked.dedup();
    for name in unasked.into_iter().filter(|name| !sentences.ask.contains_key(*name)) {
        findings.advice(place, format!("a phrase can leave out {{{name}}}, which is needed, and `ask` has no question for it"));
    }
}

/// Neither left out nor filled by itself.
fn must_be_asked(argument: &Argument) -> bool {
    !argument.optional && argument.default.is_none()
}

/// Whether every sentence of the phrase has this slot.
fn always_has(phrase: &Phrase, slot: &str) -> bool {
    match phrase {
        Phrase::Words(_) | Phrase::Optional(_) => false,
        Phrase::Slot(name) => name == slot,
        Phrase::Sequence(parts) => parts.iter().any(|part| always_has(part, slot)),
        Phrase::Either(options) => options.iter().all(|option| always_has(option, slot)),
    }
}

fn directions(action: &Action, sentences: &Sentences, place: &str, findings: &mut Findings) {
    for direction in sentences.relative.keys().filter(|name| action.direction(name).is_none()) {
        findings.error(place, format!("'{direction}' is neither a known key nor a declared direction"));
    }
    let declared = action.arguments.values().flat_map(|argument| argument.directions.keys());
    for direction in declared.filter(|name| sentences.relative.get(*name).is_none_or(Vec::is_empty)) {
        findings.advice(place, format!("the direction '{direction}' has no phrases"));
    }
}

fn replies(plugin: &Plugin, action: &Action, sentences: &Sentences, place: &str, findings: &mut Findings) {
    if sentences.done.is_empty() {
        findings.advice(place, "there is no `done` sentence".to_owned());
    }
    let has_program = !plugin.manifest.plugin.program.is_empty();
    let fills = |slot: &str| has_program || action.arguments.contains_key(slot) || action.answers.iter().any(|answer| answer.name == slot);
    for slot in slots(&sentences.done).into_iter().filter(|slot| !fills(slot)) {
        findings.error(place, format!("`done`: nothing fills the slot {{{slot}}}; it is neither an argument nor an answer"));
    }
    for name in sentences.ask.keys().filter(|name| !action.arguments.contains_key(*name)) {
        findings.error(place, format!("`ask` asks for '{name}', which is not declared"));
    }
}

/// The slots of a reply, which knows no other notation.
fn slots(reply: &str) -> Vec<&str> {
    reply.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(slot, _)| slot).collect()
}

fn choices(action: &Action, locale: &Locale, place: &str, findings: &mut Findings) {
    for (name, argument) in action.arguments.iter().filter(|(_, argument)| argument.kind == Kind::Choice) {
        for value in argument.values.iter().filter(|value| locale.spoken(&action.id, name, value).is_empty()) {
            findings.error(place, format!("the value '{value}' of '{name}' has no spoken words"));
        }
    }
    let own = locale.action.get(&action.id).into_iter().flat_map(|sentences| &sentences.values);
    for (name, spoken) in own {
        let Some(argument) = action.arguments.get(name) else {
            if !action.answers.iter().any(|answer| answer.name == *name) {
                findings.error(place, format!("`values.{name}` is neither an argument nor an answer"));
            }
            continue;
        };
        for value in spoken.keys().filter(|value| argument.kind == Kind::Choice && !argument.values.contains(value)) {
            findings.error(place, format!("`values.{name}` has words for '{value}', which is not declared"));
        }
    }
}

/// Locales that are empty or speak of what the manifest does not have.
pub(super) fn strangers(plugin: &Plugin, findings: &mut Findings) {
    for (language, locale) in &plugin.locales {
        if locale.action.is_empty() {
            findings.error(language, "the locale has no sentences at all: fill it or delete it".to_owned());
        }
        for id in locale.action.keys().filter(|id| plugin.action(id).is_none()) {
            findings.error(&format!("{id} ({language})"), "the locale speaks of an action that plugin.toml does not have".to_owned());
        }
        for name in locale.values.keys() {
            let uses = |action: &Action| action.arguments.contains_key(name) || action.answers.iter().any(|answer| answer.name == *name);
            if !plugin.manifest.actions.iter().any(uses) {
                findings.advice(language, format!("`values.{name}` belongs to no argument and no answer"));
            }
        }
    }
}
