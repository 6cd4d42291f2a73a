//! What can be wrong with a plugin's folder beyond its syntax.

mod locale;
mod manifest;
mod sentences;

use std::fmt;

use crate::catalogue::{LANGUAGES, Plugin, words};
use crate::locale::Locale;
use crate::phrase::{self, Phrase};
use crate::vss::Vss;

use sentences::Sentences;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Errors are to be put right, and those that [`usable`] finds keep a plugin out; the rest is advice.
    pub is_error: bool,
    /// Action, language or key.
    pub place: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", if self.is_error { "error" } else { "advice" }, self.place, self.problem)
    }
}

/// Checks one plugin against the notation, itself and the catalogue of signals, and its sentences against each other.
pub fn plugin(plugin: &Plugin, vss: &Vss) -> Vec<Finding> {
    let mut findings = Findings(usable(plugin, vss));
    for (language, locale) in &plugin.locales {
        let spoken = spoken(plugin, language, locale, &mut findings);
        for (index, one) in spoken.iter().enumerate() {
            for other in &spoken[..index] {
                let Some(sentence) = one.sentences.shared(&other.sentences) else { continue };
                let place = format!("{} ({language})", one.place());
                let problem = format!("'{sentence}' is also a sentence of {}", other.place());
                // "Open the window 20 percent" may be meant either way; which of two directions is meant must not be left open.
                let is_bearable = one.action == other.action && (one.list == SAY || other.list == SAY);
                if is_bearable { findings.advice(&place, problem) } else { findings.error(&place, problem) }
            }
        }
    }
    findings.0
}

/// Checks the sentences of several plugins against each other: none may be said to two of them.
pub fn between(plugins: &[&Plugin]) -> Vec<Finding> {
    let mut findings = Findings::default();
    for language in LANGUAGES {
        let mut all: Vec<(&str, Vec<Spoken<'_>>)> = Vec::new();
        for plugin in plugins {
            if let Some(locale) = plugin.locales.get(language) {
                // Lines that stand there twice are each plugin's own finding.
                all.push((plugin.id(), spoken(plugin, language, locale, &mut Findings::default())));
            }
        }
        let whole: Vec<Sentences> = all.iter().map(|(_, lists)| Sentences::union(lists.iter().map(|list| &list.sentences))).collect();
        for (index, (id, lists)) in all.iter().enumerate() {
            for (other, (other_id, other_lists)) in all[..index].iter().enumerate() {
                // Most plugins share nothing; only those that do are looked at list by list.
                if whole[index].shared(&whole[other]).is_none() {
                    continue;
                }
                for (one, two) in lists.iter().flat_map(|one| other_lists.iter().map(move |two| (one, two))) {
                    if let Some(sentence) = one.sentences.shared(&two.sentences) {
                        let place = format!("{id}: {} ({language})", one.place());
                        findings.error(&place, format!("'{sentence}' is also a sentence of {other_id}: {}", two.place()));
                    }
                }
            }
        }
    }
    findings.0
}

const SAY: &str = "say";

/// One list of phrases of an action.
struct Spoken<'a> {
    action: &'a str,
    list: &'a str,
    sentences: Sentences,
}

impl Spoken<'_> {
    fn place(&self) -> String {
        if self.list == SAY { self.action.to_owned() } else { format!("{}, {}", self.action, self.list) }
    }
}

/// Every list of phrases in a language; lines that stand there twice are findings.
fn spoken<'a>(plugin: &'a Plugin, language: &str, locale: &'a Locale, findings: &mut Findings) -> Vec<Spoken<'a>> {
    let words = words(language, locale);
    let mut spoken = Vec::new();
    for action in &plugin.manifest.actions {
        let Some(sentences) = locale.action.get(&action.id) else { continue };
        let relative = sentences.relative.iter().map(|(name, lines)| (name.as_str(), lines));
        let lists: Vec<(&str, &Vec<String>)> = std::iter::once((SAY, &sentences.say)).chain(relative).collect();
        for line in sentences::twice(lists.iter().flat_map(|(_, lines)| lines.iter().map(String::as_str))) {
            findings.advice(&format!("{} ({language})", action.id), format!("the phrase '{line}' stands there twice"));
        }
        spoken.extend(lists.into_iter().map(|(list, lines)| {
            let phrases: Vec<Phrase> = lines.iter().filter_map(|line| phrase::parse(line, &words).ok()).collect();
            Spoken { action: &action.id, list, sentences: Sentences::new(&phrases, action) }
        }));
    }
    spoken
}

/// Checks what a plugin needs to be used at all. It is quick enough for the start of a program.
pub fn usable(plugin: &Plugin, vss: &Vss) -> Vec<Finding> {
    let mut findings = Findings::default();
    let id = plugin.id();
    if !is_id(id) {
        findings.error("plugin.id", format!("'{id}' must be lower-case letters, digits and '-', a letter first"));
    }
    if plugin.locales.is_empty() {
        findings.error("locale", "there is no locale file, so nobody can say anything: write locale/en.toml or locale/zh.toml".to_owned());
    }
    for (index, action) in plugin.manifest.actions.iter().enumerate() {
        if plugin.manifest.actions[..index].iter().any(|other| other.id == action.id) {
            findings.error(&action.id, "two actions have this id".to_owned());
        }
        manifest::arguments(action, &mut findings);
        manifest::effects(plugin, action, vss, &mut findings);
        locale::action(plugin, action, &mut findings);
    }
    locale::strangers(plugin, &mut findings);
    findings.0
}

/// Whether a plugin may be called so: a part of a bus name and of a path.
pub(crate) fn is_id(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, place: &str, problem: String) {
        self.0.push(Finding { is_error: true, place: place.to_owned(), problem });
    }

    fn advice(&mut self, place: &str, problem: String) {
        self.0.push(Finding { is_error: false, place: place.to_owned(), problem });
    }
}
