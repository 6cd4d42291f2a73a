//! How long a training step takes: BERT, 4 layers, 256 wide, batch 32 x 64, masked words. `cargo run --release --example step`
//! prints it; `all` as an argument computes the scores of all words at every place, as Hugging Face's code does, instead of
//! only where a word is hidden.

use std::time::Instant;

use steward_tune::dice::Dice;
use steward_tune::network::operations::{Kernels, Move};
use steward_tune::network::{Batch, Encoder, EncoderConfig, Head, HeadKind, Learning, Parameters, Processor, shapes};
use steward_tune::training::{Gradients, Optimizer};
use steward_tune::weights::Weights;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let all = std::env::args().any(|argument| argument == "all");
    let config: EncoderConfig = toml::from_str(
        "vocab_size = 21128\nhidden_size = 256\nnum_hidden_layers = 4\nnum_attention_heads = 4\nintermediate_size = 1024\n\
         max_position_embeddings = 512",
    )?;
    let mut wanted = shapes::encoder(&config);
    wanted.extend(shapes::head(&Head { name: "words".to_owned(), kind: HeadKind::Words }, &config));
    let (weights, _) = shapes::filled(&wanted, &Weights::new(), 1)?;
    let device = Default::default();
    let mut weights = Parameters::<Processor>::new(&weights, &device)?;
    let mut optimizer = Optimizer::<Processor>::default();
    println!("{:.1} million numbers, {}", weights.count() as f64 / 1e6, if all { "all places" } else { "15 % of the places" });
    let mut dice = Dice::new(1);
    let ids: Vec<Vec<u32>> = (0..32).map(|_| (0..64).map(|_| dice.below(config.vocab_size) as u32).collect()).collect();
    let batch = Batch { types: ids.iter().map(|row| vec![0; row.len()]).collect(), ids };
    let places: Vec<usize> = (0..2048).filter(|place| all || place % 20 < 3).collect();
    let right: Vec<usize> = places.iter().map(|place| batch.ids[place / 64][place % 64] as usize).collect();
    let (mut times, mut processor) = (Vec::new(), Vec::new());
    for step in 1..=8 {
        let (begun, used) = (Instant::now(), processor_time());
        let leaves: Parameters<Learning> = weights.leaves(|_| true, &device);
        let encoder = Encoder { config: &config, weights: &leaves, dropout: 0.0 };
        let loss = <Learning as Kernels>::cross_entropy(encoder.words(&encoder.hidden(&batch), &places), &right, 0.0);
        let value: f32 = loss.to_data().iter().next().unwrap_or(f32::NAN);
        let forward = begun.elapsed().as_secs_f64() * 1e3;
        let gradients = loss.backward();
        let found: Gradients<Processor> =
            leaves.names().filter_map(|name| Some((name.clone(), leaves.value(name).gradient(&gradients)?))).collect();
        drop((leaves, gradients));
        let backward = begun.elapsed().as_secs_f64() * 1e3;
        let by = Move { rate: 1e-4, keep_mean: 0.9, keep_square: 0.999, epsilon: 1e-8, decay: 0.01, scale: 1.0, step };
        optimizer.step(&mut weights, found, 1.0, by);
        let whole = begun.elapsed().as_secs_f64() * 1e3;
        println!(
            "step {step}: {whole:.0} ms (forward {forward:.0}, backward {:.0}, optimizer {:.0}), loss {value:.4}",
            backward - forward,
            whole - backward
        );
        times.push(whole);
        processor.push(processor_time() - used);
    }
    times.sort_by(f64::total_cmp);
    processor.sort_by(f64::total_cmp);
    println!("median {:.0} ms, processor time {:.0} ms", times[times.len() / 2], processor[processor.len() / 2]);
    Ok(())
}

/// Milliseconds that this process has computed so far, all threads together: fields 14 and 15 of /proc/self/stat, in
/// hundredths of a second. On a machine that others use too it says more than the clock.
fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * 10.0
}
