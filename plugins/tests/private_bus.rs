//! A message bus of one's own, ended with the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use steward_plugins::bus::Bus;

/// A running dbus-daemon.
pub(crate) struct PrivateBus {
    daemon: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl PrivateBus {
    /// Starts a session bus that knows no services to start.
    pub(crate) fn start() -> Self {
        Self::with_services(&[])
    }

    /// Starts a session bus that starts these services: bus name and command line.
    pub(crate) fn with_services(services: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, command) in services {
            let text = format!("[D-BUS Service]\nName={name}\nExec={command}\n");
            std::fs::write(folder.path().join(format!("{name}.service")), text).expect("a temporary file");
        }
        let config = folder.path().join("bus.conf");
        std::fs::write(&config, configuration(folder.path())).expect("a temporary file");
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--print-address", "--nofork"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed");
        let mut address = String::new();
        let output = daemon.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut address).expect("it prints its address");
        PrivateBus { daemon, address: address.trim().to_owned(), _folder: folder }
    }

    /// Where it is.
    pub(crate) fn bus(&self) -> Bus {
        Bus::Address(self.address.clone())
    }

    /// Its address as text, for a program's command line.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for PrivateBus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn configuration(folder: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/socket</listen>
  <servicedir>{folder}</servicedir>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        folder = folder.display()
    )
}
