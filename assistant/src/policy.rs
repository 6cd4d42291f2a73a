//! Policy.
/// Rules.
pub struct Policy;
