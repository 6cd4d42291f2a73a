//! An utterance without a command: undo and silence, a question, or nothing that can be helped with.

use serde_json::json;

use super::Turn;
use crate::answer::{self, Answer};
use crate::reply::{Reply, ReplyKind};
use crate::session::Session;
use crate::understand::Understood;
use crate::understand::lexicon::WordSet;
use crate::understand::reading::Tier;
use crate::understand::token::{Token, TokenKind};

impl Turn<'_> {
    /// Answers, or says that it cannot.
    pub(crate) async fn without_command(&mut self, session: &mut Session, text: &str, understood: Understood) -> Reply {
        let lexicon = &self.assistant.understander.lexicon;
        if understood.tokens.is_empty()
            || understood.tokens.iter().all(|token| matches!(token.kind, TokenKind::Separator | TokenKind::Sign))
        {
            return self.reply(ReplyKind::Unknown, self.speaker().own("unknown-empty", &[]));
        }
        if is_only(&lexicon.undo, &lexicon.soft, &understood.tokens) {
            return self.undo(session, None).await;
        }
        if is_only(&lexicon.stop, &lexicon.soft, &understood.tokens) {
            return self.reply(ReplyKind::Cancelled, self.speaker().own("stopped", &[]));
        }
        if understood.forbidden > 0 && understood.leftover.is_empty() {
            let mut reply = self.reply(ReplyKind::Done, self.speaker().own("forbidden", &[]));
            reply.confidence = 0.9;
            reply.tier = "pattern".to_owned();
            return reply;
        }
        match self.look_up(text, understood.is_question, understood.vector).await {
            Some(answer) => self.known(answer),
            None => {
                let key = if understood.is_question { "no-answer" } else { "unknown" };
                self.reply(ReplyKind::Unknown, self.speaker().own(key, &[]))
            }
        }
    }

    /// A question that was only guessed to be a query of the car is rather answered from the handbook where that is sure.
    pub(crate) async fn rather_known(&mut self, text: &str, understood: &Understood) -> Option<Reply> {
        let is_guess = understood.proposals.iter().all(|proposal| proposal.tier == Tier::Similar);
        if !understood.is_question || !is_guess {
            return None;
        }
        let answer = self.look_up(text, true, understood.vector.clone()).await?;
        Some(self.known(answer))
    }

    fn known(&self, answer: Answer) -> Reply {
        let mut reply = self.reply(ReplyKind::Answer, answer.text);
        reply.sources = answer.sources;
        reply.tier = answer.tier.to_owned();
        reply.confidence = answer.confidence;
        reply
    }

    /// Looks a question up in what the car knows.
    pub(super) async fn look_up(&mut self, question: &str, is_question: bool, vector: Option<Vec<f32>>) -> Option<Answer> {
        let knowledge = self.assistant.knowledge()?;
        self.progress("searching");
        let embedder = self.assistant.embedder();
        let found = crate::blocking(|| answer::answer(&knowledge, embedder.as_ref(), question, &self.language, is_question, vector));
        self.lap("answer");
        match found {
            Ok((answer, hits)) => {
                let rows: Vec<_> = hits
                    .iter()
                    .map(|hit| json!({ "id": hit.id, "keyword": hit.keyword, "vector": hit.vector, "score": hit.score }))
                    .collect();
                self.note("hits", json!(rows));
                answer
            }
            Err(error) => {
                tracing::warn!(%error, "the knowledge could not be searched");
                None
            }
        }
    }
}

/// Whether the tokens are one of the sequences and small words, nothing else.
pub(super) fn is_only(set: &WordSet, soft: &WordSet, tokens: &[Token]) -> bool {
    let (mut at, mut any) = (0, false);
    while at < tokens.len() {
        if tokens[at].kind == TokenKind::Separator {
            at += 1;
        } else if let Some((end, _)) = set.longest(tokens, at) {
            any = true;
            at = end;
        } else if let Some((end, _)) = soft.longest(tokens, at) {
            at = end;
        } else {
            return false;
        }
    }
    any
}
