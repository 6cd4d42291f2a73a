//! `steward-tune finetune`: teaches a pretrained encoder one thing or several.

use std::path::PathBuf;

use anyhow::{Context, bail};
use burn::tensor::backend::AutodiffBackend;
use steward_tune::network::folder::is_decoder;
use steward_tune::network::layers;
use steward_tune::network::operations::Kernels;
use steward_tune::network::{EncoderFolder, Head, HeadKind, Parameters, Pooling, shapes};
use steward_tune::tasks::classes::{self, ClassesTask};
use steward_tune::tasks::embedding::{EmbeddingTask, Teacher};
use steward_tune::tasks::lines::{self, Line};
use steward_tune::tasks::pair::PairTask;
use steward_tune::tasks::reading::ReadingTask;
use steward_tune::tasks::tags::{self, TagsTask};
use steward_tune::tasks::{EncoderTask, Objective, Tokens};
use steward_tune::training::{self, Settings, Trained};
use steward_tune::weights::Weights;

use super::finetune_decoder;

/// What can be learnt, and the name of its head.
const KINDS: [(&str, &str); 8] = [
    ("pair", "match"),
    ("nli", "nli"),
    ("intent", "intent"),
    ("reading", "answer"),
    ("tags", "slots"),
    ("embedding", "embedding"),
    ("sft", ""),
    ("dpo", ""),
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the encoder to start from: ours, or Hugging Face's.
    #[arg(long)]
    pub(super) start: PathBuf,
    /// The folder of the run; its model ends up in RUN/model.
    #[arg(long)]
    pub(super) run: PathBuf,
    /// What to learn from which files, as KIND:FILE[,FILE...]; several of them share the trunk. Kinds: pair, nli, intent,
    /// reading, tags, embedding; for a decoder one of sft, dpo.
    #[arg(long = "task", required = true)]
    pub(super) tasks: Vec<String>,
    /// Held-out files, as KIND:FILE[,FILE...]; without them a part of the groups is held out.
    #[arg(long = "held")]
    pub(super) held: Vec<String>,
    /// The share of the groups that is held out.
    #[arg(long, default_value_t = 0.15)]
    pub(super) hold_out: f64,
    /// How many passes a kind gets beside the others, as KIND=NUMBER; 1 if not given.
    #[arg(long = "weight")]
    pub(super) weights: Vec<String>,
    /// How tokens become one vector, for heads that need one.
    #[arg(long, default_value = "mean", value_parser = ["mean", "cls"])]
    pub(super) pooling: String,
    /// Wrong texts beside each right one (pair).
    #[arg(long, default_value_t = 3)]
    pub(super) wrong: usize,
    /// Tokens of a window (reading).
    #[arg(long, default_value_t = 256)]
    pub(super) window: usize,
    /// A teacher's folder, whose vectors are to be met (embedding).
    #[arg(long)]
    pub(super) teacher: Option<PathBuf>,
    /// How much meeting the teacher counts.
    #[arg(long, default_value_t = 1.0)]
    pub(super) teacher_weight: f32,
    /// Only meet the teacher (embedding).
    #[arg(long, requires = "teacher")]
    pub(super) no_contrast: bool,
    /// The chat template (sft, dpo).
    #[arg(long)]
    pub(super) template: Option<PathBuf>,
    /// Learn small matrices of this rank beside the large ones, which stay; merged at the end. 0: learn the large ones.
    #[arg(long, default_value_t = 0)]
    pub(super) lora: usize,
    /// How strongly answers are held to what they were (dpo).
    #[arg(long, default_value_t = 0.1)]
    pub(super) strength: f32,
    /// Print what the run will take, and stop.
    #[arg(long)]
    pub(super) plan: bool,
    /// Go on from the last checkpoint of the run.
    #[arg(long)]
    pub(super) resume: bool,
    #[command(flatten)]
    pub(super) settings: Settings,
}

impl Arguments {
    /// What the command line gives where nothing else is said.
    pub(super) fn new(start: PathBuf, run: PathBuf, settings: Settings) -> Self {
        Self {
            start,
            run,
            settings,
            tasks: vec![],
            held: vec![],
            hold_out: 0.15,
            weights: vec![],
            pooling: "mean".to_owned(),
            wrong: 3,
            window: 256,
            teacher: None,
            teacher_weight: 1.0,
            no_contrast: false,
            template: None,
            lora: 0,
            strength: 0.1,
            plan: false,
            resume: false,
        }
    }
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    if is_decoder(&arguments.start)? {
        return super::on_device!(A => finetune_decoder::teach::<A>(&arguments));
    }
    super::on_device!(A => teach::<A>(&arguments))
}

fn teach<A>(arguments: &Arguments) -> anyhow::Result<()>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    let mut folder = EncoderFolder::read(&arguments.start)?;
    let settings = &arguments.settings;
    let most = folder.config.max_tokens();
    let tokens = Tokens::load(&folder.tokenizer, settings.max_tokens.min(most))?;
    let long = Tokens::load(&folder.tokenizer, arguments.window.min(most))?;
    let mut parts: Vec<(Box<dyn Objective<A>>, f64)> = Vec::new();
    for task in &arguments.tasks {
        let (kind, paths) = named_files(task)?;
        let objective = objective::<A>(arguments, &kind, &paths, &mut folder, (&tokens, &long))?;
        parts.push((objective, weight(arguments, &kind)?));
    }
    let (mut start, new) = shapes::filled(&folder.shapes(), &folder.weights, settings.seed)?;
    if arguments.plan {
        let load = super::plan::encoder(&folder.config, settings);
        return super::plan::print::<A>(&folder.shapes(), load);
    }
    eprintln!("{} weights, {new} of them new; {} examples", start.len(), parts.iter().map(|part| part.0.count()).sum::<usize>());
    let config = folder.config.clone();
    let settings = &with_lora(arguments, &mut start)?;
    let task = EncoderTask::new(&config, &tokens, settings, parts)?;
    let Trained { weights, progress, loss } = training::train::<A>(&arguments.run, settings, &start, &task, arguments.resume)?;
    folder.weights = layers::merged(weights)?;
    let place = arguments.run.join("model");
    folder.write(&place)?;
    match progress.best {
        Some((score, step)) => println!("{}: score {score:.4}, best at step {step} of {}", place.display(), progress.step),
        None => println!("{}: loss {loss:.4} after {} steps", place.display(), progress.step),
    }
    Ok(())
}

/// Adds LoRA's small matrices to the weights and stops the large ones, if LoRA is wanted. Heads go on learning.
pub(super) fn with_lora(arguments: &Arguments, weights: &mut Weights) -> anyhow::Result<Settings> {
    let mut settings = arguments.settings.clone();
    if arguments.lora == 0 {
        return Ok(settings);
    }
    settings.freeze.extend(weights.keys().filter(|name| !name.starts_with("heads.")).cloned());
    let (small, _) = shapes::filled(&layers::lora_shapes(weights, arguments.lora), &Weights::new(), settings.seed)?;
    weights.extend(small);
    Ok(settings)
}

/// One part of the training; its head joins the folder's.
fn objective<A>(
    arguments: &Arguments,
    kind: &str,
    paths: &[PathBuf],
    folder: &mut EncoderFolder,
    (tokens, long): (&Tokens, &Tokens),
) -> anyhow::Result<Box<dyn Objective<A>>>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    let pooling = if arguments.pooling == "cls" { Pooling::Cls } else { Pooling::Mean };
    Ok(match kind {
        "pair" => {
            let (train, held) = split(arguments, kind, paths)?;
            let head = head(folder, kind, HeadKind::Pair { pooling });
            Box::new(PairTask::new(head, arguments.wrong, train, held)?)
        }
        "nli" | "intent" => {
            let (train, held) = split(arguments, kind, paths)?;
            let head = head(folder, kind, HeadKind::Classes { labels: ordered(classes::labels(&train)), pooling });
            Box::new(ClassesTask::new(head, train, held)?)
        }
        "reading" => {
            let (train, held) = split(arguments, kind, paths)?;
            Box::new(ReadingTask::new(head(folder, kind, HeadKind::Span), long, train, held)?)
        }
        "tags" => {
            let (train, held) = split(arguments, kind, paths)?;
            let head = head(folder, kind, HeadKind::Tags { labels: tags::tags(&train) });
            Box::new(TagsTask::new(head, tokens, &train, &held)?)
        }
        "sft" | "dpo" => bail!("{kind} is for decoders, and {} holds an encoder", arguments.start.display()),
        _ => {
            let (train, held) = split(arguments, kind, paths)?;
            let pooling = match head(folder, kind, HeadKind::Embedding { pooling }).kind {
                HeadKind::Embedding { pooling } => pooling,
                _ => pooling,
            };
            let teacher = arguments.teacher.as_ref().map(|folder| teacher::<A::InnerBackend>(folder, arguments)).transpose()?;
            Box::new(EmbeddingTask::new(pooling, teacher, !arguments.no_contrast, train, held)?)
        }
    })
}

fn teacher<B: Kernels>(folder: &std::path::Path, arguments: &Arguments) -> anyhow::Result<Teacher<B>> {
    let folder = EncoderFolder::read(folder)?;
    let (weights, new) = shapes::filled(&shapes::encoder(&folder.config), &folder.weights, 0)?;
    if new > 0 {
        bail!("the teacher's folder lacks {new} weights");
    }
    let pooling = folder.heads.named("embedding").map_or(Pooling::Mean, |head| match head.kind {
        HeadKind::Embedding { pooling } => pooling,
        _ => Pooling::Mean,
    });
    let tokens = Tokens::load(&folder.tokenizer, arguments.settings.max_tokens.min(folder.config.max_tokens()))?;
    let weights = Parameters::new(&weights, &B::Device::default())?;
    Ok(Teacher { config: folder.config, weights, tokens, pooling, weight: arguments.teacher_weight })
}

/// The head of a kind: the folder's own, so that training can go on, or a new one.
fn head(folder: &mut EncoderFolder, kind: &str, new: HeadKind) -> Head {
    let name = KINDS.iter().find(|entry| entry.0 == kind).map_or(kind, |entry| entry.1);
    if let Some(known) = folder.heads.named(name) {
        return known.clone();
    }
    let head = Head { name: name.to_owned(), kind: new };
    folder.heads.head.push(head.clone());
    head
}

/// The three labels of inference in their usual order; others by the alphabet.
fn ordered(labels: Vec<String>) -> Vec<String> {
    let usual = ["entailment", "neutral", "contradiction"];
    let same = labels.len() == 3 && usual.iter().all(|label| labels.iter().any(|other| other == label));
    if same { usual.map(str::to_owned).to_vec() } else { labels }
}

pub(super) fn named_files(text: &str) -> anyhow::Result<(String, Vec<PathBuf>)> {
    let (kind, files) = text.split_once(':').with_context(|| format!("{text:?} is not KIND:FILE[,FILE...]"))?;
    if !KINDS.iter().any(|entry| entry.0 == kind) {
        bail!("{kind:?} cannot be learnt; these can: {}", KINDS.map(|entry| entry.0).join(", "));
    }
    Ok((kind.to_owned(), files.split(',').map(PathBuf::from).collect()))
}

fn weight(arguments: &Arguments, kind: &str) -> anyhow::Result<f64> {
    for text in &arguments.weights {
        let (name, number) = text.split_once('=').with_context(|| format!("{text:?} is not KIND=NUMBER"))?;
        if name == kind {
            return number.parse().with_context(|| format!("{number:?} is no number"));
        }
    }
    Ok(1.0)
}

/// Lines to learn from, and lines held out.
type Parted<T> = (Vec<Line<T>>, Vec<Line<T>>);

pub(super) fn split<T: serde::de::DeserializeOwned>(arguments: &Arguments, kind: &str, paths: &[PathBuf]) -> anyhow::Result<Parted<T>> {
    let all = lines::read::<T>(paths)?;
    for text in &arguments.held {
        let (name, files) = named_files(text)?;
        if name == kind {
            return Ok((all, lines::read(&files)?));
        }
    }
    Ok(lines::held_out(all, arguments.hold_out))
}
