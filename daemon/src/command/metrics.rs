//! The daemon's counts as OpenMetrics text, for whoever collects such things.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// The whole text, with its end mark.
pub(super) fn openmetrics(metrics: &Json, version: &str) -> String {
    let mut text = String::new();
    header(&mut text, "steward_build", "info", "The daemon that answers.");
    let _ = writeln!(text, "steward_build_info{{version=\"{}\"}} 1", escaped(version));
    header(&mut text, "steward_turns", "counter", "Turns by how they ended.");
    counters(&mut text, "steward_turns_total", "ending", &metrics["turns"]);
    header(&mut text, "steward_refusals", "counter", "Calls that were not taken.");
    counters(&mut text, "steward_refusals_total", "reason", &metrics["refusals"]);
    header(&mut text, "steward_stage_seconds", "histogram", "Time per stage of a turn.");
    text.push_str("# UNIT steward_stage_seconds seconds\n");
    for (stage, histogram) in metrics["stages"].as_object().into_iter().flatten() {
        buckets(&mut text, stage, histogram, &metrics["bounds"]);
    }
    text.push_str("# EOF\n");
    text
}

fn header(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {help}");
}

fn counters(text: &mut String, name: &str, label: &str, counts: &Json) {
    for (value, count) in counts.as_object().into_iter().flatten() {
        let _ = writeln!(text, "{name}{{{label}=\"{}\"}} {count}", escaped(value));
    }
}

fn buckets(text: &mut String, stage: &str, histogram: &Json, bounds: &Json) {
    let (stage, count) = (escaped(stage), &histogram["count"]);
    let counts = histogram["buckets"].as_array().into_iter().flatten();
    for (bound, count) in bounds.as_array().into_iter().flatten().zip(counts) {
        let _ = writeln!(text, "steward_stage_seconds_bucket{{stage=\"{stage}\",le=\"{}\"}} {count}", seconds(bound));
    }
    let _ = writeln!(text, "steward_stage_seconds_bucket{{stage=\"{stage}\",le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "steward_stage_seconds_count{{stage=\"{stage}\"}} {count}");
    let _ = writeln!(text, "steward_stage_seconds_sum{{stage=\"{stage}\"}} {}", seconds(&histogram["sum"]));
}

/// Microseconds as seconds, with a point, as the format wants a bound written.
fn seconds(micros: &Json) -> String {
    format!("{:?}", micros.as_f64().unwrap_or_default() / 1e6)
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_become_the_lines_of_the_format() {
        let metrics = json!({
            "turns": { "done": 3 }, "refusals": { "busy": 1 }, "bounds": [1000, 2500],
            "stages": { "total": { "buckets": [1, 2], "count": 3, "sum": 1_500_000 } }
        });
        let text = openmetrics(&metrics, "0.1.0");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "steward_build_info{version=\"0.1.0\"} 1",
            "steward_turns_total{ending=\"done\"} 3",
            "steward_refusals_total{reason=\"busy\"} 1",
            "steward_stage_seconds_bucket{stage=\"total\",le=\"0.001\"} 1",
            "steward_stage_seconds_bucket{stage=\"total\",le=\"0.0025\"} 2",
            "steward_stage_seconds_bucket{stage=\"total\",le=\"+Inf\"} 3",
            "steward_stage_seconds_count{stage=\"total\"} 3",
            "steward_stage_seconds_sum{stage=\"total\"} 1.5",
        ];
        assert_eq!(lines, expected);
        assert!(text.ends_with("# EOF\n"));
    }
}
