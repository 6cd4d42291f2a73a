//! `org.steward1.PluginInfo`: one object per plugin folder, under an object manager.

use std::path::Path;

use plugins::bus::PluginState;
use plugins::catalogue::{Catalogue, Plugin, PluginFolderError};
use zbus::interface;

/// One plugin as the bus sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PluginInfo {
    pub(super) id: String,
    title: String,
    version: String,
    state: &'static str,
    pub(super) reason: String,
    actions: Vec<String>,
}

#[interface(name = "org.steward1.PluginInfo")]
impl PluginInfo {
    /// Its id.
    #[zbus(property(emits_changed_signal = "const"))]
    fn id(&self) -> &str {
        &self.id
    }

    /// Its English title.
    #[zbus(property(emits_changed_signal = "const"))]
    fn title(&self) -> &str {
        &self.title
    }

    /// Its version.
    #[zbus(property(emits_changed_signal = "const"))]
    fn version(&self) -> &str {
        &self.version
    }

    /// "ready", "asleep" (starts when needed), "failed", "blocked"
    #[zbus(property)]
    fn state(&self) -> &str {
        self.state
    }

    /// Why it is failed or blocked.
    #[zbus(property)]
    fn reason(&self) -> &str {
        &self.reason
    }

    /// Ids of its actions.
    #[zbus(property(emits_changed_signal = "const"))]
    fn actions(&self) -> &[String] {
        &self.actions
    }
}

impl PluginInfo {
    fn of(plugin: &Plugin) -> Self {
        let about = &plugin.manifest.plugin;
        PluginInfo {
            id: about.id.clone(),
            title: about.title.get("en").or_else(|| about.title.values().next()).cloned().unwrap_or_else(|| about.id.clone()),
            version: about.version.clone(),
            state: "asleep",
            reason: String::new(),
            actions: plugin.manifest.actions.iter().map(|action| action.id.clone()).collect(),
        }
    }

    fn blocked(error: &PluginFolderError) -> Self {
        let id = rejected_folder(error).file_name().map_or_else(|| "unnamed".to_owned(), |name| name.to_string_lossy().into_owned());
        PluginInfo { title: id.clone(), id, version: String::new(), state: "blocked", reason: error.to_string(), actions: Vec::new() }
    }

    /// Every plugin of a catalogue, those left out included.
    pub(super) fn all(catalogue: &Catalogue) -> Vec<Self> {
        catalogue.plugins.values().map(Self::of).chain(catalogue.rejected.iter().map(Self::blocked)).collect()
    }

    /// Its object: the id, with `_` for every character that paths may not have.
    pub(super) fn path(&self) -> String {
        let legal: String = self.id.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        format!("{}/{legal}", super::PLUGINS_PATH)
    }

    /// Takes over whether it runs; whether that changed anything. One that is blocked is never asked.
    pub(super) fn found(&mut self, state: PluginState) -> bool {
        if self.state == "blocked" {
            return false;
        }
        let (state, reason) = match state {
            PluginState::Ready => ("ready", ""),
            PluginState::Asleep => ("asleep", ""),
            PluginState::Absent => ("failed", "nobody serves it, and the bus knows nobody to start"),
        };
        let changed = self.state != state;
        self.state = state;
        reason.clone_into(&mut self.reason);
        changed
    }

    /// Whether it can be asked to run at all.
    pub(super) fn is_usable(&self) -> bool {
        self.state != "blocked"
    }
}

/// The folder that an error is about: some name the folder, some a file in it.
pub(crate) fn rejected_folder(error: &PluginFolderError) -> &Path {
    let path = match error {
        PluginFolderError::Findings(folder, _) => return folder,
        PluginFolderError::Unreadable(file, _) | PluginFolderError::Invalid(file, _) => file.as_path(),
    };
    let is_part = |folder: &&Path| folder.join("plugin.toml").exists();
    path.ancestors().skip(1).find(is_part).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(path: &str) -> PluginInfo {
        PluginInfo::blocked(&PluginFolderError::Findings(path.into(), Vec::new()))
    }

    #[test]
    fn an_id_becomes_a_legal_path() {
        assert_eq!(blocked("plugins/my-own.plugin").path(), "/org/steward1/plugins/my_own_plugin");
    }

    #[test]
    fn a_blocked_plugin_stays_blocked() {
        let mut plugin = blocked("plugins/x");
        assert!(!plugin.found(PluginState::Ready));
        assert_eq!((plugin.state, plugin.is_usable()), ("blocked", false));
    }

    #[test]
    fn a_plugin_that_nobody_serves_says_so() {
        let mut plugin = PluginInfo { state: "ready", ..blocked("plugins/x") };
        assert!(plugin.found(PluginState::Absent));
        assert_eq!(plugin.state, "failed");
        assert!(plugin.reason.contains("nobody serves it"));
        assert!(plugin.found(PluginState::Ready) && plugin.reason.is_empty());
        assert!(!plugin.found(PluginState::Ready));
    }

    #[test]
    fn a_mistake_in_a_locale_names_the_plugin() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("lamp");
        std::fs::create_dir_all(plugin.join("locale")).unwrap();
        std::fs::write(plugin.join("plugin.toml"), "").unwrap();
        let error = PluginFolderError::Invalid(plugin.join("locale/en.toml"), "x".into());
        assert_eq!(PluginInfo::blocked(&error).id, "lamp");
    }
}
