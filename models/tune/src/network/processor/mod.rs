//! The costly operations on the processor, each in one pass over memory where the training library needs several, forwards
//! and backwards. What they compute is the same; a test compares both.

mod arithmetic;
mod forward;
mod learning;
