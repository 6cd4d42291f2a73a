//! How well a wording or a passage covers a question: absolute, from 0 to 1, so that "unknown" can be said.

use std::collections::HashMap;

use super::Term;

/// A question's terms with their weight times rarity.
pub(crate) struct Measure {
    terms: HashMap<String, f32>,
    total: f32,
}

/// A passage cut up for [`Measure::passage`].
pub(crate) struct PassageTerms {
    /// Terms of the heading and those above it.
    pub(crate) heading: Vec<Term>,
    /// Terms of each sentence.
    pub(crate) sentences: Vec<Vec<Term>>,
}

impl Measure {
    /// `rarity` gives each term's informativeness, 0 to 1; a word that nobody wrote has 1.
    pub(crate) fn new(terms: &[Term], rarity: impl Fn(&str) -> f32) -> Measure {
        let terms: HashMap<String, f32> = terms.iter().map(|term| (term.text.clone(), term.weight * rarity(&term.text))).collect();
        Measure { total: terms.values().sum(), terms }
    }

    /// The F-measure of coverage in both directions, weighted by rarity: all shared weight over all weight.
    pub(crate) fn wording(&self, wording: &[Term], rarity: impl Fn(&str) -> f32) -> f32 {
        let (mut shared, mut total) = (0.0, self.total);
        for term in wording {
            let weight = term.weight * rarity(&term.text);
            total += weight;
            if let Some(asked) = self.terms.get(&term.text) {
                shared += weight + asked;
            }
        }
        if total > 0.0 { shared / total } else { 0.0 }
    }

    /// How much of the question is covered by everything an entry says, its wordings and its answer.
    pub(crate) fn covered<'a>(&self, said: impl Iterator<Item = &'a Term> + Clone) -> f32 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let inside = |text: &String| said.clone().any(|term| term.text == *text);
        self.terms.iter().filter(|(text, _)| inside(text)).map(|(_, weight)| weight).sum::<f32>() / self.total
    }

    /// A passage says more than was asked, so what counts is how much of the question its best sentence covers
    /// together with its headings. Full coverage is only a weak sign if it comes by chance: the heading, or to a
    /// lesser degree that sentence, must also be about little else. A table's row is a sentence of that kind.
    pub(crate) fn passage(&self, passage: &PassageTerms, rarity: impl Fn(&str) -> f32 + Copy) -> f32 {
        let heading = self.wording(&passage.heading, rarity);
        // Looking up every term of every sentence would take longer than the rest of the search.
        let about = |term: &str| if self.terms.contains_key(term) { rarity(term) } else { USUAL_RARITY };
        let measure = |sentence: &[Term]| {
            let covered = self.covered(sentence.iter().chain(&passage.heading));
            covered * (0.5 + 0.5 * (0.4 * self.wording(sentence, about)).max(heading).sqrt())
        };
        passage.sentences.iter().map(|sentence| measure(sentence)).fold(measure(&[]), f32::max)
    }
}

/// What a term of a sentence is taken for that the question does not have.
const USUAL_RARITY: f32 = 0.5;
