//! Runs that are cut off, go on, or go wrong.

use std::path::Path;

use burn::tensor::{Distribution, Tensor};

use super::*;
use crate::network::{Learning, Parameters, Processor};
use crate::weights::{Stored, Weights};
use crate::{TuneError, file};

/// Pulls a matrix towards random targets that only the pass decides about.
struct Pull {
    /// The pass in which the power fails.
    fails: u64,
    /// The pass whose loss is no number.
    breaks: u64,
}

impl Task<Learning> for Pull {
    fn loss(&self, weights: &Parameters<Learning>, pass: u64) -> Result<Tensor<Learning, 1>, TuneError> {
        if pass == self.fails {
            return Err(TuneError::Settings("the power failed".to_owned()));
        }
        // The device's own random numbers, as dropout uses them.
        let target = Tensor::random([3, 4], Distribution::Normal(0.0, 1.0), weights.device());
        let loss = (weights.matrix("a") - target).powi_scalar(2).mean() + (weights.vector("b") - 2.0).powi_scalar(2).mean();
        Ok(if pass == self.breaks { loss * f32::NAN } else { loss })
    }

    fn score(&self, weights: &Parameters<Processor>) -> Result<Option<Score>, TuneError> {
        let gap: f32 = (weights.vector("b") - 2.0).abs().mean().into_data().iter().next().unwrap();
        Ok(Some(Score { value: f64::from(-gap), figures: [("gap".to_owned(), f64::from(gap))].into() }))
    }
}

const NEVER: u64 = u64::MAX;

fn settings() -> Settings {
    Settings { steps: 12, accumulate: 2, rate: 0.05, save_every: 3, check_every: 4, ..Settings::default() }
}

fn start() -> Weights {
    let weight = |shape: &[usize]| Stored::new(shape.to_vec(), vec![0.5; shape.iter().product()]);
    Weights::from([("a".to_owned(), weight(&[3, 4])), ("b".to_owned(), weight(&[5]))])
}

fn last_weights(run: &Path) -> Weights {
    checkpoint::last(run).unwrap().unwrap().weights
}

#[test]
fn a_run_that_was_cut_off_ends_as_if_it_had_not_been() {
    let (whole, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let calm = Pull { fails: NEVER, breaks: NEVER };
    train::<Learning>(whole.path(), &settings(), &start(), &calm, false).unwrap();
    // Pass 16 belongs to step 9; the last checkpoint is step 6's.
    let failing = Pull { fails: 16, ..calm };
    assert!(train::<Learning>(cut.path(), &settings(), &start(), &failing, false).is_err());
    let calm = Pull { fails: NEVER, breaks: NEVER };
    assert!(train::<Learning>(cut.path(), &settings(), &start(), &calm, false).is_err(), "a run is not overwritten");
    let ended = train::<Learning>(cut.path(), &settings(), &start(), &calm, true).unwrap();
    assert_eq!(ended.progress.step, 12);
    assert_eq!(last_weights(cut.path()), last_weights(whole.path()));
    let steps = |run: &Path| -> Vec<u64> {
        let text = file::read_text(&run.join("metrics.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["step"].as_u64().unwrap()).collect()
    };
    assert_eq!(steps(cut.path()), steps(whole.path()));
    for name in ["config.toml", "loss.svg", "best.safetensors"] {
        assert!(cut.path().join(name).is_file(), "{name}");
    }
}

#[test]
fn a_loss_that_is_no_number_stops_with_a_sentence_and_the_last_good_checkpoint() {
    let run = tempfile::tempdir().unwrap();
    let error = train::<Learning>(run.path(), &settings(), &start(), &Pull { fails: NEVER, breaks: 9 }, false).err().unwrap().to_string();
    assert!(error.contains("the loss is NaN at step 5"), "{error}");
    assert!(error.contains("checkpoint-000000003 is the last good checkpoint"), "{error}");
    assert!(last_weights(run.path()).values().flat_map(|stored| &stored.data).all(|value| value.is_finite()));
}

#[test]
fn training_stops_early_when_nothing_gets_better() {
    let run = tempfile::tempdir().unwrap();
    // A rate so high that the score gets worse from the second look on.
    let settings = Settings { steps: 200, rate: 1e-9, check_every: 1, patience: 3, warm_up: 0.0, decay: Decay::Constant, ..settings() };
    struct Same;
    impl Task<Learning> for Same {
        fn loss(&self, weights: &Parameters<Learning>, _: u64) -> Result<Tensor<Learning, 1>, TuneError> {
            Ok(weights.vector("b").mean())
        }
        fn score(&self, _: &Parameters<Processor>) -> Result<Option<Score>, TuneError> {
            Ok(Some(Score { value: 1.0, figures: Default::default() }))
        }
    }
    let ended = train::<Learning>(run.path(), &settings, &start(), &Same, false).unwrap();
    assert_eq!((ended.progress.step, ended.progress.best), (4, Some((1.0, 1))));
}

#[test]
fn frozen_weights_stay() {
    let run = tempfile::tempdir().unwrap();
    let settings = Settings { freeze: vec!["a".to_owned()], ..settings() };
    train::<Learning>(run.path(), &settings, &start(), &Pull { fails: NEVER, breaks: NEVER }, false).unwrap();
    let ended = last_weights(run.path());
    assert_eq!(ended["a"], start()["a"]);
    assert_ne!(ended["b"], start()["b"]);
}
