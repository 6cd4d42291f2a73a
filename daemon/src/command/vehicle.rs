//! `steward vehicle`: signals read, set and watched, past the assistant and its rules. A tool for people who develop.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Subcommand;
use plugins::bus::BusVehicle;
use plugins::value::{Value, Values};
use plugins::vehicle::Vehicle;
use tokio::sync::broadcast::error::RecvError;

use super::show::{Look, Shown, print_line};
use super::{Failure, General};

/// Vehicle signals
#[derive(Subcommand)]
pub(super) enum VehicleCommand {
    /// Print signals
    Get {
        /// VSS paths
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// Set signals, all or none
    Set {
        /// Pairs such as Vehicle.Cabin.Lights.IsDomeOn=true
        #[arg(required = true, value_name = "PATH=VALUE")]
        pairs: Vec<String>,
    },
    /// Print every change until interrupted
    Watch {
        /// Only paths that contain one of these words
        words: Vec<String>,
    },
}

/// Does it.
pub(super) async fn run(general: &General, command: VehicleCommand) -> Result<ExitCode, Failure> {
    let (shown, vehicle) = (general.shown(), general.client().await?.vehicle().await?);
    match command {
        VehicleCommand::Get { paths } => get(&vehicle, shown, &paths).await,
        VehicleCommand::Set { pairs } => set(&vehicle, shown, &pairs).await,
        VehicleCommand::Watch { words } => watch(&vehicle, shown, &words).await,
    }
}

async fn get(vehicle: &BusVehicle, shown: Shown, paths: &[String]) -> Result<ExitCode, Failure> {
    let reading = vehicle.get(paths).await.map_err(Failure::failed)?;
    if shown.json {
        Shown::print_json(&serde_json::json!({ "values": reading.values, "missing": reading.missing }));
    } else {
        print(shown, &reading.values);
    }
    if reading.missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::failed(format!("the car has no signal {}; paths are those of VSS", reading.missing.join(", "))))
}

async fn set(vehicle: &BusVehicle, shown: Shown, pairs: &[String]) -> Result<ExitCode, Failure> {
    let values: Values = pairs.iter().map(|pair| assignment(pair)).collect::<Result<_, _>>()?;
    let refused = vehicle.set(&values).await.map_err(Failure::failed)?;
    if shown.json {
        Shown::print_json(&serde_json::json!({ "refused": refused }));
    }
    if refused.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure { sentence: format!("nothing was set: {}", reasons(&refused)), status: 3 })
}

async fn watch(vehicle: &BusVehicle, shown: Shown, words: &[String]) -> Result<ExitCode, Failure> {
    let mut changes = vehicle.changes();
    let wanted = |path: &String| words.is_empty() || words.iter().any(|word| contains(path, word));
    loop {
        let changed = tokio::select! {
            changed = changes.recv() => changed,
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        };
        match changed {
            Ok(mut values) => {
                values.retain(|path, _| wanted(path));
                if shown.json && !values.is_empty() {
                    Shown::print_json(&serde_json::json!(values));
                } else {
                    print(shown, &values);
                }
            }
            Err(RecvError::Lagged(lost)) => eprintln!("steward: {lost} changes came too fast and are not shown."),
            Err(RecvError::Closed) => return Err(Failure::failed("the message bus has gone")),
        }
    }
}

fn print(shown: Shown, values: &Values) {
    for (path, value) in values {
        print_line(format_args!("{path}  {}", shown.paint(Look::Bold, &value.to_string())));
    }
}

/// The reasons of a refusal in one line.
pub(super) fn reasons(refused: &BTreeMap<String, String>) -> String {
    refused.iter().map(|(path, reason)| format!("{path}: {reason}")).collect::<Vec<_>>().join("; ")
}

/// Whether a path contains a word, whatever the case.
pub(super) fn contains(path: &str, word: &str) -> bool {
    path.to_lowercase().contains(&word.to_lowercase())
}

/// `PATH=VALUE` as typed.
pub(super) fn assignment(pair: &str) -> Result<(String, Value), Failure> {
    let (path, value) = pair.split_once('=').ok_or_else(|| Failure::wrong_use(format!("'{pair}' is not PATH=VALUE")))?;
    Ok((path.trim().to_owned(), value_of(value.trim())))
}

/// A value as typed: `true`, a number, `[a, b]`, or a text, which quotes keep from being anything else.
pub(super) fn value_of(typed: &str) -> Value {
    if let Some(quoted) = typed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Value::from(quoted);
    }
    if let Some(inner) = typed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let members = inner.split(',').map(|member| member.trim().trim_matches('"').to_owned());
        return Value::List(members.filter(|member| !member.is_empty()).collect());
    }
    match typed {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => typed.parse().ok().filter(|number: &f64| number.is_finite()).map_or_else(|| Value::from(typed), Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_typed() {
        assert_eq!(value_of("true"), Value::Bool(true));
        assert_eq!(value_of("-1.5"), Value::Number(-1.5));
        assert_eq!(value_of("AUTO"), Value::from("AUTO"));
        assert_eq!(value_of("\"12\""), Value::from("12"));
        assert_eq!(value_of("[a, b]"), Value::List(vec!["a".into(), "b".into()]));
        assert_eq!(value_of("[]"), Value::List(Vec::new()));
        assert_eq!(value_of("nan"), Value::from("nan"));
    }

    #[test]
    fn an_assignment_needs_a_sign() {
        assert_eq!(assignment("A.B = 3").unwrap(), ("A.B".to_owned(), Value::Number(3.0)));
        assert_eq!(assignment("A.B").unwrap_err().status, 2);
    }
}
