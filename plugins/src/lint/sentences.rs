//! Whether two wishes can be said with the same sentence. The phrases of each are one automaton over words, Chinese characters and
//! slots; a sentence that two automata share is found by walking both at once.

use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::manifest::{Action, Argument, Kind};
use crate::phrase::Phrase;

/// One step of a sentence: a word, a Chinese character, or what a slot takes.
type Token = String;

/// Every sentence of some phrases.
#[derive(Debug, Clone)]
pub(crate) struct Sentences {
    /// For each state: where one gets with a token, or with none.
    steps: Vec<Vec<(Option<Token>, usize)>>,
}

const BEGIN: usize = 0;
const END: usize = 1;

impl Sentences {
    /// The sentences of all these phrases, with slots named after what `action` declares for them.
    pub(crate) fn new<'p>(phrases: impl IntoIterator<Item = &'p Phrase>, action: &Action) -> Self {
        let mut sentences = Sentences { steps: vec![Vec::new(), Vec::new()] };
        for phrase in phrases {
            let end = sentences.add(phrase, BEGIN, action);
            sentences.steps[end].push((None, END));
        }
        sentences
    }

    /// The sentences of any of these.
    pub(crate) fn union<'s>(all: impl IntoIterator<Item = &'s Sentences>) -> Self {
        let mut union = Sentences { steps: vec![Vec::new(), Vec::new()] };
        for sentences in all {
            let offset = union.steps.len();
            union.steps.extend(sentences.steps.iter().map(|steps| steps.iter().map(|(token, to)| (token.clone(), to + offset)).collect()));
            union.steps[BEGIN].push((None, BEGIN + offset));
            union.steps[END + offset].push((None, END));
        }
        union
    }

    /// Adds a phrase after a state; where it ends.
    fn add(&mut self, phrase: &Phrase, from: usize, action: &Action) -> usize {
        match phrase {
            Phrase::Words(text) => tokens(text).into_iter().fold(from, |state, token| self.step(state, Some(token))),
            Phrase::Slot(name) => self.step(from, Some(slot(name, action.arguments.get(name)))),
            Phrase::Sequence(parts) => parts.iter().fold(from, |state, part| self.add(part, state, action)),
            Phrase::Either(options) => {
                let ends: Vec<usize> = options.iter().map(|option| self.add(option, from, action)).collect();
                self.join(&ends)
            }
            Phrase::Optional(part) => {
                let end = self.add(part, from, action);
                self.join(&[from, end])
            }
        }
    }

    fn step(&mut self, from: usize, token: Option<Token>) -> usize {
        let to = self.steps.len();
        self.steps.push(Vec::new());
        self.steps[from].push((token, to));
        to
    }

    fn join(&mut self, ends: &[usize]) -> usize {
        let to = self.steps.len();
        self.steps.push(Vec::new());
        for end in ends {
            self.steps[*end].push((None, to));
        }
        to
    }

    /// A shortest sentence that both have.
    pub(crate) fn shared(&self, other: &Sentences) -> Option<String> {
        let mut seen = HashSet::from([(BEGIN, BEGIN)]);
        let mut queue = VecDeque::from([(BEGIN, BEGIN, Vec::<&str>::new())]);
        while let Some((mine, theirs, said)) = queue.pop_front() {
            if mine == END && theirs == END {
                return Some(said.join(" "));
            }
            let free = self.steps[mine].iter().filter(|step| step.0.is_none()).map(|step| (step.1, theirs));
            let also = other.steps[theirs].iter().filter(|step| step.0.is_none()).map(|step| (mine, step.1));
            // Steps without a word come to the front: a sentence counts its words only.
            for (mine, theirs) in free.chain(also) {
                if seen.insert((mine, theirs)) {
                    queue.push_front((mine, theirs, said.clone()));
                }
            }
            for (token, mine) in self.steps[mine].iter().filter_map(|step| Some((step.0.as_deref()?, step.1))) {
                for (_, theirs) in other.steps[theirs].iter().filter(|step| step.0.as_deref() == Some(token)) {
                    if seen.insert((mine, *theirs)) {
                        queue.push_back((mine, *theirs, said.iter().copied().chain([token]).collect()));
                    }
                }
            }
        }
        None
    }
}

/// What a slot takes, so that two slots with the same name for different things are told apart, and two names for the same are not.
fn slot(name: &str, argument: Option<&Argument>) -> Token {
    match argument.map(|argument| (argument.kind, argument)) {
        None => format!("{{{name}}}"),
        Some((Kind::Choice, argument)) => format!("{{one of {}}}", argument.values.join(", ")),
        Some((Kind::Number | Kind::Duration, _)) => "{number}".to_owned(),
        // Only names of the address book fit here, so that it takes no other text away.
        Some((Kind::Contact, _)) => "{contact}".to_owned(),
        Some((Kind::Text | Kind::Place, _)) => "{text}".to_owned(),
        Some((Kind::Zone, _)) => "{zone}".to_owned(),
        Some((Kind::Switch, _)) => "{switch}".to_owned(),
        Some((Kind::Time, _)) => "{time}".to_owned(),
    }
}

/// Words in lower case, every Chinese character alone, no punctuation.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let is_han = ('\u{3400}'..='\u{9fff}').contains(&c);
        if !is_han && (c.is_alphanumeric() || c == '\'') {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if is_han {
            tokens.push(c.to_string());
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

/// Lines that stand there twice, as somebody would hear them.
pub(crate) fn twice<'l>(lines: impl IntoIterator<Item = &'l str>) -> Vec<&'l str> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut again = |line: &str| {
        let count = seen.entry(line.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()).or_default();
        *count += 1;
        *count == 2
    };
    lines.into_iter().filter(|line| again(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrase::{WordLists, parse};

    const ACTION: &str = r#"
        id = "a"
        risk = "comfort"
        [arguments]
        level = { type = "number" }
        count = { type = "number" }
        mode = { type = "choice", values = ["eco"] }
    "#;

    fn sentences(lines: &[&str]) -> Sentences {
        let phrases: Vec<Phrase> = lines.iter().map(|line| parse(line, &WordLists::new()).expect("a phrase")).collect();
        Sentences::new(&phrases, &toml::from_str(ACTION).expect("an action"))
    }

    #[test]
    fn a_shared_sentence_is_found_however_it_is_written() {
        let shared = |a: &[&str], b: &[&str]| sentences(a).shared(&sentences(b));
        assert_eq!(shared(&["(open|raise) [the] window"], &["x", "Open window [please]"]), Some("open window".into()));
        assert_eq!(shared(&["set fan to {level}"], &["set fan [speed] to {count}"]), Some("set fan to {number}".into()));
        assert_eq!(shared(&["(打开|开)天窗"], &["打开[车]天窗"]), Some("打 开 天 窗".into()));
        assert_eq!(shared(&["[a] [b] c"], &["b c [d]"]), Some("b c".into()));
    }

    #[test]
    fn different_sentences_share_nothing() {
        for (a, b) in [("open the window", "open window"), ("set to {level}", "set to {mode}"), ("a b", "a b c"), ("开天窗", "开车窗")]
        {
            assert_eq!(sentences(&[a]).shared(&sentences(&[b])), None, "{a}: {b}");
        }
    }

    #[test]
    fn lines_that_stand_there_twice_are_named_once() {
        assert_eq!(twice(["a b", "A  b", "c", "a b"]), ["A  b"]);
    }
}
