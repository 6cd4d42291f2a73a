//! `steward-tune finetune` for decoders: answers in chats, and preferences between answers.

use anyhow::{Context, bail};
use burn::tensor::backend::AutodiffBackend;
use steward_tune::network::operations::Kernels;
use steward_tune::network::{DecoderFolder, Parameters, layers, shapes};
use steward_tune::tasks::Tokens;
use steward_tune::tasks::causal::{self, CausalTask, Stretch};
use steward_tune::tasks::chat::{Chat, Template};
use steward_tune::tasks::lines::Line;
use steward_tune::tasks::preference::{self, Preference, PreferenceTask};
use steward_tune::training::{self, Task};

use super::finetune::{Arguments, named_files, split, with_lora};

pub(super) fn teach<A>(arguments: &Arguments) -> anyhow::Result<()>
where
    A: AutodiffBackend + Kernels,
    A::InnerBackend: Kernels,
{
    let mut folder = DecoderFolder::read(&arguments.start)?;
    let limit = arguments.settings.max_tokens.min(folder.config.max_position_embeddings);
    let tokens = Tokens::load(&folder.tokenizer, limit)?;
    if arguments.plan {
        let load = super::plan::decoder(&folder.config, &arguments.settings);
        return super::plan::print::<A>(&shapes::decoder(&folder.config), load);
    }
    let [task] = arguments.tasks.as_slice() else { bail!("a decoder learns one task at a time") };
    let (kind, files) = named_files(task)?;
    let template = arguments.template.as_ref().context("chats need --template, the file that says how they become text")?;
    let template = Template::read(template)?;
    let mut start = folder.weights.clone();
    let before = Parameters::<A::InnerBackend>::new(&start, &Default::default())?;
    let settings = with_lora(arguments, &mut start)?;
    let config = folder.config.clone();
    let task: Box<dyn Task<A>> = match kind.as_str() {
        "sft" => {
            let (train, held) = split::<Chat>(arguments, &kind, &files)?;
            let talks = |lines: Vec<Line<Chat>>| -> anyhow::Result<Vec<Stretch>> {
                let talks: Result<Vec<_>, _> = lines.iter().map(|line| template.talk(line, &tokens)).collect();
                Ok(causal::answers(&talks?))
            };
            Box::new(CausalTask::new(&config, &settings, talks(train)?, talks(held)?)?)
        }
        "dpo" => {
            let (train, held) = split::<Preference>(arguments, &kind, &files)?;
            let pairs = (preference::pairs(&train, &template, &tokens)?, preference::pairs(&held, &template, &tokens)?);
            Box::new(PreferenceTask::new(&config, &settings, arguments.strength, before, pairs)?)
        }
        _ => bail!("{kind} is for encoders, and {} holds a decoder", arguments.start.display()),
    };
    let trained = training::train::<A>(&arguments.run, &settings, &start, task.as_ref(), arguments.resume)?;
    folder.weights = layers::merged(trained.weights)?;
    let place = arguments.run.join("model");
    folder.write(&place)?;
    println!("{}: loss {:.4} after {} steps", place.display(), trained.loss, trained.progress.step);
    Ok(())
}
