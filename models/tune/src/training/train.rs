//! The training loop: passes, steps, looks at held-out examples, checkpoints.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use burn::tensor::backend::AutodiffBackend;
use burn::tensor::{ElementConversion, Tensor};
use serde_json::json;

use super::checkpoint::{self, Progress};
use super::display::Display;
use super::metrics::Metrics;
use super::optimizer::{Gradients, Optimizer};
use super::settings::Settings;
use crate::TuneError;
use crate::network::operations::{Kernels, Move};
use crate::network::parameters::{Parameters, Value};
use crate::weights::Weights;

/// Figures of a look at held-out examples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Score {
    /// What decides which step was best: higher is better.
    pub value: f64,
    /// All figures by name.
    pub figures: BTreeMap<String, f64>,
}

/// Something to learn.
pub trait Task<A: AutodiffBackend> {
    /// The loss of pass `pass` (from 0), which alone decides, with the seed, about its examples.
    fn loss(&self, weights: &Parameters<A>, pass: u64) -> Result<Tensor<A, 1>, TuneError>;
    /// How good the weights are on held-out examples; `None` if there are none.
    fn score(&self, weights: &Parameters<A::InnerBackend>) -> Result<Option<Score>, TuneError>;
}

/// What a run ends with.
pub struct Trained {
    /// The best weights on held-out examples, or the last ones if there are none.
    pub weights: Weights,
    /// Where it stopped.
    pub progress: Progress,
    /// The loss of the last step.
    pub loss: f64,
}

/// Trains from `start`, or from the last checkpoint in `run` if `resume`.
pub fn train<A>(run: &Path, settings: &Settings, start: &Weights, task: &dyn Task<A>, resume: bool) -> Result<Trained, TuneError>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    let device = A::Device::default();
    let mut state = State::<A>::begin(run, settings, start, resume, &device)?;
    let mut display = Display::new(settings.steps, state.progress.step);
    while state.progress.step < settings.steps && !state.tired(settings) {
        let loss = state.step(run, settings, task, &device)?;
        display.step(state.progress.step, loss, settings.rate_at(state.progress.step));
        if state.due(settings.check_every, settings) {
            state.look(run, task, &display)?;
        }
        if state.due(settings.save_every, settings) || state.saved.elapsed() > Duration::from_secs(settings.save_seconds) {
            state.save(run)?;
        }
    }
    display.finish();
    state.end(run)
}

/// A run between two steps.
struct State<A: AutodiffBackend + Kernels>
where
    A::InnerBackend: Kernels,
{
    weights: Parameters<A::InnerBackend>,
    optimizer: Optimizer<A::InnerBackend>,
    metrics: Metrics,
    progress: Progress,
    saved: Instant,
    loss: f64,
}

impl<A: AutodiffBackend + Kernels> State<A>
where
    A::InnerBackend: Kernels,
{
    fn begin(run: &Path, settings: &Settings, start: &Weights, resume: bool, device: &A::Device) -> Result<Self, TuneError> {
        crate::file::folder_exists(run)?;
        let found = checkpoint::last(run)?;
        let (weights, optimizer, progress) = match found {
            Some(found) if resume => {
                (Parameters::new(&found.weights, device)?, Optimizer::restored(&found.moments, device)?, found.progress)
            }
            Some(_) => {
                let run = run.display();
                return Err(TuneError::Settings(format!("{run} holds a run already; add --resume to go on, or name another folder")));
            }
            None => (Parameters::new(start, device)?, Optimizer::default(), Progress::default()),
        };
        let metrics = Metrics::open(run, progress.step)?;
        let text = toml::to_string_pretty(settings).map_err(|error| TuneError::Settings(error.to_string()))?;
        crate::file::write(&run.join("config.toml"), text.as_bytes())?;
        Ok(Self { weights, optimizer, metrics, progress, saved: Instant::now(), loss: f64::NAN })
    }

    fn due(&self, every: u64, settings: &Settings) -> bool {
        self.progress.step == settings.steps || (every > 0 && self.progress.step.is_multiple_of(every))
    }

    fn tired(&self, settings: &Settings) -> bool {
        settings.patience > 0 && self.progress.idle >= settings.patience
    }

    /// One step of the optimizer; the mean loss of its passes comes back.
    fn step(&mut self, run: &Path, settings: &Settings, task: &dyn Task<A>, device: &A::Device) -> Result<f64, TuneError> {
        let begun = Instant::now();
        let step = self.progress.step + 1;
        let (mut gradients, mut sum) = (Gradients::new(), 0.0);
        for number in 0..settings.accumulate as u64 {
            let pass = self.progress.step * settings.accumulate as u64 + number;
            A::seed(device, settings.seed ^ pass.wrapping_mul(0x9E37_79B9));
            let leaves: Parameters<A> = self.weights.leaves(|name| settings.learns(name), device);
            let loss = task.loss(&leaves, pass)?;
            let value: f64 = loss.clone().into_scalar().elem();
            if !value.is_finite() {
                return Err(self.diverged(run, step, value));
            }
            sum += value;
            let mut found = loss.backward();
            collect(&leaves, &mut found, &mut gradients);
        }
        let by = Move {
            rate: settings.rate_at(step) as f32,
            keep_mean: 0.9,
            keep_square: 0.999,
            epsilon: 1e-8,
            decay: settings.weight_decay as f32,
            scale: 1.0 / settings.accumulate as f32,
            step: step as i32,
        };
        let length = self.optimizer.step(&mut self.weights, gradients, settings.clip, by);
        if !length.is_finite() {
            return Err(self.diverged(run, step, length));
        }
        self.progress.step = step;
        self.loss = sum / settings.accumulate as f64;
        let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
        self.metrics.add(json!({"step": step, "loss": self.loss, "rate": by.rate, "gradient": length, "ms": milliseconds}))?;
        Ok(self.loss)
    }

    fn diverged(&self, run: &Path, step: u64, loss: f64) -> TuneError {
        let kept = match checkpoint::last_name(run) {
            Some(name) => format!("{name} is the last good checkpoint"),
            None => "there is no checkpoint yet".to_owned(),
        };
        TuneError::Diverged { step, loss: loss as f32, kept }
    }

    fn look(&mut self, run: &Path, task: &dyn Task<A>, display: &Display) -> Result<(), TuneError> {
        let Some(score) = task.score(&self.weights)? else { return Ok(()) };
        let step = self.progress.step;
        let mut line = json!({"step": step, "score": score.value});
        score.figures.iter().for_each(|(name, value)| line[name] = json!(value));
        self.metrics.add(line)?;
        let figures: Vec<String> = score.figures.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        display.say(&format!("step {step}: held out: {}", figures.join(", ")));
        if self.progress.best.is_none_or(|(best, _)| score.value > best) {
            self.progress.best = Some((score.value, step));
            self.progress.idle = 0;
            crate::weights::write(&run.join("best.safetensors"), &self.weights.stored(), &BTreeMap::new())?;
        } else {
            self.progress.idle += 1;
        }
        self.metrics.plot(run)
    }

    fn save(&mut self, run: &Path) -> Result<(), TuneError> {
        checkpoint::write(run, &self.weights.stored(), &self.optimizer.stored(), &self.progress)?;
        self.metrics.plot(run)?;
        self.saved = Instant::now();
        Ok(())
    }

    fn end(mut self, run: &Path) -> Result<Trained, TuneError> {
        self.save(run)?;
        let best = run.join("best.safetensors");
        let weights = if self.progress.best.is_some() && best.is_file() { crate::weights::read(&best)?.0 } else { self.weights.stored() };
        Ok(Trained { weights, progress: self.progress, loss: self.loss })
    }
}

/// Adds the gradients of one pass to those of the step.
fn collect<A: AutodiffBackend>(leaves: &Parameters<A>, found: &mut A::Gradients, sums: &mut Gradients<A::InnerBackend>) {
    for name in leaves.names() {
        let Some(gradient) = leaves.value(name).gradient(found) else { continue };
        let sum = match (sums.remove(name), gradient) {
            (None, gradient) => gradient,
            (Some(Value::Vector(sum)), Value::Vector(gradient)) => Value::Vector(sum + gradient),
            (Some(Value::Matrix(sum)), Value::Matrix(gradient)) => Value::Matrix(sum + gradient),
            (Some(sum), _) => sum,
        };
        sums.insert(name.clone(), sum);
    }
}
