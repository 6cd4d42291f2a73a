//! `steward-tune tokenizer`: to be filled by whoever builds src/text/.

#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: Arguments) -> anyhow::Result<()> {
    anyhow::bail!("tokenizer is not built yet")
}
