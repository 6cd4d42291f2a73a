//! A whole car's worth of Steward on a private bus: started in one call, ended by dropping it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use plugins::catalogue::bus_name;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::bus::{Activation, PrivateBus};
use crate::checkout::Checkout;
use crate::client::Client;
use crate::prepared;
use crate::process::Process;

/// How long the daemon may take until it serves; the first start works out a vector for every phrase.
const START: Duration = Duration::from_secs(300);

/// The simulated car's vehicle line, as its bundles of knowledge name it.
pub const VEHICLE: &str = "kestrel-5";

/// What to start, and with what. The default is everything that the checkout has.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folders of plugin folders, or plugin folders; none: the checkout's.
    pub plugins: Option<Vec<PathBuf>>,
    /// Whether calling a plugin starts it.
    pub activation: bool,
    /// Whether there is a car.
    pub vehicle: bool,
    /// Folder of model folders; none: the checkout's.
    pub models: Option<PathBuf>,
    /// ONNX Runtime's library; none: the one of `make setup`.
    pub onnxruntime: Option<PathBuf>,
    /// Folder of a knowledge generation; none: the one built from the checkout.
    pub knowledge: Option<PathBuf>,
    /// More policy files than the checkout's.
    pub policy: Vec<PathBuf>,
    /// The root of trust for bundles of knowledge; none: nothing can be installed.
    pub trust: Option<PathBuf>,
    /// Folder that outlives the stand, for the daemon's state; none: one of its own.
    pub state: Option<PathBuf>,
    /// What is called up to now, for somebody who waits.
    pub progress: fn(&str),
}

impl Default for Options {
    fn default() -> Self {
        Options {
            plugins: None,
            activation: true,
            vehicle: true,
            models: None,
            onnxruntime: None,
            knowledge: None,
            policy: Vec::new(),
            trust: None,
            state: None,
            progress: |_| {},
        }
    }
}

/// Everything that runs. Fields are dropped in order: who depends on somebody leaves first.
#[derive(Debug)]
pub struct Stand {
    client: Client,
    daemon: Process,
    simulator: Option<Process>,
    bus: PrivateBus,
    checkout: Checkout,
    run: TempDir,
}

impl Stand {
    /// Starts everything and waits until the daemon serves.
    ///
    /// # Errors
    /// Something is not built, not installed or does not start; the message ends with the log's end.
    pub async fn start(options: &Options) -> Result<Self> {
        let checkout = Checkout::find()?;
        let run = run_folder()?;
        let folders = plugin_folders(&checkout, options);
        let activations = if options.activation { activations(&checkout, &folders, run.path())? } else { Vec::new() };
        (options.progress)("starting a private message bus");
        let bus = PrivateBus::start(run.path(), &activations)?;
        let simulator = if options.vehicle { Some(start_simulator(&checkout, &bus, run.path())?) } else { None };
        let configuration = write_configuration(&checkout, options, &folders, run.path())?;
        (options.progress)("starting stewardd");
        let daemon = start_daemon(&checkout, &bus, &configuration, run.path())?;
        let client = Client::connect(bus.address()).await?;
        let mut stand = Stand { client, daemon, simulator, bus, checkout, run };
        stand.wait_until_served().await?;
        if options.state.is_none() {
            prepared::keep_vectors(&stand.checkout, &stand.state_folder());
        }
        Ok(stand)
    }

    /// A connection that the stand itself uses.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The bus, for other programs.
    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// The checkout it was started from.
    pub fn checkout(&self) -> &Checkout {
        &self.checkout
    }

    /// The daemon's process.
    pub fn daemon(&mut self) -> &mut Process {
        &mut self.daemon
    }

    /// The simulator's process, if there is a car.
    pub fn simulator(&mut self) -> Option<&mut Process> {
        self.simulator.as_mut()
    }

    /// The bus's process; activated plugins run in its group.
    pub fn bus(&mut self) -> &mut Process {
        self.bus.process()
    }

    /// The folder of sockets, logs and configuration, gone with the stand.
    pub fn run_folder(&self) -> &Path {
        self.run.path()
    }

    /// A command with the stand's bus in its environment.
    ///
    /// # Errors
    /// The program is not built.
    pub fn command(&self, program: &str) -> Result<Command> {
        Ok(on_bus(&self.checkout.program(program)?, self.address()))
    }

    /// Has the bus start plugins, so that what follows does not wait for them.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn wake(&self, plugins: &[&str]) -> Result<()> {
        for plugin in plugins {
            let peer = self.client.proxy(&bus_name(plugin), "/org/steward1/plugin", "org.freedesktop.DBus.Peer").await?;
            peer.call::<_, _, ()>("Ping", &()).await.with_context(|| format!("the plugin {plugin} does not start"))?;
        }
        Ok(())
    }

    /// Ends everything now. True if every process left without being killed.
    pub fn stop(mut self) -> bool {
        let daemon = self.daemon.stop();
        let simulator = self.simulator.as_mut().is_none_or(Process::stop);
        let bus = self.bus.process().stop();
        daemon && simulator && bus
    }

    fn state_folder(&self) -> PathBuf {
        self.run.path().join("state")
    }

    async fn wait_until_served(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Ok((status, _)) = self.client.status().await
                && status != "starting"
                && self.simulator_serves().await
            {
                return Ok(());
            }
            if let Some(status) = self.daemon.ended() {
                bail!("stewardd ended ({status}): {}", self.daemon.log_end(8));
            }
            if let Some(simulator) = &mut self.simulator
                && let Some(status) = simulator.ended()
            {
                bail!("steward-simulator ended ({status}): {}", simulator.log_end(8));
            }
            if start.elapsed() > START {
                bail!("stewardd does not serve: {}", self.daemon.log_end(8));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn simulator_serves(&self) -> bool {
        self.simulator.is_none() || owned(&self.client, crate::car::SERVICE).await
    }
}

/// Whether somebody owns a bus name.
pub async fn owned(client: &Client, name: &str) -> bool {
    let Ok(bus) = zbus::fdo::DBusProxy::new(client.connection()).await else { return false };
    let Ok(name) = name.to_owned().try_into() else { return false };
    bus.name_has_owner(name).await.unwrap_or(false)
}

/// Sockets have short names only, so a long temporary folder is not used.
fn run_folder() -> Result<TempDir> {
    let place = std::env::temp_dir();
    let place = if place.as_os_str().len() > 70 { PathBuf::from("/tmp") } else { place };
    tempfile::Builder::new().prefix("steward-").tempdir_in(place).context("no temporary folder can be made")
}

fn plugin_folders(checkout: &Checkout, options: &Options) -> Vec<PathBuf> {
    options.plugins.clone().unwrap_or_else(|| vec![checkout.path("plugins")])
}

/// As much of a manifest as starting its program needs; the rest may be wrong, which is the daemon's to find out.
#[derive(Deserialize)]
struct ManifestHead {
    plugin: PluginHead,
}

#[derive(Deserialize)]
struct PluginHead {
    id: String,
    #[serde(default)]
    program: String,
}

fn activations(checkout: &Checkout, folders: &[PathBuf], run: &Path) -> Result<Vec<Activation>> {
    let mut found = Vec::new();
    for folder in folders.iter().flat_map(|folder| with_manifest(folder)) {
        let text = std::fs::read_to_string(folder.join("plugin.toml"))?;
        let Ok(head) = toml::from_str::<ManifestHead>(&text) else { continue };
        found.push(Activation { name: bus_name(&head.plugin.id), command: command_of(checkout, &head.plugin, &folder, run)? });
    }
    Ok(found)
}

fn with_manifest(folder: &Path) -> Vec<PathBuf> {
    if folder.join("plugin.toml").exists() {
        return vec![folder.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let folders = entries.flatten().map(|entry| entry.path());
    folders.filter(|path| path.join("plugin.toml").exists()).collect()
}

/// `steward-plugin`, or the manifest's own program: one of the workspace's, or a file in the plugin's folder.
fn command_of(checkout: &Checkout, head: &PluginHead, folder: &Path, run: &Path) -> Result<Vec<PathBuf>> {
    let own = folder.join(&head.program);
    let program = match head.program.as_str() {
        "" => checkout.program("steward-plugin")?,
        _ if own.is_file() => own,
        name => checkout.program(name)?,
    };
    let mut command = vec![program, folder.to_owned(), "--vss".into(), checkout.path("plugins/vss")];
    if !head.program.is_empty() {
        command.extend(["--state".into(), run.join("state")]);
    }
    Ok(command)
}

fn start_simulator(checkout: &Checkout, bus: &PrivateBus, run: &Path) -> Result<Process> {
    let mut command = on_bus(&checkout.program("steward-simulator")?, bus.address());
    command.arg("--vss").arg(checkout.path("plugins/vss")).arg("--start").arg(checkout.path("plugins/simulator"));
    Process::start("steward-simulator", &mut command, &run.join("simulator.log"))
}

fn start_daemon(checkout: &Checkout, bus: &PrivateBus, configuration: &Path, run: &Path) -> Result<Process> {
    let mut command = on_bus(&checkout.program("stewardd")?, bus.address());
    command.arg("--config").arg(configuration);
    Process::start("stewardd", &mut command, &run.join("stewardd.log"))
}

fn on_bus(program: &Path, address: &str) -> Command {
    let mut command = Command::new(program);
    command.env("DBUS_SESSION_BUS_ADDRESS", address).env_remove("STEWARD_ORT_LIB").env_remove("NOTIFY_SOCKET");
    command
}

/// The daemon's configuration file; keys are those of `daemon/steward.toml`.
#[derive(Serialize)]
struct Configuration {
    bus: &'static str,
    paths: Paths,
    policy: Policy,
    update: Update,
}

#[derive(Serialize)]
struct Paths {
    models: PathBuf,
    plugins: Vec<PathBuf>,
    knowledge: PathBuf,
    vss: PathBuf,
    state: PathBuf,
    onnxruntime: PathBuf,
}

#[derive(Serialize)]
struct Update {
    trust: PathBuf,
    vehicle: &'static str,
}

#[derive(Serialize)]
struct Policy {
    files: Vec<PathBuf>,
}

fn write_configuration(checkout: &Checkout, options: &Options, folders: &[PathBuf], run: &Path) -> Result<PathBuf> {
    let state = options.state.clone().unwrap_or_else(|| run.join("state"));
    std::fs::create_dir_all(&state)?;
    if options.state.is_none() {
        prepared::lend_vectors(checkout, &state);
    }
    let paths = Paths {
        models: options.models.clone().unwrap_or_else(|| checkout.path("models/shipped")),
        plugins: folders.to_vec(),
        knowledge: match &options.knowledge {
            Some(folder) => folder.clone(),
            None => prepared::knowledge(checkout, options.progress)?,
        },
        vss: checkout.path("plugins/vss"),
        state,
        onnxruntime: match &options.onnxruntime {
            Some(library) => library.clone(),
            None => prepared::onnxruntime(checkout)?,
        },
    };
    let shipped = Some(checkout.path(prepared::POLICY)).filter(|file| file.exists());
    let files = shipped.into_iter().chain(options.policy.iter().cloned()).collect();
    let file = run.join("steward.toml");
    let update = Update { trust: options.trust.clone().unwrap_or_else(|| run.join("no-trust.json")), vehicle: VEHICLE };
    std::fs::write(&file, toml::to_string(&Configuration { bus: "session", paths, policy: Policy { files }, update })?)?;
    Ok(file)
}
