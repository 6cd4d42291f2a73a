//! A new plugin's folder, to begin with: small, complete, and free of findings.

use std::path::{Path, PathBuf};

use crate::lint;

/// A folder could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The id cannot be used.
    #[error("'{0}' cannot be a plugin's id: use lower-case letters, digits and '-', a letter first")]
    Id(String),
    /// It is there already.
    #[error("{0} is there already; choose another id or delete it")]
    Exists(PathBuf),
    /// It cannot be written.
    #[error("{0} cannot be written: {1}")]
    Unwritable(PathBuf, #[source] std::io::Error),
}

/// Makes the folder `parent/id` with a manifest, both locales and tests; the example opens and closes the rear shade.
///
/// # Errors
/// An id that cannot be used, a folder that is there already, a disk that cannot be written.
pub fn create(parent: &Path, id: &str) -> Result<PathBuf, NewError> {
    if !lint::is_id(id) {
        return Err(NewError::Id(id.to_owned()));
    }
    let folder = parent.join(id);
    if folder.exists() {
        return Err(NewError::Exists(folder));
    }
    let title = id.replace('-', " ");
    for (name, text) in [("plugin.toml", MANIFEST), ("locale/en.toml", ENGLISH), ("locale/zh.toml", CHINESE), ("tests/cases.toml", CASES)] {
        let file = folder.join(name);
        let text = text.replace("ID", id).replace("TITLE", &title);
        let made = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, text));
        made.map_err(|error| NewError::Unwritable(file, error))?;
    }
    Ok(folder)
}

const MANIFEST: &str = r#"# What the plugin can do, and which vehicle signals that sets. plugins/FORMAT.md describes every key.
[plugin]
id = "ID"
title = { en = "TITLE", zh = "TITLE" }
version = "0.1.0"
program = ""                              # empty: steward-plugin serves it from this file

[[action]]
id = "open"
risk = "comfort"                          # read | comfort | confirm | parked | never
undo = "close"
effect = [{ path = "Vehicle.Cabin.RearShade.Position", value = 100 }]

[[action]]
id = "close"
risk = "comfort"
undo = "open"
effect = [{ path = "Vehicle.Cabin.RearShade.Position", value = 0 }]

[[action]]
id = "set"
risk = "comfort"
effect = [{ path = "Vehicle.Cabin.RearShade.Position", value = "position" }]
[action.arguments.position]
type = "number"
unit = "percent"
min = 0.0
max = 100.0
step = 10.0
relative = 20.0
directions = { wider = 1, narrower = -1 }

[[action]]
id = "get"
risk = "read"
undo = "none"
answer = [{ name = "position", path = "Vehicle.Cabin.RearShade.Position" }]
"#;

const ENGLISH: &str = r#"# How people ask for it, and what is replied. <open>, <close>, <set>, <what> are word lists of plugins/words/en.toml.
[action.open]
title = "open the TITLE"
say = ["<open> [the] TITLE"]
done = "The TITLE is open."

[action.close]
title = "close the TITLE"
say = ["<close> [the] TITLE"]
done = "The TITLE is closed."

[action.set]
title = "set the TITLE"
say = ["<set> [the] TITLE to {position}"]
wider = ["<open> [the] TITLE (wider|further) [by {position}]"]
narrower = ["<close> [the] TITLE (a little|partly) [by {position}]"]
not = ["how far is the TITLE open"]
done = "The TITLE is at {position} percent."
ask = { position = "To how many percent?" }

[action.get]
title = "ask for the TITLE"
say = ["how far is [the] TITLE open", "<what> [the] position of [the] TITLE"]
done = "The TITLE is open to {position} percent."
"#;

const CHINESE: &str = r#"# 用户怎么说，以及怎么回答。<open>、<close>、<set> 是 plugins/words/zh.toml 里的词表。
[action.open]
title = "打开TITLE"
say = ["<open>TITLE", "TITLE<open>"]
done = "TITLE已打开。"

[action.close]
title = "关闭TITLE"
say = ["<close>TITLE", "TITLE<close>"]
done = "TITLE已关闭。"

[action.set]
title = "调节TITLE"
say = ["TITLE<set>{position}"]
wider = ["TITLE再开大[{position}]"]
narrower = ["TITLE再关小[{position}]"]
not = ["TITLE开了多少"]
done = "TITLE已调到百分之{position}。"
ask = { position = "调到百分之多少？" }

[action.get]
title = "查询TITLE"
say = ["TITLE开了多少"]
done = "TITLE打开了百分之{position}。"
"#;

const CASES: &str = r#"# Sentences with the commands they must become.
[[case]]
say = "open the TITLE"
commands = [{ plugin = "ID", action = "open" }]

[[case]]
say = "set the TITLE to 40"
commands = [{ plugin = "ID", action = "set", position = 40.0 }]

[[case]]
say = "打开TITLE"
commands = [{ plugin = "ID", action = "open" }]
"#;
