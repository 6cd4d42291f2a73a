//! `steward-tune export`: a folder's network as an ONNX file.

use std::path::PathBuf;

use anyhow::bail;
use steward_tune::network::folder::is_decoder;
use steward_tune::network::{DecoderFolder, EncoderFolder, Head};
use steward_tune::{file, onnx};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder: ours, a run's, or Hugging Face's.
    folder: PathBuf,
    /// The ONNX file to write.
    #[arg(long)]
    out: PathBuf,
    /// Heads to export; all of them if none is named. `none`: the bare trunk.
    #[arg(long, value_delimiter = ',')]
    heads: Vec<String>,
    /// The most tokens of a text that the file allows; fewer make it smaller.
    #[arg(long)]
    max_tokens: Option<usize>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let bytes = if is_decoder(&arguments.folder)? { decoder(&arguments)? } else { encoder(&arguments)? };
    file::write(&arguments.out, &bytes)?;
    println!("{}: {:.1} MB", arguments.out.display(), bytes.len() as f64 / 1e6);
    Ok(())
}

fn encoder(arguments: &Arguments) -> anyhow::Result<Vec<u8>> {
    let mut folder = EncoderFolder::read(&arguments.folder)?;
    if let Some(most) = arguments.max_tokens {
        shorten(&mut folder, most);
    }
    let heads: Vec<Head> = match arguments.heads.as_slice() {
        [] => folder.heads.head.clone(),
        [none] if none == "none" => vec![],
        names => names.iter().filter_map(|name| folder.heads.named(name)).cloned().collect(),
    };
    if let Some(name) = arguments.heads.iter().find(|name| *name != "none" && folder.heads.named(name).is_none()) {
        bail!("the folder has no head {name}");
    }
    Ok(onnx::encoder(&folder.config, &folder.weights, &heads)?.bytes())
}

/// Drops rows of the table of positions that no allowed text reaches.
fn shorten(folder: &mut EncoderFolder, most: usize) {
    let rows = most + folder.config.first_position();
    let width = folder.config.hidden_size;
    if let Some(table) = folder.weights.get_mut("embeddings.position_embeddings.weight")
        && rows < table.shape[0]
    {
        table.shape[0] = rows;
        table.data.truncate(rows * width);
        folder.config.max_position_embeddings = rows;
    }
}

fn decoder(arguments: &Arguments) -> anyhow::Result<Vec<u8>> {
    let mut folder = DecoderFolder::read(&arguments.folder)?;
    if let Some(most) = arguments.max_tokens {
        folder.config.max_position_embeddings = folder.config.max_position_embeddings.min(most);
    }
    Ok(onnx::decoder(&folder.config, &folder.weights)?.bytes())
}
