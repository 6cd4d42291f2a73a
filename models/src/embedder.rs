//! The sentence encoder as the rest of Steward uses it: text in, vector out, from any thread.

use crate::ModelError;
use crate::encoder::Encoder;
use crate::folder::{EncoderSection, ModelFolder, Thresholds};
use crate::runtime::Runtime;
use crate::tokenizer::{Tokenizer, Tokens};
use crate::workers::Workers;

/// Turns sentences into vectors. Each thread owns one session and takes its work from a short queue.
pub struct Embedder {
    tokenizer: Tokenizer,
    workers: Workers<Vec<f32>>,
    settings: EncoderSection,
    folder: ModelFolder,
}

impl Embedder {
    /// Loads the model once per thread of the runtime, and runs each copy once: a model that does not give vectors of
    /// the size that its folder says is refused here.
    pub fn load(runtime: &Runtime, folder: &ModelFolder) -> Result<Embedder, ModelError> {
        let settings = folder.encoder()?.clone();
        let tokenizer = Tokenizer::load(folder.tokenizer_file(), settings.max_tokens)?;
        let warm_up = tokenizer.encode("a")?;
        let mut copies = Vec::new();
        for _ in 0..runtime.threads() {
            let mut encoder = Encoder::load(runtime, folder.model_file(), &settings)?;
            encoder.encode(&warm_up)?;
            copies.push(move |tokens: &Tokens| encoder.encode(tokens));
        }
        Ok(Embedder { tokenizer, workers: Workers::start("encoder", copies)?, settings, folder: folder.clone() })
    }

    /// The vector of one sentence: [`Embedder::dimension`] components, of unit length if the model says so. Waits for the
    /// answer; [`ModelError::Busy`] at once when the queue is full.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, ModelError> {
        self.workers.run(self.tokenizer.encode(text)?)
    }

    /// The vectors of many sentences, in their order. One sentence per run, because the rounding of a quantized model
    /// depends on what else is in a batch. `progress` is called with the number of finished sentences.
    pub fn embed_all(&self, texts: &[String], progress: &mut dyn FnMut(usize)) -> Result<Vec<Vec<f32>>, ModelError> {
        self.workers.run_all(texts.iter().map(|text| self.tokenizer.encode(text)), progress)
    }

    /// Components of a vector.
    pub fn dimension(&self) -> usize {
        self.settings.dimension
    }

    /// sha256 (hexadecimal) over the model's files, the tokenizer and the pooling. Vectors of different identities must
    /// never be compared.
    pub fn identity(&self) -> &str {
        self.folder.identity()
    }

    /// The languages that the model understands; empty when unknown.
    pub fn languages(&self) -> &[String] {
        &self.folder.manifest().model.languages
    }

    /// The cosines that mean something for this model.
    pub fn thresholds(&self) -> &Thresholds {
        &self.folder.manifest().thresholds
    }

    /// The model's tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }
}
