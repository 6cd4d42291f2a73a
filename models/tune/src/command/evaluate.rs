//! `steward-tune evaluate`: an ONNX model on examples, as a table and as JSON.

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::json;
use steward_tune::file;
use steward_tune::measure::examination::Examined;
use steward_tune::measure::metrics;
use steward_tune::tasks::classes::Labeled;
use steward_tune::tasks::embedding::Near;
use steward_tune::tasks::lines::{self, Line};
use steward_tune::tasks::pair::Question;
use steward_tune::tasks::reading::{Reading, best_span, span_text};
use steward_tune::tasks::{Tokens, tokens::Encoded};
use steward_tune::training::plot::{Curve, svg};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The ONNX file.
    model: PathBuf,
    /// Its tokenizer; tokenizer.json beside the model if not given.
    #[arg(long)]
    tokenizer: Option<PathBuf>,
    /// What to examine on which files, as KIND:FILE[,FILE...]. Kinds: pair, nli, reading, embedding, similarity.
    #[arg(long = "task", required = true)]
    tasks: Vec<String>,
    /// Only the part of the files that finetune holds out at this share; 0: all of them.
    #[arg(long, default_value_t = 0.0)]
    held_out: f64,
    /// The labels in the order of the outputs (nli).
    #[arg(long, value_delimiter = ',', default_value = "entailment,neutral,contradiction")]
    labels: Vec<String>,
    /// The most tokens of an example.
    #[arg(long, default_value_t = 128)]
    max_tokens: usize,
    /// Examples of each kind at most.
    #[arg(long, default_value_t = 2000)]
    most: usize,
    /// A JSON file for the figures; a plot of how sure and how right the model is goes beside it.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// A line with two texts and how near they are.
#[derive(Deserialize)]
struct Similar {
    #[serde(alias = "sentence1")]
    a: String,
    #[serde(alias = "sentence2")]
    b: String,
    #[serde(alias = "score")]
    label: serde_json::Value,
}

/// What is found out about a model.
struct Report<'a> {
    arguments: &'a Arguments,
    tokens: Tokens,
    model: Examined,
    figures: Vec<(String, f64)>,
    /// How sure the model was, and whether it was right.
    sure: Vec<(f64, bool)>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let bytes = file::read(&arguments.model)?;
    let tokenizer = arguments.tokenizer.clone().unwrap_or_else(|| arguments.model.with_file_name("tokenizer.json"));
    let tokens = Tokens::load(&tokenizer, arguments.max_tokens)?;
    let mut report = Report { arguments: &arguments, tokens, model: Examined::new(&bytes)?, figures: vec![], sure: vec![] };
    for task in &arguments.tasks {
        let (kind, files) = task.split_once(':').with_context(|| format!("{task:?} is not KIND:FILE[,FILE...]"))?;
        let files: Vec<PathBuf> = files.split(',').map(PathBuf::from).collect();
        match kind {
            "pair" => report.pairs(&files)?,
            "nli" => report.labels(&files)?,
            "reading" => report.reading(&files)?,
            "embedding" => report.vectors(&files)?,
            "similarity" => report.similarity(&files)?,
            _ => bail!("{kind:?} cannot be examined; pair, nli, reading, embedding and similarity can"),
        }
    }
    report.finish(bytes.len())
}

impl Report<'_> {
    fn lines<T: serde::de::DeserializeOwned>(&self, files: &[PathBuf]) -> anyhow::Result<Vec<Line<T>>> {
        let all = lines::read(files)?;
        let share = self.arguments.held_out;
        let mut chosen = if share > 0.0 { lines::held_out(all, share).1 } else { all };
        chosen.truncate(self.arguments.most);
        Ok(chosen)
    }

    fn add(&mut self, name: &str, value: f64) {
        self.figures.push((name.to_owned(), value));
    }

    fn pairs(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let (mut ranks, mut right) = (Vec::new(), Vec::new());
        for line in self.lines::<Question>(files)? {
            let mut scores = Vec::new();
            for (at, text) in line.value.right.iter().chain(&line.value.wrong).enumerate() {
                let score = self.model.scores(&self.tokens.pair(&line.value.question, text)?, "match")?[0];
                let (yes, truth) = (1.0 / (1.0 + f64::from(-score).exp()), at < line.value.right.len());
                self.sure.push((yes.max(1.0 - yes), (yes > 0.5) == truth));
                right.push(f64::from(u8::from((yes > 0.5) == truth)));
                scores.push(score);
            }
            let (own, others) = scores.split_at(line.value.right.len());
            let best = own.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            ranks.push(1 + others.iter().filter(|&&score| score >= best).count());
        }
        self.add("pair top-1", metrics::recall_at(&ranks, 1));
        self.add("pair MRR", metrics::reciprocal_rank(&ranks));
        self.add("pair accuracy at 0.5", metrics::mean(&right));
        Ok(())
    }

    fn labels(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let (mut found, mut truth) = (Vec::new(), Vec::new());
        for line in self.lines::<Labeled>(files)? {
            let number = self.arguments.labels.iter().position(|label| *label == line.value.label);
            let number = number.ok_or_else(|| line.wrong(format!("the label {:?} is none of --labels", line.value.label)))?;
            let text = self.tokens.pair(&line.value.text, line.value.hypothesis.as_deref().unwrap_or(""))?;
            let (best, share) = metrics::most_likely(&self.model.scores(&text, "nli")?);
            self.sure.push((share, best == number));
            found.push(best);
            truth.push(number);
        }
        self.add("nli accuracy", metrics::accuracy(&found, &truth));
        self.add("nli macro F1", metrics::macro_f1(&found, &truth, self.arguments.labels.len()));
        Ok(())
    }

    fn reading(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let (mut overlap, mut exact) = (Vec::new(), Vec::new());
        for line in self.lines::<Reading>(files)? {
            let mut best = (0f32, String::new());
            for window in self.tokens.windows(&line.value.question, &line.value.passage)? {
                let mut outputs = self.model.run(&window)?;
                let (Some(first), Some(last)) = (outputs.remove("answer_start"), outputs.remove("answer_end")) else {
                    bail!("the model has no outputs answer_start and answer_end");
                };
                let scores: Vec<[f32; 2]> = first.data.iter().zip(&last.data).map(|(&first, &last)| [first, last]).collect();
                if let Some(span) = best_span(&scores, &window).filter(|span| span.score > best.0) {
                    best = (span.score, span_text(&line.value.passage, &window, &span));
                }
            }
            overlap.push(metrics::overlap_f1(&best.1, &line.value.answer));
            exact.push(f64::from(u8::from(best.1 == line.value.answer)));
        }
        self.add("reading F1", metrics::mean(&overlap));
        self.add("reading exact", metrics::mean(&exact));
        Ok(())
    }

    fn vectors(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for line in self.lines::<Near>(files)? {
            let Some(positive) = &line.value.positive else { return Err(line.wrong("it has no \"positive\"").into()) };
            left.push(self.vector(&line.value.anchor)?);
            right.push(self.vector(positive)?);
        }
        for (name, from, to) in [("there", &left, &right), ("back", &right, &left)] {
            let ranks: Vec<usize> = from
                .iter()
                .enumerate()
                .map(|(row, vector)| 1 + to.iter().filter(|other| cosine(vector, other) > cosine(vector, &to[row])).count())
                .collect();
            self.add(&format!("recall@1 {name}"), metrics::recall_at(&ranks, 1));
            self.add(&format!("recall@10 {name}"), metrics::recall_at(&ranks, 10));
            self.add(&format!("MRR {name}"), metrics::reciprocal_rank(&ranks));
        }
        Ok(())
    }

    fn similarity(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let (mut found, mut truth) = (Vec::new(), Vec::new());
        for line in self.lines::<Similar>(files)? {
            let label = &line.value.label;
            let label = label.as_f64().or_else(|| label.as_str().and_then(|text| text.parse().ok()));
            truth.push(label.ok_or_else(|| line.wrong("\"label\" is no number"))?);
            let (left, right) = (self.vector(&line.value.a)?, self.vector(&line.value.b)?);
            found.push(f64::from(cosine(&left, &right)));
        }
        self.add("Spearman", metrics::spearman(&found, &truth));
        Ok(())
    }

    fn vector(&mut self, text: &str) -> anyhow::Result<Vec<f32>> {
        let encoded: Encoded = self.tokens.single(text)?;
        Ok(self.model.vector(&encoded)?)
    }

    fn finish(mut self, size: usize) -> anyhow::Result<()> {
        if !self.sure.is_empty() {
            let (sure, hits): (Vec<f64>, Vec<bool>) = self.sure.iter().copied().unzip();
            self.add("calibration error", metrics::calibration_error(&sure, &hits));
        }
        let (median, slow) = (self.model.quantile(0.5), self.model.quantile(0.95));
        self.figures.extend([("ms p50".to_owned(), median), ("ms p95".to_owned(), slow), ("MB".to_owned(), size as f64 / 1e6)]);
        for (name, value) in &self.figures {
            println!("{name:<24} {value:.4}");
        }
        let Some(path) = &self.arguments.json else { return Ok(()) };
        let object: serde_json::Map<String, serde_json::Value> =
            self.figures.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        file::write(path, serde_json::to_string_pretty(&object)?.as_bytes())?;
        file::write(&path.with_extension("svg"), reliability(&self.sure).as_bytes())?;
        Ok(())
    }
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// How often the model is right where it is how sure.
fn reliability(sure: &[(f64, bool)]) -> String {
    let bin = |number: usize| {
        let own: Vec<&(f64, bool)> = sure.iter().filter(|(sure, _)| ((sure * 10.0) as usize).min(9) == number).collect();
        let mean = |pick: fn(&(f64, bool)) -> f64| own.iter().map(|entry| pick(entry)).sum::<f64>() / own.len() as f64;
        (!own.is_empty()).then(|| (100.0 * mean(|entry| entry.0), 100.0 * mean(|entry| f64::from(u8::from(entry.1)))))
    };
    let found = Curve { name: "right", color: "steelblue", points: (0..10).filter_map(bin).collect() };
    let ideal = Curve { name: "if it knew itself", color: "gray", points: vec![(0.0, 0.0), (100.0, 100.0)] };
    svg("percent right by percent sure", &[found, ideal])
}
