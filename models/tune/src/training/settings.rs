//! How a run trains: what a user can set, with defaults, and what `config.toml` of a run folder keeps.

use serde::{Deserialize, Serialize};

/// How the learning rate falls after its rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// It does not.
    Constant,
    /// Straight down.
    Linear,
    /// Along half a cosine.
    Cosine,
}

/// Settings of every kind of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Steps of the optimizer.
    #[arg(long, default_value_t = 1000)]
    pub steps: u64,
    /// Examples in one pass.
    #[arg(long, default_value_t = 32)]
    pub batch: usize,
    /// Passes whose gradients are added before a step.
    #[arg(long, default_value_t = 1)]
    pub accumulate: usize,
    /// The highest learning rate.
    #[arg(long, default_value_t = 5e-5)]
    pub rate: f64,
    /// The share of the steps in which the rate rises from 0.
    #[arg(long, default_value_t = 0.1)]
    pub warm_up: f64,
    /// How the rate falls afterwards.
    #[arg(long, value_enum, default_value_t = Decay::Linear)]
    pub decay: Decay,
    /// The rate at the end, as a share of the highest.
    #[arg(long, default_value_t = 0.0)]
    pub last_rate: f64,
    /// AdamW's weight decay; biases and norms have none.
    #[arg(long, default_value_t = 0.01)]
    pub weight_decay: f64,
    /// The longest gradient; a longer one is shortened. 0: never.
    #[arg(long, default_value_t = 1.0)]
    pub clip: f64,
    /// The share of a label that is spread over all labels.
    #[arg(long, default_value_t = 0.0)]
    pub smoothing: f32,
    /// The share of numbers dropped between layers.
    #[arg(long, default_value_t = 0.1)]
    pub dropout: f64,
    /// The most tokens of an example; longer ones are cut.
    #[arg(long, default_value_t = 64)]
    pub max_tokens: usize,
    /// Decides about the order of examples, new weights and dropout.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Steps between two looks at the held-out examples.
    #[arg(long, default_value_t = 200)]
    pub check_every: u64,
    /// Looks without improvement after which training stops. 0: never.
    #[arg(long, default_value_t = 0)]
    pub patience: u32,
    /// Steps between two checkpoints.
    #[arg(long, default_value_t = 200)]
    pub save_every: u64,
    /// Seconds after which a checkpoint is written even so.
    #[arg(long, default_value_t = 600)]
    pub save_seconds: u64,
    /// Weights whose names start so do not learn. May be given several times.
    #[arg(long)]
    pub freeze: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        // The defaults are written once, for the command line.
        #[derive(clap::Parser)]
        struct Bare {
            #[command(flatten)]
            settings: Settings,
        }
        <Bare as clap::Parser>::parse_from(["bare"]).settings
    }
}

impl Settings {
    /// The learning rate of a step, counted from 1.
    pub fn rate_at(&self, step: u64) -> f64 {
        let rising = (self.warm_up * self.steps as f64).floor();
        let step = step as f64;
        if step <= rising {
            return self.rate * step / rising;
        }
        let gone = ((step - rising) / (self.steps as f64 - rising).max(1.0)).min(1.0);
        let left = match self.decay {
            Decay::Constant => 1.0,
            Decay::Linear => 1.0 - gone,
            Decay::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * gone).cos()),
        };
        self.rate * (self.last_rate + (1.0 - self.last_rate) * left)
    }

    /// Whether a weight learns.
    pub fn learns(&self, name: &str) -> bool {
        !self.freeze.iter().any(|start| name.starts_with(start.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        let settings = Settings { steps: 100, rate: 2.0, warm_up: 0.1, ..Settings::default() };
        assert_eq!(settings.rate_at(5), 1.0);
        assert_eq!(settings.rate_at(10), 2.0);
        assert_eq!(settings.rate_at(55), 1.0);
        assert_eq!(settings.rate_at(100), 0.0);
        let cosine = Settings { decay: Decay::Cosine, last_rate: 0.5, ..settings };
        assert!((cosine.rate_at(55) - 1.5).abs() < 1e-9);
        assert!((cosine.rate_at(100) - 1.0).abs() < 1e-9);
    }
}
