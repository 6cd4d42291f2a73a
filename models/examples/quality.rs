//! How close a model's vectors are to those of its original, how fast it is, and what it takes: the figures on its card.
//!
//! `quality MODEL ORIGINAL < SENTENCES`, where a sentence is a line of JSON with `text`, as in the shared data's files.

use std::io::{BufRead, stdin};
use std::path::Path;
use std::time::Instant;

use steward_models::{Embedder, ModelError, ModelFolder, Runtime, RuntimeOptions};

type AnyError = Box<dyn std::error::Error>;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, original] = arguments.as_slice() else { return Err("usage: quality MODEL ORIGINAL < SENTENCES".into()) };
    let runtime = Runtime::load(RuntimeOptions { threads: 1, ..RuntimeOptions::default() })?;
    println!("ONNX Runtime {}, {}", runtime.version(), runtime.provider());
    let before = resident()?;
    let start = Instant::now();
    let embedder = load(&runtime, model)?;
    println!("loaded in {} ms, {} MB resident", start.elapsed().as_millis(), resident()?.saturating_sub(before) / 1024);
    for tokens in [8, 16, 32, 128] {
        println!("{tokens} tokens: {:.2} ms", median_ms(&embedder, tokens)?);
    }
    let texts = texts()?;
    compare(&embedder.embed_all(&texts, &mut |_| ())?, &load(&runtime, original)?.embed_all(&texts, &mut |_| ())?);
    Ok(())
}

fn load(runtime: &Runtime, folder: &str) -> Result<Embedder, ModelError> {
    Embedder::load(runtime, &ModelFolder::open(Path::new(folder))?)
}

/// The process's resident memory in kB.
fn resident() -> Result<u64, AnyError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// One sentence, from text to vector, on one thread.
fn median_ms(embedder: &Embedder, tokens: usize) -> Result<f64, ModelError> {
    let mut text = String::new();
    for word in ["please", "open", "the", "window", "and", "turn", "up", "heat"].iter().cycle() {
        if embedder.tokenizer().count(&text)? >= tokens {
            break;
        }
        text = format!("{text} {word}");
    }
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        embedder.embed(&text)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Every 20th sentence, at most 1,000.
fn texts() -> Result<Vec<String>, AnyError> {
    let mut texts = Vec::new();
    for line in stdin().lock().lines().step_by(20).take(1000) {
        let value: serde_json::Value = serde_json::from_str(&line?)?;
        texts.push(value["text"].as_str().ok_or("a line has no text")?.to_owned());
    }
    Ok(texts)
}

fn compare(model: &[Vec<f32>], original: &[Vec<f32>]) {
    let cosines: Vec<f32> = model.iter().zip(original).map(|(left, right)| cosine(left, right)).collect();
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    let lowest = cosines.iter().copied().fold(f32::INFINITY, f32::min);
    let same = (0..model.len()).filter(|&row| nearest(model, row) == nearest(original, row)).count();
    println!("{} sentences: mean cosine {mean:.4}, lowest {lowest:.4}", model.len());
    println!("same nearest neighbor: {:.1} %", 100.0 * same as f64 / model.len() as f64);
}

fn nearest(vectors: &[Vec<f32>], row: usize) -> Option<usize> {
    let others = (0..vectors.len()).filter(|&other| other != row);
    others.max_by(|&left, &right| cosine(&vectors[left], &vectors[row]).total_cmp(&cosine(&vectors[right], &vectors[row])))
}

/// Of vectors of unit length.
fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}
