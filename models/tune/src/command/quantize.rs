//! `steward-tune quantize`: an fp32 ONNX file with its weights in 8 or 4 bits.

use std::path::PathBuf;

use steward_tune::file;
use steward_tune::onnx::{Model, Precision, quantized};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The fp32 file.
    model: PathBuf,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
    /// `int8`: weights per column, activations while it runs (encoders). `weights-int8`, `weights-int4`: weights alone, in
    /// blocks (decoders).
    #[arg(long, value_enum, default_value_t = Precision::Int8)]
    precision: Precision,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let before = std::fs::metadata(&arguments.model)?.len() as f64;
    let bytes = quantized(&Model::read(&arguments.model)?, arguments.precision)?.bytes();
    file::write(&arguments.out, &bytes)?;
    println!("{}: {:.1} MB, was {:.1} MB", arguments.out.display(), bytes.len() as f64 / 1e6, before / 1e6);
    Ok(())
}
