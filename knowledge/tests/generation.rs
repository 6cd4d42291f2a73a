//! A generation from sources to answers: what is built is what is opened, and nothing else is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::Path;
use std::process::Command;

use steward_knowledge::{Generation, Kind, KnowledgeError, Query};

/// A small source folder in which tests may change or add files.
fn sample() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(folder.path(), name, text);
    write(
        "bundle.toml",
        "name = \"Sample\"\nversion = \"1.0\"\nlanguages = [\"en\", \"zh\"]\nlicense = \"CC0-1.0\"\nvehicles = [\"S1\"]\n",
    );
    write(
        "qa/a.jsonl",
        "{\"id\": \"tyres.en\", \"question\": \"How high is the tyre pressure?\", \"also\": [\"how much air do the tires need\"], \
         \"answer\": \"2.4 bar.\", \"module\": \"tyres\", \"language\": \"en\"}\n\
         {\"id\": \"tyres.zh\", \"question\": \"胎压是多少？\", \"answer\": \"2.4巴。\", \"module\": \"tyres\", \"language\": \"zh\"}\n",
    );
    write(
        "qa/b.csv",
        "id,question,also,answer,module,language\nboot.en,How big is the boot?,trunk volume|luggage space,\"520 liters, to the shade.\",boot,en\n",
    );
    write(
        "qa/c.toml",
        "[[pair]]\nid = \"oil.zh\"\nquestion = \"用什么机油？\"\nalso = [\"机油标号\"]\nanswer = \"0W-20。\"\nmodule = \"service\"\nlanguage = \"zh\"\n",
    );
    write(
        "manual/guide.en.md",
        "# Owner's guide\n## Wheels\n<!-- page 12 -->\n### Snow chains\nFit snow chains to the front wheels only.\n\
         Remove them at once on a dry road.\n## Care\n<!-- page 30 -->\n### Car wash\nFold the mirrors in before the car wash.\n",
    );
    write("manual/notes.zh.txt", "洗车前请折叠后视镜。\u{c}防滑链只能装在前轮。");
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn built(source: &Path) -> (tempfile::TempDir, Generation) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("generation");
    Generation::build(source, &out, None, &mut |_| {}).unwrap();
    let generation = Generation::open(&out).unwrap();
    (folder, generation)
}

fn build_error(source: &Path) -> KnowledgeError {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("generation");
    let error = Generation::build(source, &out, None, &mut |_| {}).unwrap_err();
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a failed build leaves something behind");
    error
}

#[test]
fn all_three_pair_formats_and_both_document_formats_are_found() {
    let source = sample();
    let (_folder, generation) = built(source.path());
    let counts = generation.manifest().counts;
    assert_eq!((counts.pairs, counts.wordings, counts.documents, counts.passages), (4, 8, 2, 3));
    for (question, id) in [
        ("how much pressure do the tires take", "tyres.en"),
        ("trunk volume", "boot.en"),
        ("轮胎气压多少", "tyres.zh"),
        ("机油用什么标号的", "oil.zh"),
        ("do the snow chains go on the front wheels", "manual/guide.en#1"),
        ("防滑链装哪个轮子", "manual/notes.zh#1"),
    ] {
        let hits = generation.search(&Query::new(question)).unwrap();
        assert_eq!(hits.first().map(|hit| hit.id.as_str()), Some(id), "{question}: {hits:#?}");
    }
}

#[test]
fn a_passage_is_returned_with_its_place_in_the_document() {
    let source = sample();
    let (_folder, generation) = built(source.path());
    let query = Query { kinds: &[Kind::Document], language: Some("en"), ..Query::new("car wash mirrors") };
    let hits = generation.search(&query).unwrap();
    let hit = &hits[0];
    assert_eq!((hit.document.as_str(), hit.section.as_str(), hit.page), ("Owner's guide", "Care > Car wash", 30));
    assert_eq!((hit.question.as_str(), hit.text.as_str()), ("Car wash", "Fold the mirrors in before the car wash."));
    assert!(hits.iter().all(|hit| hit.kind == Kind::Document && hit.language == "en"));
}

#[test]
fn hits_are_sorted_limited_and_between_zero_and_one() {
    let source = sample();
    let (_folder, generation) = built(source.path());
    let hits = generation.search(&Query { limit: 2, ..Query::new("tyre pressure, snow chains, boot and car wash") }).unwrap();
    assert_eq!(hits.len(), 2);
    assert!(hits[0].score >= hits[1].score && hits[1].score > 0.0 && hits[0].score <= 1.0);
}

#[test]
fn what_is_not_in_the_sources_is_not_confident() {
    let source = sample();
    let (_folder, generation) = built(source.path());
    for question in ["how tall is the Eiffel Tower", "how much does a hotel in Rome cost", "红楼梦的作者是谁", "明天会下雨吗", "?!", ""]
    {
        let hits = generation.search(&Query::new(question)).unwrap();
        assert!(hits.iter().all(|hit| !generation.confident(hit)), "{question}: {hits:#?}");
    }
    let hits = generation.search(&Query::new("how high should the pressure of the tyres be")).unwrap();
    assert!(generation.confident(&hits[0]), "{hits:#?}");
}

#[test]
fn words_of_the_query_language_are_only_text() {
    let source = sample();
    let (_folder, generation) = built(source.path());
    for question in ["tyre\" OR \"pressure", "NEAR(tyre pressure)", "terms:tyre*", "-tyre ^pressure AND", "'; DROP TABLE entry; --"] {
        generation.search(&Query::new(question)).unwrap();
    }
}

#[test]
fn every_changed_or_missing_file_is_refused() {
    let source = sample();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("generation");
    Generation::build(source.path(), &out, None, &mut |_| {}).unwrap();
    let database = out.join("knowledge.sqlite");
    let original = std::fs::read(&database).unwrap();

    let mut changed = original.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    std::fs::write(&database, changed).unwrap();
    assert!(matches!(Generation::open(&out), Err(KnowledgeError::Tampered { path }) if path == database));

    std::fs::write(&database, &original[..original.len() / 2]).unwrap();
    assert!(matches!(Generation::open(&out), Err(KnowledgeError::Tampered { .. })));

    std::fs::remove_file(&database).unwrap();
    assert!(matches!(Generation::open(&out), Err(KnowledgeError::Tampered { .. })));

    std::fs::write(&database, &original).unwrap();
    assert!(Generation::open(&out).is_ok());

    let manifest = out.join("manifest.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    for (from, to) in
        [("\"knowledge.sqlite\"", "\"../knowledge.sqlite\""), ("format = 1", "format = 2"), ("format = 1", "format = 1\nextra = 1")]
    {
        assert!(text.contains(from), "{text}");
        std::fs::write(&manifest, text.replace(from, to)).unwrap();
        assert!(matches!(Generation::open(&out), Err(KnowledgeError::Manifest { .. })), "{to}");
    }
}

#[test]
fn a_generation_is_never_overwritten() {
    let source = sample();
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Generation::build(source.path(), folder.path(), None, &mut |_| {}), Err(KnowledgeError::Exists { .. })));
}

#[test]
fn another_embedder_is_refused() {
    let source = sample();
    let (_folder, generation) = built(source.path());
    let error = generation.check_embedder("some-model").unwrap_err();
    assert!(matches!(&error, KnowledgeError::OtherEmbedder { built_with, asked } if built_with == "none" && asked == "some-model"));
}

#[test]
fn wrong_sources_are_named_by_file_and_line() {
    let row = |id: &str| format!("{{\"id\": \"{id}\", \"question\": \"q\", \"answer\": \"a\", \"language\": \"en\"}}");
    let cases = [
        ("qa/z.jsonl", format!("{}\n\n{}\n", row("x"), row("y").replace("\"answer\"", "\"anwser\"")), 3, "anwser"),
        ("qa/z.jsonl", format!("{}\n{{\n", row("x")), 2, "EOF"),
        ("qa/z.jsonl", format!("{}\n{}\n", row("x"), row("x")), 2, "taken"),
        ("qa/z.jsonl", row("x").replace("\"a\"", "\" \""), 1, "answer is empty"),
        ("qa/z.jsonl", row("x").replace("\"en\"", "\"fr\""), 1, "fr"),
        ("qa/z.csv", "id,question,answer,language\nx,q,a,en\ny,q,a\n".to_owned(), 3, "fields"),
        ("qa/z.csv", "id,question,answer,language,colour\nx,q,a,en,red\n".to_owned(), 2, "colour"),
        ("qa/z.toml", "[[pair]]\nid = \"x\"\nquestion = \"q\"\nanswer = \"a\"\nlanguage = \"en\"\nanser = 1\n".to_owned(), 6, "anser"),
        ("qa/z.toml", "\n[[pair]]\nid = \"x\"\nquestion = \"\"\nanswer = \"a\"\nlanguage = \"en\"\n".to_owned(), 2, "question is empty"),
        ("qa/z.pdf", "x".to_owned(), 1, ".jsonl"),
        ("manual/z.md", "# T\n".to_owned(), 1, "wheels.en.md"),
        ("manual/z.en.md", "# T\n## S\n<!-- page twelve -->\n".to_owned(), 3, "twelve"),
        ("words/en.toml", "language = \"en\"\nstopp = []\n".to_owned(), 2, "stopp"),
        ("bundle.toml", "name = \"a\"\nversion = \"1\"\nlanguages = [\"en\"]\nlicense = \"x\"\ncolour = 1\n".to_owned(), 5, "colour"),
    ];
    for (file, text, expected, part) in cases {
        let source = sample();
        write(source.path(), file, &text);
        match build_error(source.path()) {
            KnowledgeError::Source { path, line, message } => {
                assert!(path.ends_with(file), "{}", path.display());
                assert_eq!(line, expected, "{file}: {message}");
                assert!(message.contains(part), "{file}: {message}");
            }
            other => panic!("{file}: {other}"),
        }
    }
}

#[test]
fn a_bundle_brings_its_own_synonyms() {
    let source = sample();
    write(source.path(), "words/en.toml", "language = \"en\"\nsynonyms = [[\"boot\", \"froonk\"]]\n");
    let (_folder, generation) = built(source.path());
    let hits = generation.search(&Query::new("how big is the froonk")).unwrap();
    assert_eq!(hits[0].id, "boot.en");
    assert!(generation.confident(&hits[0]));
}

#[test]
fn a_generation_is_shared_between_threads() {
    let source = sample();
    let (_folder, generation) = built(source.path());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(generation.search(&Query::new("trunk volume")).unwrap()[0].id, "boot.en"));
        }
    });
}

/// The environment is the process's, so each build has a process of its own: this test run again.
#[test]
fn the_same_source_gives_the_same_bytes() {
    const OUT: &str = "KNOWLEDGE_TEST_OUT";
    if let Some(out) = std::env::var_os(OUT) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("kestrel");
        Generation::build(&source, Path::new(&out), None, &mut |_| {}).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let build = |name: &str| {
        let out = folder.path().join(name);
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_same_source_gives_the_same_bytes"])
            .env(OUT, &out)
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
        out
    };
    let (one, other) = (build("one"), build("other"));
    for name in ["manifest.toml", "knowledge.sqlite"] {
        assert!(std::fs::read(one.join(name)).unwrap() == std::fs::read(other.join(name)).unwrap(), "{name} differs");
    }
    assert_eq!(Generation::open(&one).unwrap().manifest().created, 1_700_000_000);
}
