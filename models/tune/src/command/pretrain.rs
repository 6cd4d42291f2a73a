//! `steward-tune pretrain`: a new network from text.

use std::path::PathBuf;

use burn::tensor::backend::AutodiffBackend;
use steward_tune::network::operations::Kernels;
use steward_tune::network::{EncoderConfig, EncoderFolder, Head, HeadKind, Heads, shapes};
use steward_tune::tasks::words::{WordsTask, follows_head};
use steward_tune::tasks::{EncoderTask, Tokens, lines};
use steward_tune::training::{self, Settings};
use steward_tune::weights::Weights;

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
    /// Go on from the last checkpoint of the run.
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    super::on_device!(A => encoder::<A>(&arguments))
}

fn encoder<A>(arguments: &Arguments) -> anyhow::Result<()>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    let settings = &arguments.settings;
    let config = EncoderConfig::read(&arguments.sizes)?;
    let tokens = Tokens::load(&arguments.tokenizer, settings.max_tokens.min(config.max_tokens()))?;
    anyhow::ensure!(tokens.size() <= config.vocab_size, "the tokenizer has {} entries, and vocab_size is {}", tokens.size(), config.vocab_size);
    let (train, held) = lines::held_out(lines::read(&arguments.data)?, arguments.hold_out);
    let mut heads = Heads { head: vec![Head { name: "words".to_owned(), kind: HeadKind::Words }] };
    heads.head.extend(arguments.next_sentence.then(follows_head));
    let given = arguments.start.as_ref().map_or(Ok(Weights::new()), |folder| steward_tune::weights::from_folder(folder))?;
    let mut folder = EncoderFolder { config: config.clone(), heads, weights: given, tokenizer: arguments.tokenizer.clone() };
    let (start, new) = shapes::filled(&folder.shapes(), &folder.weights, settings.seed)?;
    eprintln!("{} weights, {new} of them new; {} texts", start.len(), train.len());
    let words = WordsTask::new(&tokens, arguments.next_sentence, train, held)?;
    let task = EncoderTask::<A>::new(&config, &tokens, settings, vec![(Box::new(words), 1.0)])?;
    let trained = training::train::<A>(&arguments.run, settings, &start, &task, arguments.resume)?;
    folder.weights = trained.weights;
    folder.write(&arguments.run.join("model"))?;
    println!("{}: loss {:.4} after {} steps", arguments.run.join("model").display(), trained.loss, trained.progress.step);
    Ok(())
}
