//! `steward-tune distill`: a student's sentence vectors learn to be the teacher's, for translations as well.

use std::path::PathBuf;

use steward_tune::training::Settings;

use super::finetune;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the teacher.
    #[arg(long)]
    teacher: PathBuf,
    /// The folder of the student to start from; its vectors must be as wide as the teacher's.
    #[arg(long)]
    start: PathBuf,
    /// JSONL files with "text", or with "en" and "zh": the teacher reads the first, and both land where it says.
    #[arg(long = "data", required = true, value_delimiter = ',')]
    data: Vec<PathBuf>,
    /// The folder of the run; its model ends up in RUN/model.
    #[arg(long)]
    run: PathBuf,
    /// The share of the lines that is held out.
    #[arg(long, default_value_t = 0.05)]
    hold_out: f64,
    /// Go on from the last checkpoint of the run.
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let files: Vec<String> = arguments.data.iter().map(|path| path.display().to_string()).collect();
    finetune::run(finetune::Arguments {
        tasks: vec![format!("embedding:{}", files.join(","))],
        teacher: Some(arguments.teacher),
        no_contrast: true,
        hold_out: arguments.hold_out,
        resume: arguments.resume,
        ..finetune::Arguments::new(arguments.start, arguments.run, arguments.settings)
    })
}
