//! `steward-tune tokenizer`: from the command line to training a tokenizer, or to a report on one.

use std::path::PathBuf;

use anyhow::ensure;
use steward_tune::text::{Progress, TokenizerKind, TokenizerSettings, judge_tokenizer, table, train_tokenizer};

/// Train a WordPiece, BPE or byte-level BPE tokenizer, or report on one: coverage and tokens per character in both languages.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A folder that `prepare` wrote, or files as `prepare` reads them
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// The folder for tokenizer.json and the report
    #[arg(long, short, required_unless_present = "judge")]
    out: Option<PathBuf>,
    /// Settings (TOML): kind, vocabulary, alphabet, min-frequency, lowercase, special. Flags win over them
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// wordpiece, bpe or byte-bpe
    #[arg(long, value_parser = kind)]
    kind: Option<TokenizerKind>,
    /// Tokens at most
    #[arg(long)]
    vocabulary: Option<usize>,
    /// Keep upper and lower case apart
    #[arg(long)]
    cased: bool,
    /// A special token beside those that the kind has
    #[arg(long, value_name = "TOKEN")]
    special: Vec<String>,
    /// Report on this tokenizer.json; train nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "kind", "vocabulary", "cased", "special", "settings"])]
    judge: Option<PathBuf>,
    /// Go on with a run that was stopped: what is there already is not trained again
    #[arg(long)]
    resume: bool,
}

fn kind(name: &str) -> Result<TokenizerKind, String> {
    let all = [TokenizerKind::Wordpiece, TokenizerKind::Bpe, TokenizerKind::ByteBpe];
    all.into_iter().find(|kind| kind.name() == name).ok_or_else(|| "it is wordpiece, bpe or byte-bpe".to_owned())
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    if let Some(tokenizer) = &arguments.judge {
        print!("{}", table(&judge_tokenizer(tokenizer, &arguments.input)?));
        return Ok(());
    }
    let mut settings = arguments.settings.as_deref().map(TokenizerSettings::load).transpose()?.unwrap_or_default();
    settings.kind = arguments.kind.unwrap_or(settings.kind);
    settings.vocabulary = arguments.vocabulary.unwrap_or(settings.vocabulary);
    settings.lowercase = settings.lowercase && !arguments.cased;
    settings.special.extend(arguments.special);
    let Some(out) = arguments.out else { return Ok(()) };
    let file = out.join("tokenizer.json");
    if file.is_file() {
        ensure!(arguments.resume, "{} is there already; name another folder, or say --resume to keep it", file.display());
        println!("{} is there already", file.display());
        return Ok(());
    }
    let progress = Progress::new();
    let trained = train_tokenizer(&settings, &arguments.input, &out, &progress);
    progress.end();
    let (tokens, judgments) = trained?;
    println!("{tokens} tokens in {}\n\n{}", file.display(), table(&judgments).trim_end());
    Ok(())
}
