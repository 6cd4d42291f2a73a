//! A sentence encoder on one session: tokens in, one vector out.

use std::path::Path;

use crate::ModelError;
use crate::folder::{EncoderSection, ModelFolder};
use crate::pooling;
use crate::runtime::{Runtime, Session, Tensor};
use crate::tokenizer::Tokens;

/// A loaded model for one thread.
pub(crate) struct Encoder {
    session: Session,
    inputs: Vec<(String, Input)>,
    output: String,
    settings: EncoderSection,
}

/// The inputs that graphs of encoders are known to have.
#[derive(Clone, Copy)]
enum Input {
    Ids,
    Mask,
    Types,
    Positions,
}

impl Encoder {
    /// Loads the model and sees that its inputs and outputs are those of an encoder.
    pub(crate) fn load(runtime: &Runtime, folder: &ModelFolder) -> Result<Self, ModelError> {
        let path = folder.model_file();
        let session = runtime.session(path)?;
        let inputs = session.inputs().into_iter().map(|name| input(path, name)).collect::<Result<Vec<_>, _>>()?;
        let output = output(path, &session.outputs())?;
        Ok(Self { session, inputs, output, settings: folder.manifest().encoder.clone() })
    }

    /// The sentence's vector.
    pub(crate) fn encode(&mut self, tokens: &Tokens) -> Result<Vec<f32>, ModelError> {
        let length = tokens.ids.len();
        if length == 0 {
            return Err(ModelError::NoTokens);
        }
        let mask = vec![1; length];
        let positions: Vec<i64> = (0..).take(length).collect();
        let values: Vec<(&str, &[i64])> = self
            .inputs
            .iter()
            .map(|(name, input)| match input {
                Input::Ids => (name.as_str(), tokens.ids.as_slice()),
                Input::Mask => (name.as_str(), mask.as_slice()),
                Input::Types => (name.as_str(), tokens.types.as_slice()),
                Input::Positions => (name.as_str(), positions.as_slice()),
            })
            .collect();
        let tensor = self.session.run(&values, &self.output)?;
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

fn input(path: &Path, name: String) -> Result<(String, Input), ModelError> {
    let input = match name.as_str() {
        "input_ids" => Input::Ids,
        "attention_mask" => Input::Mask,
        "token_type_ids" => Input::Types,
        "position_ids" => Input::Positions,
        _ => return Err(ModelError::unsupported(path, format!("the graph wants the input {name:?}"))),
    };
    Ok((name, input))
}

/// The usual exporters' names for the token vectors; failing that, the first output with three axes.
fn output(path: &Path, outputs: &[(String, Option<usize>)]) -> Result<String, ModelError> {
    let named = |wanted: &str| outputs.iter().find(|(name, _)| name == wanted);
    let by_name = || ["last_hidden_state", "token_embeddings"].into_iter().find_map(named);
    let by_rank = || outputs.iter().find(|(_, rank)| *rank == Some(3));
    let found = by_name().or_else(by_rank).map(|(name, _)| name.clone());
    found.ok_or_else(|| ModelError::unsupported(path, "the graph has no output with one vector per token"))
}
