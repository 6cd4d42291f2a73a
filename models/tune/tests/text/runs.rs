//! Runs as such: same bytes each time, stopped and resumed, refused where they would spoil something.

use std::process::{Command, Stdio};
use std::time::Duration;

use steward_tune::text::{Part, TextError};

use crate::door::{Stand, bytes, show};

/// Something of every stage: two kinds, windows, copies, weights.
fn stand(lines: usize) -> Stand {
    let labeled: String = (0..lines)
        .map(|at| {
            let text = format!("{} {} 把第{}扇窗户开到{}", at * 7919 % 100_003, ["open", "close"][at % 2], at % 97, at * 31 % 1009);
            serde_json::json!({"text": text, "intent": format!("windows.i{}", at % 7)}).to_string() + "\n"
        })
        .collect();
    let document: String = (0..3000).map(|at| format!("word{} 的{}。", at * 37 % 2003, at % 11)).collect();
    let files: &[(&str, &[u8])] = &[
        ("a.jsonl", labeled.as_bytes()),
        ("b.md", document.as_bytes()),
        ("plugins/windows/locale/zh.toml", "[words]\nw = \"(窗户|车窗)\"\n".as_bytes()),
    ];
    let settings = "seed = 5\nshard = { examples = 3000 }\nwindow = { size = 60, overlap = 20 }\naugment = { copies = 1, vocabulary = \"plugins\" }\n\
                    [[source]]\nname = \"labeled\"\npath = \"a.jsonl\"\n[[source]]\nname = \"document\"\npath = \"b.md\"\n";
    Stand::new(files, settings)
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (here, there) = (stand(1500), stand(1500));
    let first = here.run("out").unwrap();
    let mut one_thread = there.preparation("elsewhere");
    one_thread.threads = 1;
    let second = there.follow(&one_thread).unwrap();
    assert_eq!(bytes(&first.folder), bytes(&second.folder));
    assert!(first.summary.examples.iter().all(|examples| *examples > 100));
    let mut other_seed = here.preparation("other");
    other_seed.settings.seed = 6;
    let other = here.follow(&other_seed).unwrap();
    assert_ne!(bytes(&first.folder)["train-00000.shard"], bytes(&other.folder)["train-00000.shard"]);
}

fn program(stand: &Stand, out: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward-tune"));
    command.arg("prepare").arg(stand.path("prepare.toml")).arg("--out").arg(stand.path(out)).args(flags);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Kills a run after `patience`. Whether it had finished by then.
fn killed(mut command: Command, patience: Duration) -> bool {
    let mut child = command.spawn().unwrap();
    std::thread::sleep(patience);
    let finished = child.try_wait().unwrap().is_some_and(|status| status.success());
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let refused = String::from_utf8_lossy(&output.stderr).contains("Error");
    assert!(!refused, "{}", String::from_utf8_lossy(&output.stderr));
    finished
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    // More than one part, so that there is something to find again.
    let stand = stand(40_000);
    let whole = stand.run("whole").unwrap();
    let mut kills = 0;
    let mut patience = Duration::from_millis(40);
    while !killed(program(&stand, "cut", &["--resume"]), patience) {
        kills += 1;
        patience = patience * 4 / 3;
        assert!(kills < 60, "it does not come to an end");
    }
    assert!(kills >= 3, "it was killed only {kills} times");
    assert_eq!(bytes(&whole.folder), bytes(&stand.path("cut")));
}

#[test]
fn a_finished_folder_is_left_as_it_is() {
    let stand = stand(100);
    let first = stand.run("out").unwrap();
    let before = bytes(&first.folder);
    let second = stand.run("out").unwrap();
    assert!(second.summary.was_done && second.summary.examples == first.summary.examples);
    assert_eq!(bytes(&first.folder), before);
}

fn refused(stand: &Stand, out: &str, resume: bool, word: &str) {
    let mut preparation = stand.preparation(out);
    preparation.resume = resume;
    match stand.follow(&preparation) {
        Err(error @ TextError::Folder { .. }) => assert!(error.to_string().contains(word), "{error}"),
        other => panic!("{:?}", other.map(|prepared| prepared.summary)),
    }
}

#[test]
fn folders_with_something_else_are_refused() {
    let stand = stand(100);
    stand.run("out").unwrap();
    std::fs::write(stand.path("a.jsonl"), "{\"text\": \"something else\"}").unwrap();
    refused(&stand, "out", true, "other settings");
    std::fs::create_dir_all(stand.path("full/of")).unwrap();
    refused(&stand, "full", true, "not empty");
    std::fs::create_dir_all(stand.path("begun/work")).unwrap();
    std::fs::write(stand.path("begun/work/run"), "another run").unwrap();
    refused(&stand, "begun", true, "did not finish");
    refused(&stand, "begun", false, "did not finish");
}

#[test]
fn an_unfinished_run_goes_on_only_if_asked_to() {
    let stand = stand(8_000);
    assert!(!killed(program(&stand, "out", &[]), Duration::from_millis(60)));
    if stand.path("out/work/run").is_file() {
        refused(&stand, "out", false, "--resume");
    }
    let mut preparation = stand.preparation("out");
    preparation.resume = true;
    assert!(!stand.follow(&preparation).unwrap().summary.was_done);
}

const BAD: &str = "{\"text\": \"a good one\", \"intent\": \"x\"}\n{\"text\": 5}\nnot json\n\n{\"intent\": \"x\"}\n[1]\n{\"text\": \"a good one\", \"intent\": \"y\"}\n";

#[test]
fn bad_records_are_named_by_file_and_line() {
    let files: &[(&str, &[u8])] =
        &[("a.jsonl", BAD.as_bytes()), ("b.csv", b"text,label\nok text,a\nonly one column\n"), ("c.txt", b"fine\n\xFF\xFE\x80\n")];
    let settings = "[[source]]\nname = \"a\"\npath = \"a.jsonl\"\n[[source]]\nname = \"b\"\npath = \"b.csv\"\n[[source]]\nname = \"c\"\npath = \"c.txt\"\n";
    let stand = Stand::new(files, settings);
    let prepared = stand.run("out").unwrap();
    assert_eq!(prepared.bad(), ["a/a.jsonl:2", "a/a.jsonl:3", "a/a.jsonl:5", "a/a.jsonl:6", "b/b.csv:3", "c/c.txt:2", "a/a.jsonl:7"]);
    assert_eq!((prepared.summary.bad, prepared.count("a", "bad records")), (7, 4));
    assert_eq!(prepared.shown(), ["Labeled a | Text ok text", "Labeled x | Text a good one", "Text | Text fine"]);
}

#[test]
fn a_strict_run_ends_at_the_first_bad_record() {
    for (content, line) in [(BAD, 2), ("{\"text\": \"one\", \"intent\": \"x\"}\n{\"text\": \"One!\", \"intent\": \"y\"}\n", 2)] {
        let stand = Stand::new(&[("a.jsonl", content.as_bytes())], "[[source]]\nname = \"a\"\npath = \"a.jsonl\"\n");
        let output = program(&stand, "out", &["--strict"]).output().unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&format!("a.jsonl:{line}: ")), "{said}");
        assert!(!stand.path("out/card.json").exists());
    }
}

#[test]
fn a_broken_archive_gives_what_could_be_read() {
    let stand =
        Stand::new(&[("a.jsonl.xz", b"\xFD7zXZ\x00\x00\x04broken"), ("b.txt", b"fine")], "[[source]]\nname = \"s\"\npath = \".\"\n");
    let mut preparation = stand.preparation("../never");
    preparation.out = stand.path("out");
    let prepared = stand.follow(&preparation).unwrap();
    assert_eq!(prepared.shown(), ["Text | Text fine"]);
    assert_eq!(prepared.bad(), ["s/a.jsonl.xz:1"]);
}

#[test]
fn copies_say_which_example_they_are_of() {
    let prepared = stand(400).run("out").unwrap();
    let train = prepared.examples(Part::Train);
    let written =
        |line: u32| train.iter().find(|example| (example.line, example.copy) == (line, 0) && example.source == "labeled").unwrap();
    let copies: Vec<_> = train.iter().filter(|example| example.copy > 0).collect();
    assert!(copies.len() > 200);
    for copy in copies {
        assert_eq!(copy.label, written(copy.line).label);
        assert_ne!(show(copy), show(written(copy.line)));
    }
    assert!([Part::Validation, Part::Test].into_iter().flat_map(|part| prepared.examples(part)).all(|example| example.copy == 0));
}
