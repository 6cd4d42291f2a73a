//! The inputs that graphs of encoders are known to have, and how tokens become them.

use std::path::Path;

use crate::ModelError;
use crate::runtime::{Session, Tensor};
use crate::tokenizer::Tokens;

/// A graph's inputs, in its own order.
pub(crate) struct Inputs(Vec<(String, Input)>);

#[derive(Clone, Copy)]
enum Input {
    Ids,
    Mask,
    Types,
    Positions,
}

impl Inputs {
    /// What the graph wants; an input that nobody knows is refused.
    pub(crate) fn of(path: &Path, session: &Session) -> Result<Self, ModelError> {
        let known = |name: String| {
            let input = match name.as_str() {
                "input_ids" => Input::Ids,
                "attention_mask" => Input::Mask,
                "token_type_ids" => Input::Types,
                "position_ids" => Input::Positions,
                _ => return Err(ModelError::unsupported(path, format!("the graph wants the input {name:?}"))),
            };
            Ok((name, input))
        };
        session.inputs().into_iter().map(known).collect::<Result<_, _>>().map(Self)
    }

    /// Runs one text, shape `[1, length]`, and gives the named outputs in their order.
    pub(crate) fn run<const N: usize>(
        &self,
        session: &mut Session,
        tokens: &Tokens,
        outputs: [&str; N],
    ) -> Result<[Tensor; N], ModelError> {
        let length = tokens.ids.len();
        if length == 0 {
            return Err(ModelError::NoTokens);
        }
        let mask = vec![1; length];
        let positions: Vec<i64> = (0..).take(length).collect();
        let values: Vec<(&str, &[i64])> = self
            .0
            .iter()
            .map(|(name, input)| match input {
                Input::Ids => (name.as_str(), tokens.ids.as_slice()),
                Input::Mask => (name.as_str(), mask.as_slice()),
                Input::Types => (name.as_str(), tokens.types.as_slice()),
                Input::Positions => (name.as_str(), positions.as_slice()),
            })
            .collect();
        session.run(&values, outputs)
    }
}
