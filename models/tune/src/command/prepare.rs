//! `steward-tune prepare`: from the command line to a run over text.

use std::path::PathBuf;

use steward_tune::text::{Part, Preparation, Progress, Settings, Source, Summary};

/// Clean, redact, deduplicate, split, mix and vary text, and write shards with a data card.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Settings (TOML). models/tune/prepare.toml shows all of them. Flags win over them
    settings: Option<PathBuf>,
    /// The folder for shards and card: new, empty, or with a run that was stopped
    #[arg(long, short)]
    out: PathBuf,
    /// A file or folder to read, beside those in the settings
    #[arg(long, short, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// The number that all chance follows from
    #[arg(long)]
    seed: Option<u64>,
    /// Varied copies of each training example
    #[arg(long)]
    copies: Option<usize>,
    /// A folder of plugins; their locale files give synonyms
    #[arg(long, value_name = "FOLDER")]
    vocabulary: Option<PathBuf>,
    /// A usage log (JSONL) that the labels' distribution follows
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,
    /// A tokenizer.json; token numbers are stored beside the text
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// End the run at the first bad record
    #[arg(long)]
    strict: bool,
    /// Go on with a run that was stopped
    #[arg(long)]
    resume: bool,
    /// Threads; 0 for one a core. The outcome does not depend on it
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let place = arguments.settings.as_ref().map_or_else(|| "the flags".to_owned(), |path| path.display().to_string());
    let preparation = Preparation {
        settings: settings(&arguments)?,
        place,
        out: arguments.out.clone(),
        strict: arguments.strict,
        resume: arguments.resume,
        threads: arguments.threads,
    };
    let progress = Progress::new();
    let summary = preparation.run(&progress);
    progress.end();
    show(&summary?, &arguments.out);
    Ok(())
}

fn settings(arguments: &Arguments) -> anyhow::Result<Settings> {
    let mut settings = arguments.settings.as_deref().map(Settings::load).transpose()?.unwrap_or_default();
    for path in &arguments.input {
        let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        settings.source.push(Source { name, path: path.clone(), augment: true, ..Source::default() });
    }
    settings.seed = arguments.seed.unwrap_or(settings.seed);
    settings.augment.copies = arguments.copies.unwrap_or(settings.augment.copies);
    let paths = [
        (&mut settings.augment.vocabulary, &arguments.vocabulary),
        (&mut settings.mix.usage, &arguments.usage),
        (&mut settings.shard.tokenizer, &arguments.tokenizer),
    ];
    for (setting, flag) in paths {
        if flag.is_some() {
            setting.clone_from(flag);
        }
    }
    Ok(settings)
}

fn show(summary: &Summary, out: &std::path::Path) {
    let parts = Part::ALL.map(|part| format!("{} {}", summary.examples[part as usize], part.name()));
    let done = if summary.was_done { "was prepared before: " } else { "" };
    println!("{done}{}", parts.join(", "));
    if summary.bad > 0 {
        println!("{} bad records were left out; {} lists them", summary.bad, out.join("bad.jsonl").display());
    }
    println!("the card is {}", out.join("CARD.md").display());
}
