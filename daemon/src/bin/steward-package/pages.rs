//! Manual pages and completions, from the same definitions that read the command lines.

use std::path::Path;

use anyhow::Result;
use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use plugins::command::{NavigationOptions, PluginOptions, SimulatorOptions};
use steward_daemon::arguments::Arguments;
use steward_daemon::command;

use crate::put;

/// Writes the pages of every program and the completions of those that people type.
pub(crate) fn write(root: &Path) -> Result<()> {
    page(command::definition(), "1", root)?;
    for service in [Arguments::command(), PluginOptions::command(), NavigationOptions::command(), SimulatorOptions::command()] {
        page(service, "8", root)?;
    }
    for typed in [command::definition(), Arguments::command()] {
        completions(&typed, root)?;
    }
    Ok(())
}

/// A page for a program, and one for each of its commands: `steward-knowledge-build.1`.
fn page(program: Command, section: &str, root: &Path) -> Result<()> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    pages(&program, section, root)
}

fn pages(command: &Command, section: &str, root: &Path) -> Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut text = Vec::new();
    // The date is left out, so that the same program has the same page.
    Man::new(command.clone()).title(name.to_uppercase()).section(section).source("Steward").render(&mut text)?;
    put(&root.join(format!("usr/share/man/man{section}/{name}.{section}")), text)?;
    command.get_subcommands().filter(|command| !command.is_hide_set()).try_for_each(|command| pages(command, section, root))
}

fn completions(command: &Command, root: &Path) -> Result<()> {
    let name = command.get_name().to_owned();
    let places = [
        (Shell::Bash, format!("usr/share/bash-completion/completions/{name}")),
        (Shell::Zsh, format!("usr/share/zsh/vendor-completions/_{name}")),
        (Shell::Fish, format!("usr/share/fish/vendor_completions.d/{name}.fish")),
    ];
    places.into_iter().try_for_each(|(shell, place)| {
        let mut text = Vec::new();
        generate(shell, &mut command.clone(), name.as_str(), &mut text);
        put(&root.join(place), text)
    })
}
