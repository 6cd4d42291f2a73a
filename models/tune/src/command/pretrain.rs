//! `steward-tune pretrain`: a new network from text.

use std::path::PathBuf;

use burn::tensor::backend::AutodiffBackend;
use steward_tune::network::operations::Kernels;
use steward_tune::network::{DecoderConfig, DecoderFolder, EncoderConfig, EncoderFolder, Head, HeadKind, Heads, shapes};
use steward_tune::tasks::causal::{self, CausalTask};
use steward_tune::tasks::lines::{self, Line};
use steward_tune::tasks::words::{Text, WordsTask, follows_head};
use steward_tune::tasks::{EncoderTask, Tokens};
use steward_tune::training::{self, Settings};
use steward_tune::weights::Weights;

/// Tokens that end a text, in the order in which they are looked for.
const ENDS: [&str; 4] = ["<|endoftext|>", "</s>", "<|end|>", "[SEP]"];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The sizes: a TOML file with the keys of Hugging Face's config.json, or such a config.json.
    #[arg(long)]
    sizes: PathBuf,
    /// The tokenizer.
    #[arg(long)]
    tokenizer: PathBuf,
    /// JSONL files with "text", and "next" for next-sentence prediction.
    #[arg(long = "data", required = true, value_delimiter = ',')]
    data: Vec<PathBuf>,
    /// A folder whose weights are taken where names and sizes agree.
    #[arg(long)]
    start: Option<PathBuf>,
    /// The folder of the run; its model ends up in RUN/model.
    #[arg(long)]
    run: PathBuf,
    /// Guess too whether a text follows another (encoders).
    #[arg(long)]
    next_sentence: bool,
    /// The share of the texts that is held out.
    #[arg(long, default_value_t = 0.02)]
    hold_out: f64,
    /// Print what the run will take, and stop.
    #[arg(long)]
    plan: bool,
    /// Go on from the last checkpoint of the run.
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    if DecoderConfig::read(&arguments.sizes).is_ok_and(|_| names_decoder(&arguments.sizes)) {
        return super::on_device!(A => decoder::<A>(&arguments));
    }
    super::on_device!(A => encoder::<A>(&arguments))
}

/// Whether a file of sizes says that they are a decoder's.
fn names_decoder(path: &std::path::Path) -> bool {
    let text = steward_tune::file::read_text(path).unwrap_or_default();
    ["llama", "qwen2"].iter().any(|name| text.contains(&format!("\"{name}\"")))
}

fn encoder<A>(arguments: &Arguments) -> anyhow::Result<()>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    let settings = &arguments.settings;
    let config = EncoderConfig::read(&arguments.sizes)?;
    let tokens = Tokens::load(&arguments.tokenizer, settings.max_tokens.min(config.max_tokens()))?;
    anyhow::ensure!(
        tokens.size() <= config.vocab_size,
        "the tokenizer has {} entries, and vocab_size is {}",
        tokens.size(),
        config.vocab_size
    );
    let (train, held) = lines::held_out(lines::read(&arguments.data)?, arguments.hold_out);
    let mut heads = Heads { head: vec![Head { name: "words".to_owned(), kind: HeadKind::Words }] };
    heads.head.extend(arguments.next_sentence.then(follows_head));
    let given = arguments.start.as_ref().map_or(Ok(Weights::new()), |folder| steward_tune::weights::from_folder(folder))?;
    let mut folder = EncoderFolder { config: config.clone(), heads, weights: given, tokenizer: arguments.tokenizer.clone() };
    let (start, new) = shapes::filled(&folder.shapes(), &folder.weights, settings.seed)?;
    if arguments.plan {
        return super::plan::print::<A>(&folder.shapes(), super::plan::encoder(&config, settings));
    }
    eprintln!("{} weights, {new} of them new; {} texts", start.len(), train.len());
    let words = WordsTask::new(&tokens, arguments.next_sentence, train, held)?;
    let task = EncoderTask::<A>::new(&config, &tokens, settings, vec![(Box::new(words), 1.0)])?;
    let trained = training::train::<A>(&arguments.run, settings, &start, &task, arguments.resume)?;
    folder.weights = trained.weights;
    folder.write(&arguments.run.join("model"))?;
    println!("{}: loss {:.4} after {} steps", arguments.run.join("model").display(), trained.loss, trained.progress.step);
    Ok(())
}

fn decoder<A>(arguments: &Arguments) -> anyhow::Result<()>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    let settings = &arguments.settings;
    let config = DecoderConfig::read(&arguments.sizes)?;
    let length = settings.max_tokens.min(config.max_position_embeddings);
    let tokens = Tokens::load(&arguments.tokenizer, length)?;
    anyhow::ensure!(
        tokens.size() <= config.vocab_size,
        "the tokenizer has {} entries, and vocab_size is {}",
        tokens.size(),
        config.vocab_size
    );
    let wanted = shapes::decoder(&config);
    let given = arguments.start.as_ref().map_or(Ok(Weights::new()), |folder| steward_tune::weights::from_folder(folder))?;
    let (start, new) = shapes::filled(&wanted, &given, settings.seed)?;
    if arguments.plan {
        return super::plan::print::<A>(&wanted, super::plan::decoder(&config, settings));
    }
    let (train, held) = lines::held_out(lines::read::<Text>(&arguments.data)?, arguments.hold_out);
    let end = ENDS.iter().find_map(|name| tokens.number(name));
    let cut = |lines: Vec<Line<Text>>| causal::stretches(lines.into_iter().map(|line| line.value.text), &tokens, end, length);
    let (train, held) = (cut(train)?, cut(held)?);
    eprintln!("{} weights, {new} of them new; {} stretches of {length} tokens", start.len(), train.len());
    let task = CausalTask::new(&config, settings, train, held)?;
    let trained = training::train::<A>(&arguments.run, settings, &start, &task, arguments.resume)?;
    let place = arguments.run.join("model");
    DecoderFolder { config: config.clone(), weights: trained.weights, tokenizer: arguments.tokenizer.clone() }.write(&place)?;
    println!("{}: loss {:.4} after {} steps", place.display(), trained.loss, trained.progress.step);
    Ok(())
}
