//! Synonyms out of plugins' locale files: the word lists and the spoken values that a plugin takes for the same thing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::text::error::TextError;
use crate::text::language::Language;
use crate::text::units::is_han;

/// Words of one language that mean the same to one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The plugin's folder; `words` for the lists that all share.
    pub(crate) plugin: String,
    pub(crate) language: Language,
    pub(crate) words: Vec<String>,
}

/// The folder of lists that all plugins share.
pub(crate) const SHARED: &str = "words";

/// Phrases that a list may grow to.
const LIMIT: usize = 64;

/// All groups in a folder of plugins, in the order of folders, languages and keys.
pub(crate) fn read(folder: &Path) -> Result<Vec<Group>, TextError> {
    let mut groups = Vec::new();
    for (plugin, path, language) in locale_files(folder)? {
        let text = std::fs::read_to_string(&path).map_err(TextError::read(&path))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| TextError::Settings {
            place: path.display().to_string(),
            reason: error.message().to_owned(),
        })?;
        let mut add = |words: Vec<String>| {
            let words: Vec<String> =
                words.into_iter().filter(|word| is_word(word, language)).collect::<BTreeSet<_>>().into_iter().collect();
            if words.len() > 1 {
                groups.push(Group { plugin: plugin.clone(), language, words });
            }
        };
        if plugin == SHARED {
            phrases(&table).for_each(|phrase| add(expand(phrase, language)));
        }
        table.get("words").and_then(toml::Value::as_table).into_iter().flat_map(phrases).for_each(|phrase| add(expand(phrase, language)));
        for list in values(&table) {
            add(list.iter().filter_map(toml::Value::as_str).flat_map(|phrase| expand(phrase, language)).collect());
        }
    }
    if groups.is_empty() {
        let reason = "no plugin's locale file with word lists was found in it".to_owned();
        return Err(TextError::Settings { place: format!("augment.vocabulary {}", folder.display()), reason });
    }
    Ok(groups)
}

/// `PLUGIN/locale/LANGUAGE.toml`, and `words/LANGUAGE.toml`.
fn locale_files(folder: &Path) -> Result<Vec<(String, PathBuf, Language)>, TextError> {
    let mut plugins = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(TextError::read(folder))? {
        let path = entry.map_err(TextError::read(folder))?.path();
        plugins.extend(path.file_name().and_then(|name| name.to_str()).map(|name| (name.to_owned(), path.clone())));
    }
    plugins.sort();
    let file = |(plugin, path): (String, PathBuf)| {
        let place = if plugin == SHARED { path } else { path.join("locale") };
        [Language::En, Language::Zh].map(|language| (plugin.clone(), place.join(format!("{language}.toml")), language))
    };
    Ok(plugins.into_iter().flat_map(file).filter(|(_, path, _)| path.is_file()).collect())
}

fn phrases(table: &toml::Table) -> impl Iterator<Item = &str> {
    table.values().filter_map(toml::Value::as_str)
}

/// Lists below `[values.NAME]` and `[action.ID.values.NAME]`.
fn values(table: &toml::Table) -> Vec<&Vec<toml::Value>> {
    let actions = below(table.get("action")).filter_map(|action| action.get("values"));
    let all = table.get("values").into_iter().chain(actions);
    all.flat_map(|values| below(Some(values))).flat_map(|lists| below(Some(lists))).filter_map(toml::Value::as_array).collect()
}

fn below(table: Option<&toml::Value>) -> impl Iterator<Item = &toml::Value> {
    table.and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values)
}

/// Words that may take each other's place: no single Han character and no short English word, which mean too much else.
fn is_word(word: &str, language: Language) -> bool {
    let han = word.chars().filter(|character| is_han(*character)).count();
    match language {
        Language::Zh => han >= 2 && han == word.chars().count(),
        _ => han == 0 && word.len() >= 4 && !word.contains(|character: char| character.is_ascii_digit()),
    }
}

/// All phrases that `(a|b)` and `[c]` stand for; none if there are slots or names of lists in it, or too many of them.
fn expand(phrase: &str, language: Language) -> Vec<String> {
    if phrase.contains(['<', '{']) {
        return Vec::new();
    }
    let mut parser = Parser { rest: phrase };
    let Some(all) = parser.alternatives().filter(|_| parser.rest.is_empty()) else { return Vec::new() };
    let join = |phrase: String| match language {
        Language::Zh => phrase.split_whitespace().collect::<String>(),
        _ => phrase.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    all.into_iter().map(join).filter(|phrase| !phrase.is_empty()).collect()
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    /// `a|b|c`, up to a closing bracket or the end.
    fn alternatives(&mut self) -> Option<Vec<String>> {
        let mut all = self.sequence()?;
        while self.take('|') {
            all.extend(self.sequence()?);
        }
        (all.len() <= LIMIT).then_some(all)
    }

    fn sequence(&mut self) -> Option<Vec<String>> {
        let mut all = vec![String::new()];
        loop {
            let plain = self.rest.find(['(', '[', '|', ')', ']']).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(plain);
            self.rest = rest;
            all.iter_mut().for_each(|phrase| phrase.push_str(text));
            let next = if self.take('(') {
                let next = self.alternatives()?;
                self.take(')').then_some(next)?
            } else if self.take('[') {
                let mut next = self.alternatives()?;
                next.push(String::new());
                self.take(']').then_some(next)?
            } else {
                return Some(all);
            };
            all = all.iter().flat_map(|begin| next.iter().map(move |end| format!("{begin}{end}"))).collect();
            if all.len() > LIMIT {
                return None;
            }
        }
    }

    fn take(&mut self, character: char) -> bool {
        match self.rest.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_expand() {
        let en = |phrase| expand(phrase, Language::En);
        assert_eq!(en("(ac|air con|climate [control])"), ["ac", "air con", "climate control", "climate"]);
        assert_eq!(expand("(空调|车载空调)[系统]", Language::Zh), ["空调系统", "空调", "车载空调系统", "车载空调"]);
        assert!(en("<on> the (ac)").is_empty() && en("(a|b").is_empty() && en("set {level}").is_empty());
        assert!(en("(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)").is_empty());
    }

    #[test]
    fn locale_files_give_groups() {
        let folder = tempfile::tempdir().unwrap();
        let locale = folder.path().join("climate/locale");
        std::fs::create_dir_all(&locale).unwrap();
        std::fs::create_dir_all(folder.path().join("words")).unwrap();
        let zh = "[words]\nac = \"(空调|冷气|ac|开)\"\n[values.mode]\neco = [\"节能\", \"节能模式\"]\n[action.on]\nsay = [\"打开<ac>\"]\n[action.on.values.value]\ntrue = [\"开着\", \"已经开着\"]\n";
        std::fs::write(locale.join("zh.toml"), zh).unwrap();
        std::fs::write(folder.path().join("words/en.toml"), "on = \"(turn on|switch on|put)\"\n").unwrap();
        let groups = read(folder.path()).unwrap();
        let shown: Vec<String> =
            groups.iter().map(|group| format!("{} {} {}", group.plugin, group.language, group.words.join(","))).collect();
        assert_eq!(shown, ["climate zh 冷气,空调", "climate zh 节能,节能模式", "climate zh 已经开着,开着", "words en switch on,turn on"]);
        assert!(read(&folder.path().join("words")).is_err());
    }
}
