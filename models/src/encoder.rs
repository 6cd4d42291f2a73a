//! A sentence encoder on one session: tokens in, one vector out.

use std::path::Path;

use crate::ModelError;
use crate::folder::EncoderSection;
use crate::inputs::Inputs;
use crate::pooling;
use crate::runtime::{Runtime, Session, Tensor};
use crate::tokenizer::Tokens;

/// A loaded model for one thread.
pub(crate) struct Encoder {
    session: Session,
    inputs: Inputs,
    output: String,
    settings: EncoderSection,
}

impl Encoder {
    /// Loads the model and sees that its inputs and outputs are those of an encoder.
    pub(crate) fn load(runtime: &Runtime, path: &Path, settings: &EncoderSection) -> Result<Self, ModelError> {
        let session = runtime.session(path)?;
        let inputs = Inputs::of(path, &session)?;
        let output = output(path, &session.outputs())?;
        Ok(Self { session, inputs, output, settings: settings.clone() })
    }

    /// The sentence's vector.
    pub(crate) fn encode(&mut self, tokens: &Tokens) -> Result<Vec<f32>, ModelError> {
        let length = tokens.ids.len();
        let [tensor] = self.inputs.run(&mut self.session, tokens, [&self.output])?;
        let mut vector = self.pool(tensor, length)?;
        if self.settings.normalize {
            pooling::normalize(&mut vector);
        }
        Ok(vector)
    }

    fn pool(&self, tensor: Tensor, length: usize) -> Result<Vec<f32>, ModelError> {
        let expected = self.settings.dimension;
        match *tensor.shape.as_slice() {
            [1, rows, dimension] if rows == length && dimension == expected => Ok(self.settings.pooling.apply(&tensor.data, dimension)),
            ref shape => {
                Err(ModelError::failed(format!("output {} has the shape {shape:?} instead of [1, {length}, {expected}]", self.output)))
            }
        }
    }
}

/// The usual exporters' names for the token vectors; failing that, the first output with three axes.
fn output(path: &Path, outputs: &[(String, Option<usize>)]) -> Result<String, ModelError> {
    let named = |wanted: &str| outputs.iter().find(|(name, _)| name == wanted);
    let by_name = || ["last_hidden_state", "token_embeddings"].into_iter().find_map(named);
    let by_rank = || outputs.iter().find(|(_, rank)| *rank == Some(3));
    let found = by_name().or_else(by_rank).map(|(name, _)| name.clone());
    found.ok_or_else(|| ModelError::unsupported(path, "the graph has no output with one vector per token"))
}
