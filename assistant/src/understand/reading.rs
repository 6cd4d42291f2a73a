//! From the pieces of an utterance to proposals: zones find their command, shared verbs and values are filled in, and each clause is
//! judged by what stayed unexplained.

use std::collections::BTreeMap;

use super::lexicon::Lexicon;
use super::pattern::{Actions, Cover, Match, Pattern, Piece};
use super::slots::{self, Said};
use super::token::{Token, TokenKind};

/// Which rung understood a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The phrases.
    Pattern,
    /// The sentence encoder.
    Similar,
}

impl Tier {
    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Pattern => "pattern",
            Tier::Similar => "similar",
        }
    }
}

/// A command as said, not yet resolved against the car.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Index into [`Actions`].
    pub action: usize,
    /// Relative direction, if it is a step.
    pub direction: Option<String>,
    /// What the slots took.
    pub said: BTreeMap<String, Said>,
    /// Zone groups that were named; none: nothing was said.
    pub zones: Option<Vec<usize>>,
    /// 0 to 1.
    pub confidence: f64,
    /// Which rung.
    pub tier: Tier,
    /// First token and one past the last.
    pub span: (usize, usize),
    /// Other actions whose phrases fit exactly as well.
    pub rivals: Vec<(usize, Option<String>)>,
}

/// What the pattern rung makes of an utterance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Commands, in spoken order.
    pub proposals: Vec<Proposal>,
    /// How many commands were forbidden ("don't ...").
    pub forbidden: usize,
    /// Clauses, or parts of them, that nothing explains.
    pub leftover: Vec<(usize, usize)>,
    /// A word was left over that makes acting on the rest unsafe.
    pub is_blocked: bool,
}

/// How much of a clause must be explained for its command to count.
const CLAUSE_COVERAGE: f64 = 0.75;

/// Everything needed to read.
pub struct Reader<'a> {
    /// Compiled phrases.
    pub pattern: &'a Pattern,
    /// Every action.
    pub actions: &'a Actions,
    /// Small words.
    pub lexicon: &'a Lexicon,
    /// The utterance.
    pub tokens: &'a [Token],
    /// Whether it asks something; then only a clause that is explained to the last word counts.
    pub is_question: bool,
}

/// A clause: what stands between two joints.
#[derive(Default)]
struct Clause {
    start: usize,
    proposals: Vec<Proposal>,
    forbidden: usize,
    zones: Vec<(usize, usize, Vec<usize>)>,
    leftover: Vec<(usize, usize)>,
}

impl Reader<'_> {
    /// Reads a cover.
    pub fn read(&self, cover: &Cover) -> Reading {
        let mut reading = Reading::default();
        let mut previous: Option<Proposal> = None;
        let clauses = self.clauses(cover);
        let follower = |index: usize| clauses.get(index + 1).and_then(|clause| clause.proposals.first()).cloned();
        let followers: Vec<Option<Proposal>> = (0..clauses.len()).map(follower).collect();
        for (mut clause, next) in clauses.into_iter().zip(followers) {
            self.attach_zones(&mut clause, previous.as_ref());
            self.bind_values(&mut clause);
            self.share(&mut clause, previous.as_ref(), next.as_ref());
            clause.proposals.retain(|proposal| !is_repeated(proposal, &reading.proposals));
            self.judge(clause, &mut reading);
            previous = reading.proposals.last().cloned().or(previous);
        }
        reading
    }

    fn clauses(&self, cover: &Cover) -> Vec<Clause> {
        let mut clauses = vec![Clause::default()];
        for piece in &cover.pieces {
            let clause = clauses.last_mut().expect("there is always one");
            match piece {
                Piece::Command { found, rivals, negated } if !negated => clause.proposals.push(proposal(found, rivals)),
                Piece::Command { .. } => clause.forbidden += 1,
                Piece::Zone(start, end, groups) => clause.zones.push((*start, *end, groups.clone())),
                Piece::Leftover(start, end) => clause.leftover.push((*start, *end)),
                Piece::Joint(start, end) if start < end => clauses.push(Clause { start: *end, ..Clause::default() }),
                Piece::Joint(..) => {}
            }
        }
        clauses
    }

    /// A zone by itself belongs to the command behind it, else to the one before it, else it repeats the previous command elsewhere.
    fn attach_zones(&self, clause: &mut Clause, previous: Option<&Proposal>) {
        for (start, end, groups) in std::mem::take(&mut clause.zones) {
            let takes = |proposal: &Proposal| proposal.zones.is_none() && self.actions.entries[proposal.action].zone.is_some();
            let behind = clause.proposals.iter().position(|proposal| proposal.span.0 >= end && takes(proposal));
            let before = clause.proposals.iter().rposition(|proposal| proposal.span.1 <= start && takes(proposal));
            if let Some(index) = behind.or(before) {
                clause.proposals[index].zones = Some(groups);
                continue;
            }
            let model = clause.proposals.iter().rfind(|proposal| proposal.span.1 <= start).or(previous).cloned();
            match model.filter(|model| self.actions.entries[model.action].zone.is_some()) {
                Some(model) => clause.proposals.push(Proposal { zones: Some(groups), span: (start, end), ..model }),
                None => clause.leftover.push((start, end)),
            }
        }
        clause.proposals.sort_by_key(|proposal| proposal.span);
        clause.leftover.sort_unstable();
    }

    /// A leftover that is exactly a value for a neighbouring command belongs to it: 座椅加热打开两挡.
    fn bind_values(&self, clause: &mut Clause) {
        let leftovers = std::mem::take(&mut clause.leftover);
        for (start, end) in leftovers {
            let bound = clause
                .proposals
                .iter_mut()
                .rev()
                .any(|proposal| (proposal.span.1 <= start || proposal.span.0 >= end) && self.bind(proposal, start, end));
            if !bound {
                clause.leftover.push((start, end));
            }
        }
    }

    fn bind(&self, proposal: &mut Proposal, start: usize, end: usize) -> bool {
        let entry = &self.actions.entries[proposal.action];
        let repeats = proposal.zones.is_some() && proposal.span.1 - proposal.span.0 <= 6;
        for (name, argument) in &entry.action.arguments {
            if is_free(argument.kind) || proposal.said.contains_key(name) && !repeats {
                continue;
            }
            let found = slots::candidates(self.lexicon, &entry.choices, name, argument, self.tokens, start);
            if let Some((_, said)) = found.into_iter().find(|(after, _)| *after == end) {
                proposal.said.insert(name.clone(), said);
                proposal.span = (proposal.span.0.min(start), proposal.span.1.max(end));
                return true;
            }
        }
        false
    }

    /// A clause without a command of its own borrows the verb of its neighbour: "open the window and the sunroof", 把车窗和天窗打开.
    fn share(&self, clause: &mut Clause, previous: Option<&Proposal>, next: Option<&Proposal>) {
        let &[(start, end)] = clause.leftover.as_slice() else { return };
        if !clause.proposals.is_empty() || clause.forbidden > 0 || end - start > 8 {
            return;
        }
        let own = &self.tokens[start..end];
        let topic = previous.into_iter().flat_map(|model| self.on_topic(model, own));
        let borrowed = previous.into_iter().flat_map(|model| {
            let words = &self.tokens[model.span.0..model.span.1];
            (1..=3.min(words.len())).map(move |count| [&words[..count], own].concat())
        });
        let lent = next.into_iter().flat_map(|model| {
            let words = &self.tokens[model.span.0..model.span.1];
            (1..=3.min(words.len())).map(move |count| [own, &words[words.len() - count..]].concat())
        });
        for tokens in borrowed.chain(lent).chain(topic) {
            let cover = self.pattern.cover(self.actions, self.lexicon, &tokens);
            let [Piece::Command { found, rivals, negated: false }] = cover.pieces.as_slice() else { continue };
            if found.end - found.start + 1 < tokens.len() || !found.bindings.iter().all(|binding| !matches!(binding.said, Said::Text(_))) {
                continue;
            }
            clause.leftover.clear();
            clause.proposals.push(Proposal { span: (start, end), confidence: 0.93, ..proposal(found, rivals) });
            return;
        }
    }

    /// The clause with the previous command's object in front or in place of a pronoun: "turn on the AC and set it to 20", 打开空调然后调到24度.
    fn on_topic(&self, model: &Proposal, own: &[Token]) -> Vec<Vec<Token>> {
        let words = &self.tokens[model.span.0..model.span.1];
        let pronoun = own.iter().position(|token| matches!(token.text.as_str(), "it" | "them" | "that" | "its" | "它"));
        let objects = (1..words.len()).map(|from| &words[from..]).chain((1..words.len()).map(|to| &words[..to]));
        objects
            .map(|object| match pronoun {
                Some(at) => [&own[..at], object, &own[at + 1..]].concat(),
                None => [object, own].concat(),
            })
            .collect()
    }

    fn judge(&self, clause: Clause, reading: &mut Reading) {
        let has = |set: &super::lexicon::WordSet| {
            clause.leftover.iter().any(|(start, end)| (*start..*end).any(|at| set.longest(self.tokens, at).is_some()))
        };
        let unexplained: usize = clause.leftover.iter().map(|(start, end)| end - start).sum();
        let explained: usize = clause.proposals.iter().map(|proposal| proposal.span.1 - proposal.span.0).sum();
        let coverage = explained as f64 / (explained + unexplained).max(1) as f64;
        let is_conditional = has(&self.lexicon.conditional);
        reading.is_blocked |= is_conditional;
        reading.forbidden += clause.forbidden;
        if unexplained == 0 {
            reading.proposals.extend(clause.proposals);
        } else if coverage >= CLAUSE_COVERAGE
            && !self.is_question
            && !clause.proposals.iter().any(|proposal| proposal.said.values().any(|said| matches!(said, Said::Text(_))))
            && !is_conditional
            && !has(&self.lexicon.blocker)
            && !has(&self.lexicon.negation)
        {
            reading
                .proposals
                .extend(clause.proposals.into_iter().map(|proposal| Proposal { confidence: 0.6 + 0.3 * coverage, ..proposal }));
        } else {
            reading.leftover.push(self.clause_span(&clause));
        }
    }

    fn clause_span(&self, clause: &Clause) -> (usize, usize) {
        let spans = clause.leftover.iter().copied().chain(clause.proposals.iter().map(|proposal| proposal.span));
        let (mut start, mut end) = (usize::MAX, 0);
        for (from, to) in spans {
            start = start.min(from);
            end = end.max(to);
        }
        // Words such as "can I" or "how" in front belong to what was not understood.
        while start > clause.start && self.tokens[start - 1].kind != TokenKind::Separator {
            start -= 1;
        }
        (start, end)
    }
}

/// The same wish said twice is one wish; a step said twice is two steps.
fn is_repeated(proposal: &Proposal, earlier: &[Proposal]) -> bool {
    proposal.direction.is_none()
        && earlier.iter().any(|other| other.action == proposal.action && other.said == proposal.said && other.zones == proposal.zones)
}

fn is_free(kind: plugins::manifest::Kind) -> bool {
    use plugins::manifest::Kind;
    matches!(kind, Kind::Text | Kind::Contact | Kind::Place | Kind::Zone)
}

fn proposal(found: &Match, rivals: &[Match]) -> Proposal {
    let mut said = BTreeMap::new();
    let mut zones = None;
    for binding in found.bindings.iter().chain(&found.floating) {
        match &binding.said {
            Said::Zones(groups) => zones = Some(groups.clone()),
            other => {
                said.insert(binding.slot.clone(), other.clone());
            }
        }
    }
    Proposal {
        action: found.action,
        direction: found.direction.clone(),
        said,
        zones,
        confidence: 0.98,
        tier: Tier::Pattern,
        span: (found.start, found.end),
        rivals: rivals.iter().map(|rival| (rival.action, rival.direction.clone())).collect(),
    }
}
