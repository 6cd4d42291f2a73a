//! Sentences through phrases, chart and reading, on a small cabin of their own.

use std::collections::BTreeMap;

use plugins::catalogue::Plugin;
use plugins::locale::Locale;

use super::super::reading::{Proposal, Reader, Reading};
use super::super::token::tokenize;
use super::*;

const MANIFEST: &str = r#"
[plugin]
id = "cabin"
title = { en = "Cabin" }
version = "1"
[[action]]
id = "open-window"
risk = "comfort"
[action.arguments.zone]
type = "zone"
default = "speaker"
[[action]]
id = "open-roof"
risk = "comfort"
[[action]]
id = "temperature"
risk = "comfort"
[action.arguments.degrees]
type = "number"
unit = "celsius"
min = 16.0
max = 32.0
directions = { warmer = 1 }
[action.arguments.zone]
type = "zone"
default = "speaker"
[[action]]
id = "heating"
risk = "comfort"
[action.arguments.level]
type = "number"
unit = "level"
min = 0.0
max = 3.0
default = 3.0
[action.arguments.zone]
type = "zone"
default = "speaker"
[[action]]
id = "play"
risk = "comfort"
[action.arguments.song]
type = "text"
[action.arguments.artist]
type = "text"
optional = true
[[action]]
id = "roof-state"
risk = "read"
[[action]]
id = "message"
risk = "comfort"
[action.arguments.words]
type = "text"
greedy = true
"#;

const LOCALE: &str = r#"
[action.open-window]
say = ["(open|lower) window", "打开车窗", "车窗打开"]
[action.open-roof]
say = ["open sunroof", "打开天窗", "天窗打开"]
[action.temperature]
say = ["set temperature [to] {degrees}", "set ac [to] {degrees}", "空调调到{degrees}"]
warmer = ["warmer [by {degrees}]", "热一点"]
[action.heating]
say = ["turn on seat heating [{level}]", "座椅加热[{level}]", "打开座椅加热"]
[action.play]
say = ["play {song} [by {artist}]", "播放{song}"]
[action.roof-state]
say = ["天窗关", "is sunroof open"]
[action.message]
say = ["send message saying {words}", "发短信说{words}"]
"#;

struct Bench {
    pattern: Pattern,
    actions: Actions,
    lexicon: Lexicon,
}

impl Bench {
    fn new() -> Self {
        let locale: Locale = toml::from_str(LOCALE).expect("valid");
        let manifest = toml::from_str(MANIFEST).expect("valid");
        let plugin = Plugin { folder: "cabin".into(), manifest, locales: BTreeMap::from([("en".to_owned(), locale)]) };
        let entries = plugin.manifest.actions.iter().map(|action| ActionEntry {
            plugin: "cabin".into(),
            zone: action.zone_argument().map(|(name, _)| name.to_owned()),
            choices: Choices::collect(action, plugin.locales.values()),
            action: Arc::new(action.clone()),
            not: vec![vec!["open".into(), "window".into(), "shopping".into()]],
            titles: Default::default(),
        });
        let actions = Actions { entries: entries.collect() };
        let catalogue = Catalogue { plugins: BTreeMap::from([("cabin".to_owned(), plugin)]), rejected: Vec::new() };
        let pattern = Pattern::compile(&catalogue, &actions);
        Bench { pattern, actions, lexicon: Lexicon::shipped() }
    }

    fn read(&self, text: &str) -> Reading {
        let tokens = tokenize(text);
        let cover = self.pattern.cover(&self.actions, &self.lexicon, &tokens);
        let reader = Reader { pattern: &self.pattern, actions: &self.actions, lexicon: &self.lexicon, tokens: &tokens, is_question: false };
        reader.read(&cover)
    }

    /// Actions with what their slots and zones took, as one line.
    fn line(&self, text: &str) -> String {
        let line = |proposal: &Proposal| {
            let mut parts = vec![self.actions.entries[proposal.action].action.id.clone()];
            parts.extend(proposal.direction.clone());
            parts.extend(proposal.said.iter().map(|(name, said)| match said {
                Said::Number(value, ..) | Said::Target(value, ..) => format!("{name}={value}"),
                Said::Text(text) => format!("{name}={text}"),
                other => format!("{name}={other:?}"),
            }));
            let names =
                |groups: &Vec<usize>| groups.iter().map(|group| super::super::lexicon::ZONE_GROUPS[*group]).collect::<Vec<_>>().join("+");
            parts.extend(proposal.zones.as_ref().map(names));
            parts.join(" ")
        };
        let reading = self.read(text);
        let mut lines: Vec<String> = reading.proposals.iter().map(line).collect();
        lines.extend((0..reading.forbidden).map(|_| "forbidden".to_owned()));
        lines.extend((!reading.leftover.is_empty()).then(|| "leftover".to_owned()));
        lines.join(", ")
    }
}

#[test]
fn sentences_become_proposals() {
    let bench = Bench::new();
    for (text, expected) in [
        ("open the window", "open-window"),
        ("could you please open my window a bit", "open-window"),
        ("open the passenger's window", "open-window passenger"),
        ("for the driver and the passenger open the window", "open-window driver+passenger"),
        ("open the window and the sunroof", "open-window, open-roof"),
        ("把车窗和天窗打开", "open-window, open-roof"),
        ("打开车窗打开天窗", "open-window, open-roof"),
        ("set the temperature to twenty two degrees", "temperature degrees=22"),
        ("空调调到二十三度半", "temperature degrees=23.5"),
        ("two degrees warmer", "temperature warmer degrees=2"),
        ("warmer by 2 degrees on the passenger side", "temperature warmer degrees=2 passenger"),
        ("主驾座椅加热两档副驾一档", "heating level=2 driver, heating level=1 passenger"),
        ("turn on the passenger seat heating", "heating passenger"),
        ("play Let It Be by The Beatles", "play artist=The Beatles song=Let It Be"),
        ("play rock and roll please", "play song=rock and roll"),
        ("play jazz and open the window", "play song=jazz, open-window"),
        ("send a message saying open the window", "message words=open the window"),
        ("don't open the window", "forbidden"),
        ("不要打开天窗", "forbidden"),
        ("天窗关了吗", "roof-state"),
        ("what a lovely day", "leftover"),
        ("", ""),
    ] {
        assert_eq!(bench.line(text), expected, "{text}");
    }
}

#[test]
fn a_condition_blocks_the_whole_sentence() {
    assert!(Bench::new().read("if it rains open the window").is_blocked);
    assert!(Bench::new().read("到家以后打开车窗").is_blocked);
    assert!(!Bench::new().read("open the window").is_blocked);
}

#[test]
fn an_utterance_of_the_greatest_length_is_read_to_its_end() {
    let reading = Bench::new().read(&"open the window and ".repeat(200));
    assert_eq!(reading.proposals.len(), 1, "the same wish two hundred times is one wish");
    assert!(reading.leftover.is_empty());
}
