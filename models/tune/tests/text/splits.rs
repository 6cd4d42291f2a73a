//! What the splits promise, checked the slow way: every text with every text.

use std::collections::{BTreeMap, BTreeSet};

use steward_tune::text::{Example, Kind, Part, Role};

use crate::door::{Prepared, Stand};

/// Words, or Chinese characters, in pairs with the ends marked: written again here, not taken from the program.
fn pairs(text: &str) -> BTreeSet<(String, String)> {
    let mut words = vec!["^".to_owned()];
    let mut word = String::new();
    for character in text.to_lowercase().chars().chain(std::iter::once(' ')) {
        let han = ('\u{4e00}'..='\u{9fff}').contains(&character);
        if character.is_alphanumeric() && !han {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if han {
            words.push(character.to_string());
        }
    }
    words.push("$".to_owned());
    words.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

fn similarity(one: &BTreeSet<(String, String)>, other: &BTreeSet<(String, String)>) -> f64 {
    let shared = one.intersection(other).count();
    shared as f64 / (one.len() + other.len() - shared) as f64
}

/// Texts by which two examples are bound together.
fn binding(example: &Example) -> Vec<&str> {
    let roles: &[Role] = match example.kind {
        Kind::Pair => &[Role::Left, Role::Right],
        Kind::Span => &[Role::Context],
        _ => &[Role::Text],
    };
    roles.iter().flat_map(|role| example.texts(*role)).collect()
}

fn no_near_duplicates_across_splits(prepared: &Prepared, limit: f64) -> usize {
    let sets = |part| {
        let examples = prepared.examples(part);
        let sets: Vec<(String, BTreeSet<(String, String)>)> =
            examples.iter().flat_map(binding).map(|text| (text.to_owned(), pairs(text))).collect();
        assert!(sets.len() > 20, "{part:?} has only {}", sets.len());
        sets
    };
    let [train, validation, test] = Part::ALL.map(sets);
    let mut compared = 0;
    for (one, other) in [(&train, &validation), (&train, &test), (&validation, &test)] {
        for (text, set) in one {
            for (held, near) in other {
                compared += 1;
                assert!(similarity(set, near) < limit, "{text:?} and {held:?} are in different splits");
            }
        }
    }
    compared
}

/// Sentences of which many differ from another one in a word or two.
fn sentences(count: usize) -> Vec<String> {
    let pick = |list: &[&'static str], number: usize| list[number % list.len()];
    let things = ["radio", "left front window", "seat heating of the driver", "sunroof", "ambient light", "wipers", "trunk", "fog lamp"];
    let verbs = ["open", "close", "switch on", "switch off", "adjust", "check"];
    let ends =
        ["", " now", " please", " for me", " when we stop at the next charging station", " before the children get in at school", " a bit"];
    let chinese = ["打开", "关闭", "调节", "检查"];
    let objects = ["主驾驶座椅的加热功能", "左前车窗", "全景天窗", "车内氛围灯", "后备箱", "雨刮器", "前大灯", "空调出风口"];
    let tails = ["", "吧", "，谢谢", "，等我们到下一个服务区再说", "，然后提醒我一下", "，孩子们马上就要上车了"];
    (0..count)
        .map(|number| {
            let mixed = number.wrapping_mul(2_654_435_761) >> 7;
            if number % 2 == 0 {
                format!("{} the {}{} {}", pick(&verbs, mixed), pick(&things, mixed / 7), pick(&ends, mixed / 61), mixed % 40)
            } else {
                format!("{}{}{}第{}档", pick(&chinese, mixed), pick(&objects, mixed / 5), pick(&tails, mixed / 41), mixed % 40)
            }
        })
        .collect()
}

#[test]
fn no_near_duplicate_is_across_splits_with_varied_copies() {
    let lines: String = sentences(900)
        .iter()
        .enumerate()
        .map(|(at, text)| serde_json::json!({"text": text, "intent": format!("i{}", at % 5)}).to_string() + "\n")
        .collect();
    let vocabulary = "[words]\nwindow = \"(sunroof|panorama roof)\"\nlamp = \"(ambient light|mood lighting)\"\n";
    let files: &[(&str, &[u8])] = &[("a.jsonl", lines.as_bytes()), ("plugins/seats/locale/en.toml", vocabulary.as_bytes())];
    let settings = |together: f64| {
        format!(
            "seed = 3\nduplicates = {{ together = {together} }}\naugment = {{ copies = 2, vocabulary = \"plugins\", dropped = 0.2 }}\n[[source]]\nname = \"s\"\npath = \"a.jsonl\"\n"
        )
    };
    for together in [0.6, 0.8] {
        let prepared = Stand::new(files, &settings(together)).run("out").unwrap();
        assert!(prepared.count("s", "varied copies") > 300);
        assert!(no_near_duplicates_across_splits(&prepared, together) > 10_000);
    }
}

#[test]
fn one_similar_side_keeps_pairs_together() {
    let all = sentences(800);
    let lines: Vec<String> = (0..400).map(|at| serde_json::json!({"left": all[at], "right": all[799 - at]}).to_string()).collect();
    let stand = Stand::new(&[("a.jsonl", lines.join("\n").as_bytes())], "[[source]]\nname = \"s\"\npath = \"a.jsonl\"\n");
    no_near_duplicates_across_splits(&stand.run("out").unwrap(), 0.8);
}

#[test]
fn windows_of_a_document_stay_together() {
    let document = |number: usize| (0..120).map(|word| format!("w{}x{number}", word * 7 % 113)).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = (0..60).map(document).collect();
    let settings = "window = { size = 40, overlap = 10 }\n[[source]]\nname = \"s\"\npath = \"a.txt\"\n";
    let prepared = Stand::new(&[("a.txt", lines.join("\n").as_bytes())], settings).run("out").unwrap();
    let mut homes: BTreeMap<u32, BTreeSet<Part>> = BTreeMap::new();
    for part in Part::ALL {
        prepared.examples(part).iter().for_each(|example| {
            homes.entry(example.line).or_default().insert(part);
        });
    }
    assert_eq!(homes.len(), 60);
    assert!(homes.values().all(|parts| parts.len() == 1));
    assert!(prepared.count("s", "windows") >= 240);
}

#[test]
fn groups_stay_together() {
    let lines: Vec<String> = (0..300)
        .map(|at| serde_json::json!({"text": format!("sentence number {at} about {}", at * 31), "meaning": at % 60}).to_string())
        .collect();
    let settings = "[[source]]\nname = \"s\"\npath = \"a.jsonl\"\ngroup = \"meaning\"\n";
    let prepared = Stand::new(&[("a.jsonl", lines.join("\n").as_bytes())], settings).run("out").unwrap();
    let meanings = |part| prepared.examples(part).iter().map(|example| (example.line - 1) % 60).collect::<BTreeSet<u32>>();
    let [train, validation, test] = Part::ALL.map(meanings);
    assert!(train.is_disjoint(&validation) && train.is_disjoint(&test) && validation.is_disjoint(&test));
    assert_eq!([train.len(), validation.len(), test.len()], [48, 6, 6]);
}

#[test]
fn labels_keep_their_shares() {
    let lines: Vec<String> = (0..1000)
        .map(|at| serde_json::json!({"text": format!("w{} w{} w{}", at * 17, at * 29 + 1, at * 31 + 2), "intent": if at % 10 == 0 { "rare" } else { "usual" }}).to_string())
        .collect();
    let prepared =
        Stand::new(&[("a.jsonl", lines.join("\n").as_bytes())], "[[source]]\nname = \"s\"\npath = \"a.jsonl\"\n").run("out").unwrap();
    let counts = |label: &str| {
        Part::ALL.map(|part| prepared.examples(part).iter().filter(|example| example.label.as_deref() == Some(label)).count())
    };
    assert_eq!(counts("rare"), [80, 10, 10]);
    assert_eq!(counts("usual"), [720, 90, 90]);
}

#[test]
fn a_source_can_be_held_out() {
    let own: String = (0..50).map(|at| format!("own w{} w{} w{}\n", at * 3, at * 5 + 200, at * 7 + 900)).collect();
    let mut held = "Own w0, w200, w900!\n".to_owned();
    held.extend((0..9).map(|at| format!("held v{at} v{} v{}\n", at + 20, at + 40)));
    let settings = "[[source]]\nname = \"held\"\npath = \"held.txt\"\ninto = \"test\"\n[[source]]\nname = \"own\"\npath = \"own.txt\"\ninto = \"train\"\n";
    let files: &[(&str, &[u8])] = &[("own.txt", own.as_bytes()), ("held.txt", held.as_bytes())];
    let prepared = Stand::new(files, settings).run("out").unwrap();
    assert_eq!(prepared.summary.examples, [49, 0, 10]);
    assert!(prepared.examples(Part::Test).iter().all(|example| example.source == "held"));
}

#[test]
fn weights_and_the_usage_log_decide_what_training_takes() {
    let lines = |word: &str, count: usize, label: &dyn Fn(usize) -> &'static str| -> String {
        let line =
            |at: usize| serde_json::json!({"text": format!("{word} w{} w{} w{}", at * 3, at * 5 + 1, at * 7 + 2), "intent": label(at)});
        (0..count).map(|at| line(at).to_string() + "\n").collect()
    };
    let one = lines("one", 1000, &|at| if at % 2 == 0 { "climate.on" } else { "climate.off" });
    let two = lines("two", 1000, &|_| "media.play");
    let log: String =
        (0..100).map(|at| format!("{{\"plugin\": \"climate\", \"action\": \"{}\"}}\n", if at < 80 { "on" } else { "off" })).collect();
    let files: &[(&str, &[u8])] = &[("one.jsonl", one.as_bytes()), ("two.jsonl", two.as_bytes()), ("usage.jsonl", log.as_bytes())];
    let settings = "mix = { examples = 1000, usage = \"usage.jsonl\" }\n[[source]]\nname = \"one\"\npath = \"one.jsonl\"\nweight = 3\n[[source]]\nname = \"two\"\npath = \"two.jsonl\"\nweight = 1\n";
    let prepared = Stand::new(files, settings).run("out").unwrap();
    let train = prepared.examples(Part::Train);
    let count = |label: &str| train.iter().filter(|example| example.label.as_deref() == Some(label)).count();
    assert!(count("media.play").abs_diff(250) <= 1);
    assert!(count("climate.on").abs_diff(750 * 81 / 102) <= 2 && count("climate.off").abs_diff(750 * 21 / 102) <= 2);
    assert!(prepared.card().contains("| one | 3 | 750 | 75.0 % |"), "{}", prepared.card());
}
