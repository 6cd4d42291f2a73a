//! A short queue between callers and the threads that own model sessions.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A bounded queue. Several threads take from it; those who bring work are refused at once when it is full, or wait,
/// as they like.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    emptied: Condvar,
    capacity: usize,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

/// Why an item was not taken into the queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The queue is full.
    Full,
    /// No thread takes from the queue any more.
    Closed,
}

impl<T> Queue<T> {
    /// A queue that holds at most `capacity` waiting items.
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::with_capacity(capacity), closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), emptied: Condvar::new(), capacity }
    }

    /// Adds an item, or refuses it at once when the queue is full.
    pub(crate) fn offer(&self, item: T) -> Result<(), Refused> {
        let state = self.lock();
        if !state.closed && state.items.len() >= self.capacity {
            return Err(Refused::Full);
        }
        self.put(state, item)
    }

    /// Adds an item, waiting while the queue is full.
    pub(crate) fn push(&self, item: T) -> Result<(), Refused> {
        let mut state = self.lock();
        while !state.closed && state.items.len() >= self.capacity {
            state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.put(state, item)
    }

    fn put(&self, mut state: MutexGuard<'_, State<T>>, item: T) -> Result<(), Refused> {
        if state.closed {
            return Err(Refused::Closed);
        }
        state.items.push_back(item);
        self.filled.notify_one();
        Ok(())
    }

    /// The next item, waiting for one. `None` when the queue was closed; what was still waiting is dropped by then.
    pub(crate) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                self.emptied.notify_one();
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How many items wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Drops what waits and lets everybody who waits go.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.items.clear();
        self.filled.notify_all();
        self.emptied.notify_all();
    }

    /// No code of others runs under the lock, so a poisoned one is still consistent.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_keeps_its_order() {
        let queue = Queue::new(2);
        queue.offer(1).unwrap();
        queue.offer(2).unwrap();
        assert_eq!(queue.offer(3), Err(Refused::Full));
        assert_eq!(queue.take(), Some(1));
        queue.offer(4).unwrap();
        assert_eq!((queue.take(), queue.take()), (Some(2), Some(4)));
    }

    #[test]
    fn push_waits_for_room() {
        let queue = Queue::new(1);
        queue.push(1).unwrap();
        std::thread::scope(|scope| {
            let pushed = scope.spawn(|| queue.push(2));
            assert_eq!(queue.take(), Some(1));
            assert_eq!(queue.take(), Some(2));
            pushed.join().unwrap().unwrap();
        });
    }

    #[test]
    fn closing_wakes_everybody() {
        let queue = Queue::new(1);
        std::thread::scope(|scope| {
            let taker = scope.spawn(|| queue.take());
            queue.close();
            assert_eq!(taker.join().unwrap(), None);
        });
        assert_eq!(queue.offer(1), Err(Refused::Closed));
        assert_eq!(queue.push(1), Err(Refused::Closed));
    }
}
