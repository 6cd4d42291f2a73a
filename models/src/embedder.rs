//! The sentence encoder as the rest of Steward uses it: text in, vector out, from any thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::ModelError;
use crate::encoder::Encoder;
use crate::folder::{ModelFolder, Thresholds};
use crate::queue::{Queue, Refused};
use crate::runtime::Runtime;
use crate::tokenizer::{Tokenizer, Tokens};

/// Sentences that may wait while all threads are at work; with some milliseconds for each, nobody waits long.
const WAITING: usize = 16;

/// Turns sentences into vectors. Each thread owns one session and takes its work from a short queue.
pub struct Embedder {
    tokenizer: Tokenizer,
    queue: Arc<Queue<Job>>,
    threads: Vec<JoinHandle<()>>,
    folder: ModelFolder,
}

/// One sentence on its way. `place` comes back with the answer.
struct Job {
    tokens: Tokens,
    place: usize,
    reply: Sender<Reply>,
}

type Reply = (usize, Result<Vec<f32>, ModelError>);

impl Embedder {
    /// Loads the model once per thread of the runtime, and runs each copy once: a model that does not give vectors of
    /// the size that its folder says is refused here.
    pub fn load(runtime: &Runtime, folder: &ModelFolder) -> Result<Embedder, ModelError> {
        let tokenizer = Tokenizer::load(folder.tokenizer_file(), folder.manifest().encoder.max_tokens)?;
        let warm_up = tokenizer.encode("a")?;
        let queue = Arc::new(Queue::new(WAITING));
        let mut embedder = Embedder { tokenizer, queue, threads: Vec::new(), folder: folder.clone() };
        for number in 0..runtime.threads() {
            let mut encoder = Encoder::load(runtime, folder)?;
            encoder.encode(&warm_up)?;
            let queue = Arc::clone(&embedder.queue);
            let thread = std::thread::Builder::new().name(format!("encoder-{number}")).spawn(move || work(encoder, &queue));
            embedder.threads.push(thread.map_err(|error| ModelError::run("no thread could be started", error))?);
        }
        Ok(embedder)
    }

    /// The vector of one sentence: [`Embedder::dimension`] components, of unit length if the model says so. Waits for the
    /// answer; [`ModelError::Busy`] at once when the queue is full.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, ModelError> {
        let (reply, answer) = channel();
        let job = Job { tokens: self.tokenizer.encode(text)?, place: 0, reply };
        self.queue.offer(job).map_err(refused)?;
        receive(&answer)?.1
    }

    /// The vectors of many sentences, in their order. One sentence per run, because the rounding of a quantized model
    /// depends on what else is in a batch. It keeps the threads busy and leaves the queue to [`Embedder::embed`], so it
    /// waits where that would be refused. `progress` is called with the number of finished sentences.
    pub fn embed_all(&self, texts: &[String], progress: &mut dyn FnMut(usize)) -> Result<Vec<Vec<f32>>, ModelError> {
        let (reply, answers) = channel();
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut done = 0;
        let mut finish_one = || -> Result<usize, ModelError> {
            let (place, vector) = receive(&answers)?;
            vectors[place] = vector?;
            done += 1;
            progress(done);
            Ok(done)
        };
        let mut finished = 0;
        for (place, text) in texts.iter().enumerate() {
            if place - finished > self.threads.len() {
                finished = finish_one()?;
            }
            let job = Job { tokens: self.tokenizer.encode(text)?, place, reply: reply.clone() };
            self.queue.push(job).map_err(refused)?;
        }
        while finished < texts.len() {
            finished = finish_one()?;
        }
        Ok(vectors)
    }

    /// Components of a vector.
    pub fn dimension(&self) -> usize {
        self.folder.manifest().encoder.dimension
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

impl Drop for Embedder {
    /// Inference threads must be gone before the process ends.
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A thread ends only when the queue is closed; one that panicked has reported it already.
            let _ = thread.join();
        }
    }
}

/// What each thread does until the queue is closed. A panic costs one sentence, not the thread.
fn work(mut encoder: Encoder, queue: &Queue<Job>) {
    while let Some(Job { tokens, place, reply }) = queue.take() {
        let vector = catch_unwind(AssertUnwindSafe(|| encoder.encode(&tokens)));
        let vector = vector.unwrap_or_else(|_| Err(ModelError::failed("the encoder panicked")));
        // Nobody listens any more when a caller gave up after another sentence's error.
        let _ = reply.send((place, vector));
    }
}

fn refused(reason: Refused) -> ModelError {
    match reason {
        Refused::Full => ModelError::Busy,
        Refused::Closed => ModelError::failed("the encoder is shutting down"),
    }
}

fn receive(answers: &Receiver<Reply>) -> Result<Reply, ModelError> {
    answers.recv().map_err(|error| ModelError::run("the encoder's thread is gone", error))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// An embedder whose threads never come to take anything.
    fn without_threads() -> Embedder {
        let folder = ModelFolder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny-mean")).unwrap();
        let tokenizer = Tokenizer::load(folder.tokenizer_file(), 7).unwrap();
        Embedder { tokenizer, queue: Arc::new(Queue::new(WAITING)), threads: Vec::new(), folder }
    }

    #[test]
    fn a_full_queue_is_busy_at_once_and_those_who_wait_are_let_go() {
        let embedder = without_threads();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..WAITING).map(|_| scope.spawn(|| embedder.embed("open"))).collect();
            while embedder.queue.len() < WAITING {
                std::thread::yield_now();
            }
            assert!(matches!(embedder.embed("open"), Err(ModelError::Busy)));
            embedder.queue.close();
            for caller in waiting {
                assert!(matches!(caller.join().unwrap(), Err(ModelError::Run { .. })));
            }
        });
        assert!(matches!(embedder.embed("open"), Err(ModelError::Run { .. })));
    }
}
