//! `--plan`: what a run will take, printed before anything runs.

use burn::tensor::backend::AutodiffBackend;
use steward_tune::measure::plan::{Load, Plan, speed};
use steward_tune::network::operations::Kernels;
use steward_tune::network::shapes::Shape;
use steward_tune::network::{DecoderConfig, EncoderConfig};
use steward_tune::training::Settings;

/// The load of an encoder's run.
pub(super) fn encoder(config: &EncoderConfig, settings: &Settings) -> Load {
    Load {
        batch: settings.batch,
        accumulate: settings.accumulate,
        tokens: settings.max_tokens.min(config.max_tokens()),
        steps: settings.steps,
        layers: config.num_hidden_layers,
        width: config.hidden_size,
        inner: config.intermediate_size,
        heads: config.num_attention_heads,
    }
}

/// The load of a decoder's run.
pub(super) fn decoder(config: &DecoderConfig, settings: &Settings) -> Load {
    Load {
        batch: settings.batch,
        accumulate: settings.accumulate,
        tokens: settings.max_tokens.min(config.max_position_embeddings),
        steps: settings.steps,
        layers: config.num_hidden_layers,
        width: config.hidden_size,
        inner: config.intermediate_size,
        heads: config.num_attention_heads,
    }
}

/// Prints the forecast.
pub(super) fn print<A>(shapes: &[Shape], load: Load) -> anyhow::Result<()>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    print!("{}", Plan::new(shapes, load, speed::<A::InnerBackend>(&Default::default())));
    Ok(())
}
