//! Where the command line finds models, plugins and the rest when it works without the daemon: in the checkout that it was built
//! in, else where a package puts them.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;

use super::absolute;
use crate::config::{Config, Written, WrittenModels, WrittenPaths, WrittenPolicy};

/// The file that only a checkout's root has.
const LANDMARK: &str = "plugins/FORMAT.md";

/// Folders that are said on the command line.
#[derive(Args, Clone, Default)]
pub(super) struct Folders {
    /// Folder of model folders
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Folder of plugin folders; may be given several times
    #[arg(long, value_name = "DIR")]
    plugins: Vec<PathBuf>,
    /// Catalogue of vehicle signals
    #[arg(long, value_name = "DIR")]
    vss: Option<PathBuf>,
    /// The simulated car's start values
    #[arg(long, value_name = "DIR")]
    simulator: Option<PathBuf>,
    /// A generation of knowledge
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
    /// Rule file or folder of them; may be given several times
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// Sentence encoder, a folder of --models; empty: none
    #[arg(long, value_name = "NAME")]
    encoder: Option<String>,
    /// ONNX Runtime's library
    #[arg(long, value_name = "FILE")]
    onnxruntime: Option<PathBuf>,
    /// Folder for computed vectors
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// Every folder, found or said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// For everything that the daemon has, too.
    pub(super) config: Config,
    /// The simulated car.
    pub(super) simulator: PathBuf,
    /// Whether these are a checkout's.
    pub(super) in_checkout: bool,
}

impl Layout {
    /// Finds the folders.
    pub(super) fn find(said: &Folders) -> Result<Layout, String> {
        let program = std::env::current_exe().map_err(|error| format!("this program does not know where it is: {error}"))?;
        let checkout = program.ancestors().find(|folder| folder.join(LANDMARK).exists());
        Self::of(checkout, said)
    }

    fn of(checkout: Option<&Path>, said: &Folders) -> Result<Layout, String> {
        let found = checkout.map_or_else(installed, in_checkout);
        let own = |path: &Option<PathBuf>| path.as_ref().map(absolute);
        let list = |paths: &[PathBuf]| (!paths.is_empty()).then(|| paths.iter().map(absolute).collect());
        let said_written = Written {
            paths: WrittenPaths {
                models: own(&said.models),
                plugins: list(&said.plugins),
                knowledge: own(&said.knowledge),
                vss: own(&said.vss),
                state: own(&said.state),
                onnxruntime: own(&said.onnxruntime),
            },
            models: WrittenModels { encoder: said.encoder.clone(), ..WrittenModels::default() },
            policy: WrittenPolicy { files: list(&said.policy) },
            ..Written::default()
        };
        let config = Config::try_from(found.overlaid(said_written)).map_err(|error| error.to_string())?;
        let simulator =
            checkout.map_or_else(|| PathBuf::from("/usr/share/steward/plugins/simulator"), |root| root.join("plugins/simulator"));
        Ok(Layout { config, simulator: own(&said.simulator).unwrap_or(simulator), in_checkout: checkout.is_some() })
    }
}

fn installed() -> Written {
    // Only the daemon may write to /var/lib/steward.
    Written { paths: WrittenPaths { state: state_home(), ..WrittenPaths::default() }, ..Written::default() }
}

/// `~/.local/state/steward`, or where the user keeps such things.
pub(super) fn state_home() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")))?;
    Some(home.join("steward"))
}

fn in_checkout(root: &Path) -> Written {
    let made = root.join(".steward");
    let rules = root.join("assistant/policy.toml");
    Written {
        paths: WrittenPaths {
            models: Some(root.join("models/shipped")),
            plugins: Some(vec![root.join("plugins")]),
            knowledge: Some(newest_generation(&made.join("knowledge"))),
            vss: Some(root.join("plugins/vss")),
            state: Some(made.join("state")),
            onnxruntime: None,
        },
        policy: WrittenPolicy { files: Some(if rules.exists() { vec![rules] } else { Vec::new() }) },
        ..Written::default()
    }
}

/// The generation that was built last; the folder of generations itself when there is none, so that a message names it.
fn newest_generation(home: &Path) -> PathBuf {
    let built = |folder: &PathBuf| std::fs::metadata(folder.join("manifest.toml")).and_then(|file| file.modified()).ok();
    let folders = std::fs::read_dir(home).into_iter().flatten().flatten().map(|entry| entry.path());
    let generations = folders.filter_map(|folder| built(&folder).map(|time: SystemTime| (time, folder)));
    generations.max().map_or_else(|| home.to_owned(), |(_, folder)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_used_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join(".steward/knowledge/one")).unwrap();
        std::fs::create_dir_all(root.path().join(".steward/knowledge/draft")).unwrap();
        std::fs::write(root.path().join(".steward/knowledge/one/manifest.toml"), "").unwrap();
        let layout = Layout::of(Some(root.path()), &Folders::default()).unwrap();
        assert_eq!(layout.config.knowledge, root.path().join(".steward/knowledge/one"));
        assert_eq!(layout.config.plugins, [root.path().join("plugins")]);
        assert!(layout.config.policy_files().unwrap().is_empty());
    }

    #[test]
    fn what_is_said_wins() {
        let said = Folders {
            models: Some("/m".into()),
            plugins: vec!["/p".into(), "/q".into()],
            encoder: Some(String::new()),
            ..Folders::default()
        };
        let layout = Layout::of(None, &said).unwrap();
        assert_eq!((layout.config.models, layout.config.encoder), (PathBuf::from("/m"), None));
        assert_eq!(layout.config.plugins, [PathBuf::from("/p"), PathBuf::from("/q")]);
        assert_eq!(layout.config.vss, Path::new("/usr/share/steward/plugins/vss"));
    }
}
