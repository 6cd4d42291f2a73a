//! Text to commands and questions. Rungs, cheapest sure answer first: `pattern`, then `similar`; what neither is sure of stays open.

pub mod context;
pub mod lexicon;
pub mod number;
pub mod pattern;
pub mod reading;
pub mod resolve;
pub mod similar;
pub mod slots;
pub mod time;
pub mod token;

mod correction;

use std::path::Path;
use std::sync::Arc;

use models::{Embedder, ModelError};
use plugins::catalogue::Catalogue;
use plugins::manifest::{Kind, Risk};

use lexicon::Lexicon;
use pattern::{ActionEntry, Actions, Cover, Pattern};
use reading::{Proposal, Reader, Reading, Tier};
use similar::{Guess, Similar};
use slots::Choices;
use token::{Token, TokenKind, language_of, tokenize};

/// What is known about an utterance after all rungs.
#[derive(Debug, Clone, Default)]
pub struct Understood {
    /// The tokens that were read, corrections taken out.
    pub tokens: Vec<Token>,
    /// `zh` or `en`.
    pub language: String,
    /// Commands, in spoken order.
    pub proposals: Vec<Proposal>,
    /// How many commands were forbidden.
    pub forbidden: usize,
    /// Token spans that nothing explains.
    pub leftover: Vec<(usize, usize)>,
    /// Whether what is left over, or the whole, asks something.
    pub is_question: bool,
    /// The vector of the text that was compared, if one was computed.
    pub vector: Option<Vec<f32>>,
    /// The nearest sample of the `similar` rung, sure or not, for `Explain`.
    pub guess: Option<Guess>,
}

/// Understands utterances against one catalogue.
pub struct Understander {
    /// Small words.
    pub lexicon: Lexicon,
    /// Every action.
    pub actions: Actions,
    pattern: Pattern,
    similar: Option<Similar>,
}

impl Understander {
    /// Compiles the phrases and embeds their samples.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn build(
        catalogue: &Catalogue,
        embedder: Option<Arc<Embedder>>,
        cache: Option<&Path>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, ModelError> {
        let actions = actions(catalogue);
        let pattern = Pattern::compile(catalogue, &actions);
        let similar = embedder.map(|embedder| Similar::build(embedder, catalogue, &actions, cache, progress)).transpose()?;
        Ok(Understander { lexicon: Lexicon::shipped(), actions, pattern, similar })
    }

    /// The encoder, if there is one.
    pub fn embedder(&self) -> Option<&Arc<Embedder>> {
        self.similar.as_ref().map(Similar::embedder)
    }

    /// The phrases' account of a text.
    pub fn cover(&self, tokens: &[Token]) -> Cover {
        self.pattern.cover(&self.actions, &self.lexicon, tokens)
    }

    /// Reads a text with the phrases alone.
    pub fn read(&self, tokens: &[Token], is_question: bool) -> Reading {
        let cover = self.cover(tokens);
        Reader { pattern: &self.pattern, actions: &self.actions, lexicon: &self.lexicon, tokens, is_question }.read(&cover)
    }

    /// Understands a text. `language`: empty to find out.
    ///
    /// # Errors
    /// The encoder fails or is busy.
    pub fn understand(&self, text: &str, language: &str) -> Result<Understood, ModelError> {
        let tokens = correction::apply(&self.lexicon, tokenize(text));
        let language = if language.is_empty() { language_of(&tokens) } else { language }.to_owned();
        let is_question = self.asks(text, &tokens);
        let reading = self.read(&tokens, is_question);
        let mut understood = Understood {
            is_question,
            language,
            proposals: reading.proposals,
            forbidden: reading.forbidden,
            leftover: reading.leftover,
            tokens,
            ..Understood::default()
        };
        if !understood.leftover.is_empty() {
            self.guess(text, reading.is_blocked, &mut understood)?;
        }
        let asks_first = understood.is_question && understood.leftover.first().is_some_and(|(start, _)| *start == 0);
        let sets = |proposal: &Proposal| self.actions.entries[proposal.action].action.risk != Risk::Read;
        if reading.is_blocked || (asks_first && understood.proposals.iter().any(sets)) {
            // "if it rains, close the windows", "is it okay to drive with the trunk open": the half that is clear must not be done.
            understood.proposals.clear();
            understood.leftover = vec![(0, understood.tokens.len())];
        }
        Ok(understood)
    }

    fn guess(&self, text: &str, is_blocked: bool, understood: &mut Understood) -> Result<(), ModelError> {
        let Some(similar) = &self.similar else { return Ok(()) };
        let mut open = Vec::new();
        for (start, end) in std::mem::take(&mut understood.leftover) {
            let tokens = &understood.tokens[start..end];
            if !similar.knows(language_of(tokens)) || tokens.len() < 2 {
                open.push((start, end));
                continue;
            }
            let clause: String = original(text, tokens);
            let vector = similar.embedder().embed(&clause)?;
            let guess = similar.nearest(&vector)?;
            // What a plugin's author excluded stays excluded when small words were stepped over: 天气真好啊 is not 天气.
            let is_excluded = |action: usize| self.actions.entries[action].excludes(&understood.tokens);
            let allowed = guess.as_ref().filter(|guess| !is_blocked && !guess.action.is_some_and(is_excluded));
            let proposal = allowed.and_then(|guess| self.accept(guess, tokens, start, understood.is_question));
            match proposal {
                Some(proposal) => understood.proposals.push(proposal),
                None => open.push((start, end)),
            }
            understood.vector = Some(vector);
            understood.guess = guess;
        }
        understood.proposals.sort_by_key(|proposal| proposal.span);
        understood.leftover = open;
        Ok(())
    }

    /// A guess counts when it is near enough, clearly nearer than any other action, says nothing opposite, and has the values it needs.
    fn accept(&self, guess: &Guess, tokens: &[Token], offset: usize, is_question: bool) -> Option<Proposal> {
        let similar = self.similar.as_ref()?;
        let thresholds = similar.embedder().thresholds();
        let action = guess.action?;
        let entry = &self.actions.entries[action];
        let has = |set: &lexicon::WordSet| (0..tokens.len()).any(|at| set.longest(tokens, at).is_some());
        let is_read = entry.action.risk == Risk::Read;
        if guess.score < thresholds.similar
            || guess.margin < thresholds.similar_margin
            || has(&self.lexicon.negation)
            || has(&self.lexicon.conditional)
            || (is_question && !is_read)
            || self.lexicon.is_opposite(tokens, &tokenize(&guess.sample))
        {
            return None;
        }
        let mut proposal = Proposal {
            action,
            direction: guess.direction.clone(),
            said: Default::default(),
            zones: None,
            confidence: f64::from(guess.score).clamp(0.0, 0.95),
            tier: Tier::Similar,
            span: (offset, offset + tokens.len()),
            rivals: Vec::new(),
        };
        self.spot(&mut proposal, entry, tokens);
        Some(proposal)
    }

    /// Fills a guess's slots with what the words contain.
    fn spot(&self, proposal: &mut Proposal, entry: &ActionEntry, tokens: &[Token]) {
        let mut taken = vec![false; tokens.len()];
        for (name, argument) in &entry.action.arguments {
            if matches!(argument.kind, Kind::Text | Kind::Contact | Kind::Place) {
                continue;
            }
            for at in 0..tokens.len() {
                let found = slots::candidates(&self.lexicon, &entry.choices, name, argument, tokens, at);
                let Some((end, said)) = found.into_iter().find(|(end, _)| !taken[at..*end].contains(&true)) else { continue };
                taken[at..end].fill(true);
                if let slots::Said::Zones(groups) = said {
                    proposal.zones = Some(groups);
                } else {
                    proposal.said.insert(name.clone(), said);
                }
                break;
            }
        }
    }

    /// Whether a text asks something rather than wants something.
    fn asks(&self, text: &str, tokens: &[Token]) -> bool {
        let first = tokens.iter().position(|token| token.kind != TokenKind::Separator).unwrap_or(0);
        let opens = self.lexicon.question.longest(tokens, first).is_some();
        let is_han = |at: &usize| tokens[*at].kind == TokenKind::Han;
        let contains = (0..tokens.len()).filter(is_han).any(|at| self.lexicon.question.longest(tokens, at).is_some());
        opens || contains || text.trim_end().ends_with(['?', '？'])
    }
}

/// The original words of a run of tokens.
pub fn original(text: &str, tokens: &[Token]) -> String {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return String::new() };
    text.chars().skip(first.start).take(last.end.saturating_sub(first.start)).collect()
}

fn actions(catalogue: &Catalogue) -> Actions {
    let mut entries = Vec::new();
    for plugin in catalogue.plugins.values() {
        for action in &plugin.manifest.actions {
            entries.push(ActionEntry {
                plugin: plugin.id().to_owned(),
                zone: action.zone_argument().map(|(name, _)| name.to_owned()),
                choices: Choices::collect(action, plugin.locales.values()),
                not: counter_examples(plugin, &action.id),
                action: Arc::new(action.clone()),
            });
        }
    }
    Actions { entries }
}

fn counter_examples(plugin: &plugins::catalogue::Plugin, action: &str) -> Vec<Vec<String>> {
    let sentences = plugin.locales.values().filter_map(|locale| locale.action.get(action)).flat_map(|sentences| &sentences.not);
    let words = |sentence: &String| {
        tokenize(sentence).into_iter().filter(|token| token.kind != TokenKind::Separator).map(|token| token.text).collect()
    };
    sentences.map(words).collect()
}
