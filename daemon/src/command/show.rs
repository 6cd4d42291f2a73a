//! How things look: colors only on a terminal, JSON when asked for, and replies that tell at a glance what happened.

use std::fmt::{Display, Write as _};
use std::io::Write as _;
use std::time::Duration;

use serde_json::Value as Json;

/// Prints a line. Whoever reads may go early, as `head` does, and then there is nobody left to print for.
pub(super) fn print_line(text: impl Display) {
    print_piece(format_args!("{text}\n"));
}

/// Prints text as it is, at once.
pub(super) fn print_piece(text: impl Display) {
    let mut out = std::io::stdout().lock();
    if write!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// How to show things.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// JSON for programs.
    pub(super) json: bool,
    /// A person reads it.
    pub(super) terminal: bool,
    /// With colors.
    pub(super) color: bool,
}

/// A look.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    Bold,
    Dim,
    Good,
    Careful,
    Bad,
    Title,
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Look::Bold => "1",
            Look::Dim => "2",
            Look::Good => "32",
            Look::Careful => "33",
            Look::Bad => "31",
            Look::Title => "1;36",
        }
    }
}

impl Shown {
    /// Text with a look, where there are colors.
    pub(super) fn paint(self, look: Look, text: &str) -> String {
        if self.color { format!("\x1b[{}m{text}\x1b[0m", look.code()) } else { text.to_owned() }
    }

    /// One JSON document on a line of its own.
    pub(super) fn print_json(json: &Json) {
        print_line(json);
    }

    /// A reply in full, as in a conversation. `changes` are lines about the car, `took` is how long the caller waited.
    pub(super) fn reply(self, reply: &Json, changes: &[String], took: Option<Duration>) -> String {
        let mut out = String::new();
        let look = match text(reply, "kind") {
            "refused" | "confirm" | "choose" | "ask" | "partly" => Look::Careful,
            "failed" => Look::Bad,
            _ => Look::Bold,
        };
        for line in wrapped(text(reply, "text")) {
            let _ = writeln!(out, "  {}", self.paint(look, &line));
        }
        for (number, option) in list(reply, "options").iter().enumerate() {
            let _ = writeln!(out, "    {}  {}", self.paint(Look::Title, &(number + 1).to_string()), text(option, "label"));
        }
        for action in list(reply, "actions") {
            self.action(&mut out, action, text(reply, "text"));
        }
        for change in changes {
            let _ = writeln!(out, "    {}", self.paint(Look::Dim, change));
        }
        for source in list(reply, "sources") {
            let _ = writeln!(out, "  {} {}", self.paint(Look::Dim, "from"), self.paint(Look::Dim, &source_line(source)));
        }
        let _ = writeln!(out, "  {}", self.paint(Look::Dim, &footer(reply, took)));
        out
    }

    fn action(self, out: &mut String, action: &Json, said: &str) {
        let (mark, look) = match text(action, "state") {
            "done" => ("✓", Look::Good),
            "pending" => ("?", Look::Careful),
            "refused" | "unavailable" => ("✗", Look::Careful),
            _ => ("✗", Look::Bad),
        };
        let name: Vec<&str> = [text(action, "plugin"), text(action, "action")].into_iter().filter(|part| !part.is_empty()).collect();
        let line = format!(
            "  {} {}  {}",
            self.paint(look, mark),
            name.join(" · "),
            self.paint(Look::Dim, &pairs(&action["arguments"]).join(", "))
        );
        let _ = writeln!(out, "{}", line.trim_end());
        let reason = text(action, "reason");
        if !reason.is_empty() && !said.contains(reason) {
            let _ = writeln!(out, "    {}: {reason}", text(action, "state"));
        }
    }
}

/// The exit status of the contract for a reply.
pub(super) fn status_of(reply: &Json) -> u8 {
    let all_refused = |json: &Json| {
        let mut left = list(json, "actions").iter().map(|action| text(action, "state")).filter(|state| *state != "done");
        left.all(|state| state == "refused")
    };
    match text(reply, "kind") {
        "done" | "answer" => 0,
        "refused" | "confirm" => 3,
        "partly" if all_refused(reply) => 3,
        "unknown" | "choose" | "ask" => 4,
        _ => 5,
    }
}

/// Whether the reply asks something back.
pub(super) fn asks_back(reply: &Json) -> bool {
    matches!(text(reply, "kind"), "confirm" | "choose" | "ask")
}

/// A text member, or nothing.
pub(super) fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_default()
}

/// A list member, or nothing.
pub(super) fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json[key].as_array().map_or(&[], Vec::as_slice)
}

/// An object's members as `name value`.
pub(super) fn pairs(json: &Json) -> Vec<String> {
    json.as_object().map_or_else(Vec::new, |object| object.iter().map(|(name, value)| format!("{name} {}", value_text(value))).collect())
}

/// A value as a person writes it: 22 for 22.0, lists with commas.
pub(super) fn value_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| ((number * 100.0).round() / 100.0).to_string()),
        Json::Array(values) => values.iter().map(value_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Columns that a line of text may take; most terminals are wider, and longer lines are hard to read.
const COLUMNS: usize = 96;

/// Breaks text at spaces, and between Chinese characters, which have none.
fn wrapped(text: &str) -> Vec<String> {
    let is_wide = |letter: char| letter >= '\u{2e80}';
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let (mut line, mut width) = (String::new(), 0);
        for word in paragraph.split_inclusive(|letter: char| letter == ' ' || is_wide(letter)) {
            let columns = word.trim_end().chars().map(|letter| 1 + usize::from(is_wide(letter))).sum::<usize>();
            if width > 0 && width + columns > COLUMNS {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                width = 0;
            }
            line.push_str(word);
            width += columns + usize::from(word.ends_with(' '));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn source_line(source: &Json) -> String {
    let mut line =
        [text(source, "document"), text(source, "section")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" › ");
    if let Some(page) = source["page"].as_u64().filter(|page| *page > 0) {
        let _ = write!(line, ", page {page}");
    }
    line
}

fn footer(reply: &Json, took: Option<Duration>) -> String {
    let mut parts = vec![format!("turn {}", reply["turn"])];
    parts.extend(Some(text(reply, "tier")).filter(|tier| !tier.is_empty()).map(str::to_owned));
    parts.extend(reply["timings"]["total"].as_f64().map(|total| milliseconds(total / 1000.0)));
    parts.extend(took.map(|took| format!("{} until here", milliseconds(took.as_secs_f64() * 1000.0))));
    parts.join(" · ")
}

/// A time span as it reads best.
pub(super) fn milliseconds(span: f64) -> String {
    match span {
        ..10.0 => format!("{span:.1} ms"),
        ..1000.0 => format!("{span:.0} ms"),
        _ => format!("{:.1} s", span / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAIN: Shown = Shown { json: false, terminal: true, color: false };

    #[test]
    fn exit_statuses_follow_the_kind() {
        let of = |kind: &str| status_of(&json!({ "kind": kind }));
        let kinds = ["done", "answer", "refused", "confirm", "unknown", "choose", "ask", "failed", "cancelled"];
        assert_eq!(kinds.map(of), [0, 0, 3, 3, 4, 4, 4, 5, 5]);
        let partly = |state: &str| status_of(&json!({ "kind": "partly", "actions": [{ "state": "done" }, { "state": state }] }));
        assert_eq!((partly("refused"), partly("timeout")), (3, 5));
    }

    #[test]
    fn a_reply_tells_what_happened() {
        let reply = json!({
            "turn": 3, "kind": "partly", "text": "Half of it.", "tier": "pattern", "timings": { "total": 1440 },
            "actions": [
                {
                    "plugin": "climate", "action": "set-temperature", "arguments": { "temperature": 22.0, "zone": ["driver"] },
                    "state": "done", "reason": ""
                },
                { "plugin": "tailgate", "action": "open", "arguments": {}, "state": "refused", "reason": "The car is moving." }
            ],
            "sources": [{ "document": "Manual", "section": "Wheels", "page": 12 }]
        });
        let expected = concat!(
            "  Half of it.\n",
            "  ✓ climate · set-temperature  temperature 22, zone driver\n",
            "  ✗ tailgate · open\n    refused: The car is moving.\n",
            "    Speed 1\n",
            "  from Manual › Wheels, page 12\n",
            "  turn 3 · pattern · 1.4 ms · 20 ms until here\n",
        );
        let shown = PLAIN.reply(&reply, &["Speed 1".to_owned()], Some(Duration::from_millis(20)));
        assert_eq!(shown, expected);
    }

    #[test]
    fn options_are_numbered_for_people() {
        let shown = PLAIN.reply(
            &json!({ "turn": 1, "kind": "choose", "text": "Which?", "options": [{ "label": "a" }, { "label": "b" }] }),
            &[],
            None,
        );
        assert!(shown.contains("    1  a\n    2  b\n"), "{shown}");
    }

    #[test]
    fn colors_are_only_where_they_are_wanted() {
        assert_eq!(PLAIN.paint(Look::Bold, "x"), "x");
        assert_eq!(Shown { color: true, ..PLAIN }.paint(Look::Bold, "x"), "\x1b[1mx\x1b[0m");
    }

    #[test]
    fn long_text_is_wrapped_and_nothing_is_lost() {
        let english = "a few words ".repeat(30);
        let lines = wrapped(&english);
        assert!(lines.len() > 3 && lines.iter().all(|line| line.len() <= COLUMNS), "{lines:?}");
        assert_eq!(lines.join(" "), english.trim_end());
        let chinese = "轮胎气压是二点四巴".repeat(12);
        let lines = wrapped(&chinese);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.chars().count() * 2 <= COLUMNS), "{lines:?}");
        assert_eq!(lines.concat(), chinese);
        assert_eq!(wrapped("short"), ["short"]);
    }

    #[test]
    fn times_are_readable() {
        assert_eq!([1.44, 12.6, 2340.0].map(milliseconds), ["1.4 ms", "13 ms", "2.3 s"]);
    }
}
