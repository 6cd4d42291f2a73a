//! Threads that own model sessions and take their work from a short queue: text in, whatever the model makes of it out, from any thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::ModelError;
use crate::queue::{Queue, Refused};
use crate::tokenizer::Tokens;

/// Texts that may wait while all threads are at work; with some milliseconds for each, nobody waits long.
pub(crate) const WAITING: usize = 16;

/// One text on its way. `place` comes back with the answer.
struct Job<O> {
    tokens: Tokens,
    place: usize,
    reply: Sender<Reply<O>>,
}

type Reply<O> = (usize, Result<O, ModelError>);

/// The threads of one model. `O` is what a run gives.
pub(crate) struct Workers<O> {
    queue: Arc<Queue<Job<O>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<O: Send + 'static> Workers<O> {
    /// One thread for each of the model's copies. `name` is what the system calls them.
    pub(crate) fn start<R>(name: &str, copies: Vec<R>) -> Result<Self, ModelError>
    where
        R: FnMut(&Tokens) -> Result<O, ModelError> + Send + 'static,
    {
        let mut workers = Workers { queue: Arc::new(Queue::new(WAITING)), threads: Vec::new() };
        for (number, copy) in copies.into_iter().enumerate() {
            let queue = Arc::clone(&workers.queue);
            let thread = std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || work(copy, &queue));
            workers.threads.push(thread.map_err(|error| ModelError::run("no thread could be started", error))?);
        }
        Ok(workers)
    }

    /// Runs one text and waits for it; [`ModelError::Busy`] at once when the queue is full.
    pub(crate) fn run(&self, tokens: Tokens) -> Result<O, ModelError> {
        let (reply, answer) = channel();
        self.queue.offer(Job { tokens, place: 0, reply }).map_err(refused)?;
        receive(&answer)?.1
    }

    /// Runs many texts, in their order. It keeps the threads busy and leaves the queue to [`Workers::run`], so it waits
    /// where that would be refused. `progress` is called with the number of finished texts.
    pub(crate) fn run_all<T>(&self, texts: T, progress: &mut dyn FnMut(usize)) -> Result<Vec<O>, ModelError>
    where
        T: ExactSizeIterator<Item = Result<Tokens, ModelError>>,
    {
        let (reply, answers) = channel();
        let mut made: Vec<Option<O>> = std::iter::repeat_with(|| None).take(texts.len()).collect();
        let (count, mut finished) = (texts.len(), 0);
        let mut finish_one = |finished: usize| -> Result<usize, ModelError> {
            let (place, output) = receive(&answers)?;
            made[place] = Some(output?);
            progress(finished + 1);
            Ok(finished + 1)
        };
        for (place, tokens) in texts.enumerate() {
            if place - finished > self.threads.len() {
                finished = finish_one(finished)?;
            }
            let job = Job { tokens: tokens?, place, reply: reply.clone() };
            self.queue.push(job).map_err(refused)?;
        }
        while finished < count {
            finished = finish_one(finished)?;
        }
        Ok(made.into_iter().flatten().collect())
    }
}

impl<O> Drop for Workers<O> {
    /// Inference threads must be gone before the process ends.
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A thread ends only when the queue is closed; one that panicked has reported it already.
            let _ = thread.join();
        }
    }
}

/// What each thread does until the queue is closed. A panic costs one text, not the thread.
fn work<O>(mut run: impl FnMut(&Tokens) -> Result<O, ModelError>, queue: &Queue<Job<O>>) {
    while let Some(Job { tokens, place, reply }) = queue.take() {
        let output = catch_unwind(AssertUnwindSafe(|| run(&tokens)));
        let output = output.unwrap_or_else(|_| Err(ModelError::failed("the model's thread panicked")));
        // Nobody listens any more when a caller gave up after another text's error.
        let _ = reply.send((place, output));
    }
}

fn refused(reason: Refused) -> ModelError {
    match reason {
        Refused::Full => ModelError::Busy,
        Refused::Closed => ModelError::failed("the model is shutting down"),
    }
}

fn receive<O>(answers: &Receiver<Reply<O>>) -> Result<Reply<O>, ModelError> {
    answers.recv().map_err(|error| ModelError::run("the model's thread is gone", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: i64) -> Tokens {
        Tokens { ids: vec![number], types: vec![0], ..Tokens::default() }
    }

    /// Workers whose threads never come to take anything.
    fn without_threads() -> Workers<i64> {
        Workers { queue: Arc::new(Queue::new(WAITING)), threads: Vec::new() }
    }

    #[test]
    fn a_full_queue_is_busy_at_once_and_those_who_wait_are_let_go() {
        let workers = without_threads();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..WAITING).map(|_| scope.spawn(|| workers.run(text(1)))).collect();
            while workers.queue.len() < WAITING {
                std::thread::yield_now();
            }
            assert!(matches!(workers.run(text(1)), Err(ModelError::Busy)));
            workers.queue.close();
            for caller in waiting {
                assert!(matches!(caller.join().unwrap(), Err(ModelError::Run { .. })));
            }
        });
        assert!(matches!(workers.run(text(1)), Err(ModelError::Run { .. })));
    }

    #[test]
    fn many_texts_come_back_in_order_and_a_panic_costs_one() {
        let double = || {
            |tokens: &Tokens| {
                assert!(tokens.ids[0] != 13, "thirteen");
                Ok(tokens.ids[0] * 2)
            }
        };
        let workers = Workers::start("doubling", vec![double(), double()]).unwrap();
        let texts: Vec<i64> = (20..90).collect();
        let mut calls = 0;
        let made = workers.run_all(texts.iter().map(|number| Ok(text(*number))), &mut |_| calls += 1).unwrap();
        assert_eq!((made, calls), (texts.iter().map(|number| number * 2).collect::<Vec<_>>(), 70));
        assert!(workers.run(text(13)).is_err());
        assert_eq!(workers.run(text(14)).unwrap(), 28);
    }
}
