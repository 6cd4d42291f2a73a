//! What is asked of the daemon itself: status, explain, catalogue, stop, undo.

use std::process::ExitCode;

use serde_json::Value as Json;

use super::Failure;
use super::metrics::openmetrics;
use super::show::{Look, Shown, list, print_line, print_piece, status_of, text, value_text};
use crate::client::{Client, Telling};

/// What the daemon says about itself. Degraded is no failure: what is there works.
pub(super) async fn status(client: &Client, shown: Shown) -> Result<ExitCode, Failure> {
    let status = client.status().await?;
    if shown.json {
        Shown::print_json(&status);
        return Ok(ExitCode::SUCCESS);
    }
    let name = text(&status, "status");
    let look = if name == "ready" { Look::Good } else { Look::Careful };
    print_line(format_args!("stewardd {}  {}", text(&status, "version"), shown.paint(look, name)));
    let detail = &status["status-detail"];
    if let Some([done, total]) = detail["progress"].as_array().map(Vec::as_slice) {
        print_line(format_args!("  learning phrases: {done} of {total}"));
    }
    for (title, members) in
        [("missing", &detail["missing"]), ("plugin left out", &detail["rejected"]), ("provider skipped", &detail["skipped"])]
    {
        for (what, why) in members.as_object().into_iter().flatten() {
            print_line(format_args!("  {} {what}: {}", shown.paint(Look::Careful, title), value_text(why)));
        }
    }
    for conflict in list(detail, "conflicts") {
        print_line(format_args!("  {} {}", shown.paint(Look::Careful, "phrase claimed twice"), value_text(conflict)));
    }
    for model in list(&status, "models") {
        let languages = value_text(&model["languages"]);
        print_line(format_args!(
            "  {} {} {} ({languages}) on {}",
            text(model, "role"),
            text(model, "name"),
            text(model, "version"),
            text(model, "provider")
        ));
    }
    for bundle in list(&status, "bundles") {
        let (pairs, passages) = (&bundle["pairs"], &bundle["passages"]);
        print_line(format_args!("  knowledge {} {}: {pairs} answers, {passages} passages", text(bundle, "name"), text(bundle, "version")));
    }
    Ok(ExitCode::SUCCESS)
}

/// What happened since its start, in numbers.
pub(super) async fn metrics(client: &Client, shown: Shown) -> Result<ExitCode, Failure> {
    let metrics = client.metrics().await?;
    if shown.json {
        Shown::print_json(&metrics);
    } else {
        print_piece(openmetrics(&metrics, text(&client.status().await?, "version")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a turn came out as it did.
pub(super) async fn explain(client: &Client, shown: Shown, turn: u64) -> Result<ExitCode, Failure> {
    let trace = client.explain(turn).await?;
    if shown.json {
        Shown::print_json(&trace);
    } else {
        print_piece(tree(&trace, 0, shown));
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that can be said.
pub(super) async fn catalogue(client: &Client, shown: Shown, language: &str, plugins: &[String]) -> Result<ExitCode, Failure> {
    let rows = client.catalogue(language).await?;
    let wanted = |row: &&Json| plugins.is_empty() || plugins.iter().any(|plugin| plugin == text(row, "plugin"));
    let rows: Vec<&Json> = rows.as_array().into_iter().flatten().filter(wanted).collect();
    if shown.json {
        Shown::print_json(&Json::from_iter(rows.into_iter().cloned()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut last = "";
    for row in rows {
        if text(row, "plugin") != last {
            last = text(row, "plugin");
            print_line(format_args!("\n{}  {}", shown.paint(Look::Title, text(row, "plugin-title")), shown.paint(Look::Dim, last)));
        }
        let examples: Vec<String> = list(row, "examples").iter().map(value_text).collect();
        print_line(format_args!("  {}  {}", text(row, "title"), shown.paint(Look::Dim, text(row, "risk"))));
        for example in examples {
            print_line(format_args!("    {}", shown.paint(Look::Dim, &example)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Stops everything of this user.
pub(super) async fn stop(client: &Client, shown: Shown) -> Result<ExitCode, Failure> {
    let stopped = client.stop_all().await?;
    if shown.json {
        Shown::print_json(&serde_json::json!({ "stopped": stopped }));
    } else {
        match stopped {
            0 => print_line("Nothing was under way."),
            1 => print_line("One turn was stopped."),
            more => print_line(format_args!("{more} turns were stopped.")),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes back what the last question of this user did.
pub(super) async fn undo(client: &Client, shown: Shown, telling: &Telling) -> Result<ExitCode, Failure> {
    let reply = client.undo(telling).await?;
    if shown.json {
        Shown::print_json(&reply);
    } else if shown.terminal {
        print_piece(shown.reply(&reply, &[], None));
    } else {
        print_line(text(&reply, "text"));
    }
    Ok(ExitCode::from(status_of(&reply)))
}

/// JSON as an indented list.
pub(super) fn tree(json: &Json, depth: usize, shown: Shown) -> String {
    let indent = "  ".repeat(depth);
    match json {
        Json::Object(object) => object.iter().map(|(name, value)| branch(&indent, name, value, depth, shown)).collect(),
        Json::Array(members) => {
            members.iter().enumerate().map(|(number, value)| branch(&indent, &(number + 1).to_string(), value, depth, shown)).collect()
        }
        other => format!("{indent}{}\n", value_text(other)),
    }
}

/// What is empty says nothing and is left out.
fn branch(indent: &str, name: &str, value: &Json, depth: usize, shown: Shown) -> String {
    let name = shown.paint(Look::Dim, name);
    let is_plain = |value: &Json| !value.is_object() && !value.is_array();
    let plain = match value {
        Json::Array(members) if members.iter().all(is_plain) => value_text(value),
        Json::Object(object) if object.is_empty() => String::new(),
        Json::Object(_) | Json::Array(_) => return format!("{indent}{name}\n{}", tree(value, depth + 1, shown)),
        plain => value_text(plain),
    };
    if plain.is_empty() { String::new() } else { format!("{indent}{name}  {plain}\n") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trace_is_an_indented_list() {
        let shown = Shown { json: false, terminal: false, color: false };
        let trace = json!({ "text": "x", "tiers": [{ "name": "pattern", "score": 1.0 }], "words": ["a", "b"], "no": "", "none": [] });
        assert_eq!(tree(&trace, 0, shown), "text  x\ntiers\n  1\n    name  pattern\n    score  1\nwords  a, b\n");
    }
}
