//! Replies while the car moves: short enough not to take the driver's mind off the road.

use serde_json::json;

use super::Turn;
use crate::policy;
use crate::reply::{ActionReport, ActionState, Reply, ReplyKind};
use crate::say::brief;

impl Turn<'_> {
    /// Shortens what is long while the car moves, or may move for all that is known.
    pub(super) async fn mind_the_road(&mut self, reply: &mut Reply) {
        if brief::is_brief(&reply.text) || !policy::is_moving(self.assistant.vehicle.as_ref()).await {
            return;
        }
        let text = self.short(reply);
        let full = std::mem::replace(&mut reply.text, text);
        self.note("full text", json!(full));
    }

    /// A question of ours must be heard, then what was not done, then how much was.
    fn short(&self, reply: &Reply) -> String {
        let more = self.assistant.phrases.word(&self.language, "and-more");
        let is_done = |report: &&ActionReport| report.state == ActionState::Done;
        let is_open = |report: &&ActionReport| report.state == ActionState::Pending;
        let waiting = reply.actions.iter().find(is_open).map(|report| brief::ending(&report.sentence, &more));
        let undone = || reply.actions.iter().find(|report| !is_done(report)).map(|report| brief::beginning(&report.sentence, &more));
        let unheard = || self.unheard.first().map(|sentence| brief::beginning(sentence, &more));
        let weightiest = waiting.or_else(undone).or_else(unheard);
        let (done, all) = (reply.actions.iter().filter(is_done).count(), reply.actions.len());
        let count = |key: &str| self.speaker().own(key, &[("done", &done.to_string()), ("all", &all.to_string())]);
        match weightiest {
            None if reply.kind == ReplyKind::Done && all > 1 => count("all-done"),
            None => brief::beginning(&reply.text, &more),
            Some(sentence) if done > 0 && brief::sentences(&sentence).len() < brief::SENTENCES => {
                let key = if all == done { "all-done" } else { "some-done" };
                self.assistant.phrases.join(&self.language, &[count(key), sentence])
            }
            Some(sentence) => sentence,
        }
    }
}
