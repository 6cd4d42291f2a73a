//! The commands by name: what the user typed to the code that does it.

mod bundle;
mod distill;
mod evaluate;
mod export;
mod finetune;
mod finetune_decoder;
mod plan;
mod prepare;
mod pretrain;
mod quantize;
mod tokenizer;

use std::sync::OnceLock;

use clap::{Parser, Subcommand};

/// Turns text into the models that Steward runs: offline, on a processor or a GPU.
#[derive(Parser)]
#[command(name = "steward-tune", version)]
pub(crate) struct CommandLine {
    /// Where to compute: `cpu`, or `cuda` in a build that has it.
    #[arg(long, global = true, default_value = "cpu", value_parser = ["cpu", "cuda"])]
    device: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Clean, redact, deduplicate, split and mix text into shards.
    Prepare(prepare::Arguments),
    /// Train a tokenizer, or report on one.
    Tokenizer(tokenizer::Arguments),
    /// Train a new network from text.
    Pretrain(pretrain::Arguments),
    /// Teach a pretrained network one thing or several.
    Finetune(finetune::Arguments),
    /// Teach a student a teacher's sentence vectors.
    Distill(distill::Arguments),
    /// Make an ONNX file smaller and faster.
    Quantize(quantize::Arguments),
    /// Write a network as an ONNX file.
    Export(export::Arguments),
    /// Measure an ONNX file on examples.
    Evaluate(evaluate::Arguments),
    /// Make the folder that the daemon opens.
    Bundle(bundle::Arguments),
}

/// What `--device` said.
pub(crate) static DEVICE: OnceLock<String> = OnceLock::new();

/// Evaluates an expression with the backend that `--device` named: `on_device!(A => f::<A>())`.
macro_rules! on_device {
    ($backend:ident => $run:expr) => {{
        let wanted = $crate::command::DEVICE.get().map_or("cpu", String::as_str);
        #[cfg(feature = "cuda")]
        if wanted == "cuda" {
            type $backend = burn::backend::Autodiff<burn::backend::Cuda>;
            return $run;
        }
        anyhow::ensure!(wanted == "cpu", "this build has no {wanted}; build it with --features cuda");
        type $backend = steward_tune::network::Learning;
        $run
    }};
}
pub(crate) use on_device;

impl CommandLine {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        DEVICE.get_or_init(|| self.device);
        match self.command {
            Command::Prepare(arguments) => prepare::run(arguments),
            Command::Tokenizer(arguments) => tokenizer::run(arguments),
            Command::Pretrain(arguments) => pretrain::run(arguments),
            Command::Finetune(arguments) => finetune::run(arguments),
            Command::Quantize(arguments) => quantize::run(arguments),
            Command::Distill(arguments) => distill::run(arguments),
            Command::Export(arguments) => export::run(arguments),
            Command::Evaluate(arguments) => evaluate::run(arguments),
            Command::Bundle(arguments) => bundle::run(arguments),
        }
    }
}
