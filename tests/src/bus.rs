//! A private message bus in a folder, with activation files for plugins, so that nothing touches the desktop's own bus.

use std::fmt::Write as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::accounts::Accounts;
use crate::process::Process;

/// How long the bus may take to answer.
const START: Duration = Duration::from_secs(5);

/// A program that the bus starts when somebody calls its name.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The bus name.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<PathBuf>,
}

/// A running `dbus-daemon` of our own.
#[derive(Debug)]
pub struct PrivateBus {
    address: String,
    process: Process,
}

impl PrivateBus {
    /// Writes configuration and activation files into `folder` and starts the bus there.
    ///
    /// # Errors
    /// `dbus-daemon` is not installed or does not answer; the folder cannot be written.
    pub fn start(folder: &Path, activations: &[Activation]) -> Result<Self> {
        let services = folder.join("services");
        std::fs::create_dir_all(&services)?;
        for activation in activations {
            std::fs::write(services.join(format!("{}.service", activation.name)), service_file(activation))?;
        }
        Self::start_configured(folder, &bus_file(&folder.join("bus"), &services), Command::new("dbus-daemon"))
    }

    /// Starts a bus as a car's system bus is: everybody may enter and nobody may call anybody, unless one of the files in the
    /// folders `policies` allows it. Users and groups are those of `accounts`.
    ///
    /// # Errors
    /// As above.
    pub fn start_guarded(folder: &Path, policies: &[PathBuf], accounts: &Accounts) -> Result<Self> {
        Self::start_configured(folder, &guarded_bus_file(&folder.join("bus"), policies), accounts.command("dbus-daemon"))
    }

    fn start_configured(folder: &Path, text: &str, mut command: Command) -> Result<Self> {
        let (socket, configuration) = (folder.join("bus"), folder.join("bus.conf"));
        std::fs::write(&configuration, text)?;
        command.arg("--nofork").arg("--nopidfile").arg(format!("--config-file={}", configuration.display()));
        let process = Process::start("dbus-daemon", &mut command, &folder.join("bus.log"))
            .context("the message bus is missing: install the package `dbus-daemon` (Debian: apt-get install dbus-daemon)")?;
        let mut bus = PrivateBus { address: format!("unix:path={}", socket.display()), process };
        bus.wait_for(&socket)?;
        Ok(bus)
    }

    /// What clients put into `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The bus's own process, in whose group the activated programs run.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    fn wait_for(&mut self, socket: &Path) -> Result<()> {
        let start = Instant::now();
        while UnixStream::connect(socket).is_err() {
            if start.elapsed() > START || self.process.ended().is_some() {
                bail!("the message bus did not start: {}", self.process.log_end(5));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

fn service_file(activation: &Activation) -> String {
    let mut text = format!("[D-BUS Service]\nName={}\nExec=", activation.name);
    for (index, part) in activation.command.iter().enumerate() {
        let space = if index == 0 { "" } else { " " };
        // The bus splits this line as a shell would.
        let quoted = part.display().to_string().replace('\'', "'\\''");
        let _ = write!(text, "{space}'{quoted}'");
    }
    text.push('\n');
    text
}

/// As open as a desktop's session bus, which one user has to himself.
fn bus_file(socket: &Path, services: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{}</servicedir>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
  <limit name="service_start_timeout">10000</limit>
</busconfig>
"#,
        escaped(socket),
        escaped(services)
    )
}

/// What every system bus starts from: services answer, signals travel, the bus itself can be asked, and nothing else.
fn guarded_bus_file(socket: &Path, policies: &[PathBuf]) -> String {
    let policies: String = policies.iter().map(|folder| format!("  <includedir>{}</includedir>\n", escaped(folder))).collect();
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
{policies}</busconfig>
"#,
        escaped(socket)
    )
}

fn escaped(path: &Path) -> String {
    path.display().to_string().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
