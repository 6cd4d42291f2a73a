//! What is on the bus: its policy, the daemon, the car, the plugins.

use std::path::Path;

use serde_json::Value as Json;

use super::{Finding, General};
use crate::client::{Client, ClientError};
use crate::command::show::text;
use crate::config::Bus;

/// Where a system bus reads policies from.
const POLICIES: [&str; 2] = ["/usr/share/dbus-1/system.d", "/etc/dbus-1/system.d"];

/// Asks whoever is there.
pub(super) async fn look(general: &General, configured: Bus) -> Vec<Finding> {
    let bus = general.bus.map_or(configured, Bus::from);
    let mut findings = Vec::new();
    if bus == Bus::System {
        findings.push(policy("org.steward1"));
    }
    let client = match Client::connect(bus).await {
        Ok(client) => client,
        Err(error) => {
            findings.push(Finding::bad("bus", error, "start the bus; the session bus is for development, the system bus for a car"));
            return findings;
        }
    };
    match client.status().await {
        Ok(status) => findings.extend(daemon(&status)),
        Err(error) => {
            findings.push(absent(&error));
            return findings;
        }
    }
    match client.plugins().await {
        Ok(rows) => findings.extend(plugins(&rows, bus)),
        Err(error) => findings.push(Finding::bad("plugins", error, "see the daemon's log")),
    }
    findings
}

fn policy(name: &str) -> Finding {
    let file = format!("{name}.conf");
    match POLICIES.iter().map(|folder| Path::new(folder).join(&file)).find(|file| file.exists()) {
        Some(file) => Finding::fine("bus policy", format!("{} is there", file.display())),
        None => Finding::bad("bus policy", format!("{file} is missing"), "install it to /usr/share/dbus-1/system.d and reload the bus"),
    }
}

fn absent(error: &ClientError) -> Finding {
    let advice = match error {
        ClientError::NotRunning { .. } => "start it: `systemctl start stewardd`, in development `make serve`",
        ClientError::Named { name, .. } if name == "Denied" => "add this user to one of these groups, or run this as root",
        _ => "see the daemon's log: `journalctl -u stewardd`",
    };
    Finding::bad("daemon", error, advice)
}

fn daemon(status: &Json) -> Vec<Finding> {
    let name = text(status, "status");
    let all = match name {
        "ready" => Finding::fine("daemon", "ready"),
        "starting" => Finding::careful("daemon", "still starting", "wait; the first start works out a vector for every phrase"),
        _ => Finding::careful("daemon", name, "see the lines below"),
    };
    let missing = status["status-detail"]["missing"].as_object().into_iter().flatten();
    let missing = missing.map(|(what, why)| match what.as_str() {
        "vehicle" => Finding::bad("vehicle", why.as_str().unwrap_or(what), "start the car's adapter, or steward-simulator"),
        _ => Finding::careful("daemon", why.as_str().unwrap_or(what), "mend it and start the daemon anew"),
    });
    std::iter::once(all).chain(missing).collect()
}

fn plugins(rows: &Json, bus: Bus) -> Vec<Finding> {
    let all = rows.as_array().map_or(&[][..], Vec::as_slice);
    let broken = all.iter().filter(|row| ["failed", "blocked"].contains(&text(row, "state")));
    let mut findings: Vec<Finding> = broken
        .map(|row| {
            let said = format!("{} is {}: {}", text(row, "id"), text(row, "state"), text(row, "reason"));
            Finding::bad("plugins", said, "install its activation file (org.steward1.plugin.ID.service), or mend the plugin")
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::fine("plugins", format!("{} run or can be started", all.len())));
    }
    if bus == Bus::System {
        let policies = all.iter().map(|row| policy(&format!("org.steward1.plugin.{}", text(row, "id"))));
        findings.extend(policies.filter(|finding| !finding.advice.is_empty()));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Level;
    use super::*;

    #[test]
    fn a_plugin_that_nobody_can_start_is_found() {
        let rows = json!([{ "id": "climate", "state": "asleep" }, { "id": "lamp", "state": "failed", "reason": "nobody serves it" }]);
        let findings = plugins(&rows, Bus::Session);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].level == Level::Bad && findings[0].text.contains("lamp"), "{findings:?}");
        assert_eq!(plugins(&json!([{ "id": "climate", "state": "ready" }]), Bus::Session)[0].level, Level::Fine);
    }

    #[test]
    fn a_car_that_is_missing_is_found() {
        let status = json!({ "status": "degraded", "status-detail": { "missing": { "vehicle": "nobody serves it" } } });
        let findings = daemon(&status);
        assert_eq!((findings[0].level, findings[1].check, findings[1].level), (Level::Careful, "vehicle", Level::Bad));
    }
}
