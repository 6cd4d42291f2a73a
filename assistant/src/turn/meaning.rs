//! What an utterance means, without doing it.

use super::Turn;
use crate::reply::{Meaning, MeantCommand};
use crate::understand::original;
use crate::understand::resolve::{Resolved, resolve};

impl Turn<'_> {
    /// Understands and resolves, and stops there.
    pub(crate) async fn meaning(&mut self, text: &str) -> Meaning {
        let understood = match crate::blocking(|| self.assistant.understander.understand(text, &self.options.language)) {
            Ok(understood) => understood,
            Err(error) => {
                tracing::warn!(%error, "the text could not be understood");
                return Meaning {
                    commands: Vec::new(),
                    question: false,
                    language: self.language.clone(),
                    confidence: 0.0,
                    leftover: text.to_owned(),
                };
            }
        };
        let mut commands = Vec::new();
        for proposal in &understood.proposals {
            let tokens = &understood.tokens[proposal.span.0..proposal.span.1.min(understood.tokens.len())];
            let span = tokens.first().zip(tokens.last()).map_or((0, 0), |(first, last)| (first.start as u32, last.end as u32));
            for resolved in resolve(proposal, &self.surroundings()).await {
                let (Resolved::Ready(command) | Resolved::Missing(command, _) | Resolved::Impossible(command, _)) = resolved;
                commands.push(MeantCommand {
                    plugin: command.plugin,
                    action: command.action,
                    arguments: command.arguments,
                    confidence: command.confidence,
                    tier: command.tier,
                    span,
                });
            }
        }
        let leftover: Vec<String> =
            understood.leftover.iter().map(|(start, end)| original(text, &understood.tokens[*start..*end])).collect();
        let confidence = commands.iter().map(|command| command.confidence).fold(f64::INFINITY, f64::min);
        Meaning {
            question: understood.is_question && !understood.leftover.is_empty(),
            language: understood.language,
            confidence: if confidence.is_finite() { confidence } else { 0.0 },
            leftover: leftover.join(" "),
            commands,
        }
    }
}
