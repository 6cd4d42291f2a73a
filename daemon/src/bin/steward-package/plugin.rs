//! One plugin on the system bus: it owns its own name as a user of its own, and the bus starts it when it is called.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::put;

/// What is written, from which template of `systemd/plugin`.
const FILES: [(&str, &str); 3] = [
    ("usr/share/dbus-1/system.d/org.steward1.plugin.@ID@.conf", include_str!("../../../../systemd/plugin/dbus.conf.in")),
    ("usr/share/dbus-1/system-services/org.steward1.plugin.@ID@.service", include_str!("../../../../systemd/plugin/activation.service.in")),
    ("usr/lib/sysusers.d/steward-plugin-@ID@.conf", include_str!("../../../../systemd/plugin/sysusers.conf.in")),
];

/// Names of users are this long at most, wherever systemd makes them.
const LONGEST_USER: usize = 31;

#[derive(Deserialize)]
struct Manifest {
    plugin: Head,
}

#[derive(Deserialize)]
struct Head {
    id: String,
}

/// Writes the files of the plugin in `folder` below `root`.
pub(crate) fn write(folder: &Path, root: &Path) -> Result<()> {
    let file = folder.join("plugin.toml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let manifest: Manifest = toml::from_str(&text).with_context(|| format!("{} is no manifest", file.display()))?;
    let id = manifest.plugin.id;
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    ensure!(!id.is_empty() && id.chars().all(plain), "{id:?} cannot be part of a user's name: use a-z, 0-9 and -");
    let user = format!("steward-p-{id}");
    ensure!(user.len() <= LONGEST_USER, "the user {user} would have a longer name than {LONGEST_USER} letters: use a shorter id");
    let filled = |template: &str| template.replace("@ID@", &id).replace("@USER@", &user);
    FILES.iter().try_for_each(|(path, template)| put(&root.join(filled(path)), filled(template)))
}
