//! The benchmark.

use anyhow::Result;

use crate::stand::Stand;

/// Measures and prints.
///
/// # Errors
/// None yet.
pub async fn run(_stand: &Stand) -> Result<()> {
    Ok(())
}
