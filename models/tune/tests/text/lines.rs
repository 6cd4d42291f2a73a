//! Prepared splits as training reads them.

use std::path::Path;

use steward_tune::text::{Part, prepared_lines};

use crate::door::Stand;

/// One record, and the line that training gets of it.
fn check(record: &str, expected: &str) {
    let stand = Stand::new(&[("a.jsonl", record.as_bytes())], "[[source]]\nname = \"s\"\npath = \"a.jsonl\"\n");
    let prepared = stand.run("out").unwrap();
    let lines = prepared_lines(&prepared.folder.join("train")).unwrap().unwrap();
    assert_eq!(lines, [expected]);
    // What training reads, prepare reads as well.
    let again = Stand::new(&[("a.jsonl", lines[0].as_bytes())], "[[source]]\nname = \"s\"\npath = \"a.jsonl\"\n").run("out").unwrap();
    assert_eq!(again.shown(), prepared.shown());
}

#[test]
fn every_kind_has_the_keys_that_training_reads() {
    check(r#"{"text": "just text"}"#, r#"{"text":"just text"}"#);
    check(
        r#"{"text": "给张三打电话", "intent": "call", "slots": [{"slot": "name", "start": 1, "end": 3}]}"#,
        r#"{"text":"给张三打电话","label":"call","slots":[{"start":1,"end":3,"label":"name"}]}"#,
    );
    check(
        r#"{"premise": "it rains", "hypothesis": "it is wet", "label": "entailment"}"#,
        r#"{"premise":"it rains","hypothesis":"it is wet","label":"entailment"}"#,
    );
    check(
        r#"{"anchor": "red car", "positive": "crimson car", "negatives": ["blue car"]}"#,
        r#"{"question":"red car","positive":"crimson car","right":["crimson car"],"wrong":["blue car"]}"#,
    );
    check(
        r#"{"messages": [{"role": "user", "content": "what now"}, {"role": "assistant", "content": "nothing"}]}"#,
        r#"{"messages":[{"role":"user","content":"what now"},{"role":"assistant","content":"nothing"}]}"#,
    );
    check(
        r#"{"prompt": "is it on", "chosen": "it is off", "rejected": "yes"}"#,
        r#"{"messages":[{"role":"user","content":"is it on"}],"chosen":"it is off","rejected":"yes"}"#,
    );
}

#[test]
fn passages_give_the_first_answer_in_characters() {
    let record = r#"{"context": "大唐由李渊建立。", "question": "谁？", "answers": [{"text": "李渊", "start": 3}]}"#;
    let stand = Stand::new(&[("a.jsonl", record.as_bytes())], "[[source]]\nname = \"s\"\npath = \"a.jsonl\"\n");
    let folder = stand.run("out").unwrap().folder;
    let line = &prepared_lines(&folder.join("train")).unwrap().unwrap()[0];
    assert!(line.starts_with(r#"{"passage":"大唐由李渊建立。","question":"谁？","answer":"李渊","start":3,"group":""#), "{line}");
}

#[test]
fn one_source_can_be_read_alone() {
    let files: &[(&str, &[u8])] = &[("a.txt", b"one from a\ntwo from a\n"), ("b.txt", b"three from b\n")];
    let settings = "[[source]]\nname = \"a\"\npath = \"a.txt\"\n[[source]]\nname = \"b\"\npath = \"b.txt\"\n";
    let prepared = Stand::new(files, settings).run("out").unwrap();
    let lines = |below: &str| prepared_lines(&prepared.folder.join(below)).map(|lines| lines.unwrap().len());
    assert_eq!((lines("train"), lines("train/a"), lines("train/b"), lines("test")), (Some(3), Some(2), Some(1), Some(0)));
    assert!(prepared.examples(Part::Test).is_empty());
    assert!(prepared_lines(Path::new("somewhere/train")).is_none() && prepared_lines(&prepared.folder.join("card.json")).is_none());
}
