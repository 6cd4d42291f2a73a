//! `steward-tune prepare`: to be filled by whoever builds src/text/.

#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: Arguments) -> anyhow::Result<()> {
    anyhow::bail!("prepare is not built yet")
}
