//! Chats for decoders: lines of messages, and a template in a file that says how they become one text.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::lines::Line;
use super::tokens::Tokens;
use crate::{TuneError, file};

/// `chat.toml`: what stands around each role's text. Special tokens are written as the tokenizer names them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// What a chat starts with.
    #[serde(default)]
    pub start: String,
    /// The token that ends an answer.
    pub stop: String,
    /// What stands before and after the text of `system`, `user` and `assistant`.
    pub role: BTreeMap<String, Around>,
}

/// What stands around a text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Around {
    /// Before it.
    #[serde(default)]
    pub before: String,
    /// After it.
    #[serde(default)]
    pub after: String,
}

/// A line of the data: messages; or the layouts of Alpaca and ShareGPT.
#[derive(Debug, Clone, Deserialize)]
pub struct Chat {
    /// The messages in order.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// ShareGPT's messages.
    #[serde(default)]
    pub conversations: Vec<Message>,
    /// Alpaca's request.
    #[serde(default)]
    pub instruction: Option<String>,
    /// Alpaca's further text of the request.
    #[serde(default)]
    pub input: String,
    /// Alpaca's answer.
    #[serde(default)]
    pub output: String,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`; ShareGPT's `human` and `gpt` as well.
    #[serde(alias = "from")]
    pub role: String,
    /// Its text.
    #[serde(alias = "value")]
    pub content: String,
}

/// A chat as tokens, and for each whether an assistant says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Talk {
    /// Token numbers.
    pub ids: Vec<u32>,
    /// Whether it belongs to an answer, its end included.
    pub answer: Vec<bool>,
}

impl Chat {
    /// The messages, whatever the layout.
    pub fn messages(&self) -> Vec<Message> {
        let message = |role: &str, content: String| Message { role: role.to_owned(), content };
        if let Some(instruction) = &self.instruction {
            let asked = if self.input.is_empty() { instruction.clone() } else { format!("{instruction}\n{}", self.input) };
            return vec![message("user", asked), message("assistant", self.output.clone())];
        }
        let given = if self.messages.is_empty() { &self.conversations } else { &self.messages };
        let usual = |role: &str| match role {
            "human" => "user".to_owned(),
            "gpt" => "assistant".to_owned(),
            other => other.to_owned(),
        };
        given.iter().map(|entry| message(&usual(&entry.role), entry.content.clone())).collect()
    }
}

impl Template {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, TuneError> {
        file::read_toml(path)
    }

    /// A chat as tokens, cut at the tokenizer's limit.
    pub fn talk(&self, line: &Line<Chat>, tokens: &Tokens) -> Result<Talk, TuneError> {
        let messages = line.value.messages();
        if !messages.iter().any(|message| message.role == "assistant") {
            return Err(line.wrong("no message has the role \"assistant\", so there is nothing to learn"));
        }
        let mut talk = Talk::default();
        talk.add(&tokens.plain(&self.start)?, false);
        for message in &messages {
            let around = self.role.get(&message.role);
            let around = around.ok_or_else(|| line.wrong(format!("the template has no role {:?}", message.role)))?;
            let own = message.role == "assistant";
            talk.add(&tokens.plain(&around.before)?, false);
            talk.add(&tokens.plain(&message.content)?, own);
            talk.add(&tokens.plain(&around.after)?, own);
        }
        talk.ids.truncate(tokens.limit);
        talk.answer.truncate(tokens.limit);
        Ok(talk)
    }

    /// What stands before an answer: the messages, and the start of the assistant's.
    pub fn prompt(&self, messages: &[Message], tokens: &Tokens) -> Result<Vec<u32>, TuneError> {
        let mut text = self.start.clone();
        for message in messages {
            let around = self.role.get(&message.role);
            let missing = || TuneError::Settings(format!("the template has no role {:?}", message.role));
            let around = around.ok_or_else(missing)?;
            text.extend([around.before.as_str(), &message.content, &around.after]);
        }
        text.extend(self.role.get("assistant").map(|around| around.before.as_str()));
        tokens.plain(&text)
    }
}

impl Talk {
    fn add(&mut self, ids: &[u32], answer: bool) {
        self.ids.extend(ids);
        self.answer.extend(std::iter::repeat_n(answer, ids.len()));
    }
}
