//! Every format and layout, each with a file as people have it.

use crate::door::Stand;

/// One file, what the source says beside name and path, and the examples in it.
fn check(name: &str, content: &[u8], source: &str, expected: &[&str]) {
    let settings = format!("length = {{ min = 1 }}\n[[source]]\nname = \"s\"\npath = \"{name}\"\n{source}");
    let prepared = Stand::new(&[(name, content)], &settings).run("out").unwrap();
    assert_eq!(prepared.shown(), expected, "{name} {:?}", prepared.bad());
}

#[test]
fn json_lines() {
    let content = r#"{"text": "turn it on", "intent": "on"}

{"text": "turn it off", "intent": "off"}
{"utterance": "only text"}"#;
    check("a.jsonl", content.as_bytes(), "", &["Labeled off | Text turn it off", "Labeled on | Text turn it on", "Text | Text only text"]);
    check("a.ndjson", b"\xEF\xBB\xBF{\"text\": \"hello there\"}", "", &["Text | Text hello there"]);
}

#[test]
fn packed_json_lines() {
    const XZ: &[u8] = &[
        253, 55, 122, 88, 90, 0, 0, 4, 230, 214, 180, 70, 2, 0, 33, 1, 22, 0, 0, 0, 116, 47, 229, 163, 224, 0, 76, 0, 57, 93, 0, 61, 136,
        138, 134, 148, 136, 19, 224, 243, 137, 133, 15, 61, 31, 77, 230, 48, 94, 97, 54, 115, 120, 100, 223, 158, 17, 190, 31, 38, 196, 70,
        170, 23, 170, 166, 219, 109, 151, 165, 108, 224, 139, 153, 238, 51, 55, 22, 188, 116, 117, 231, 191, 241, 205, 71, 99, 192, 0, 0,
        0, 0, 145, 26, 129, 200, 88, 149, 100, 230, 0, 1, 85, 77, 23, 33, 39, 239, 31, 182, 243, 125, 1, 0, 0, 0, 0, 4, 89, 90,
    ];
    check("a.jsonl.xz", XZ, "", &["Labeled off | Text 关闭空调", "Labeled on | Text 打开空调"]);
}

#[test]
fn json_lists() {
    let content = "[\n {\"text\": \"one, [two] {three}\"},\n {\"text\": \"quote \\\"]\\\" inside\"}\n]";
    check("a.json", content.as_bytes(), "", &["Text | Text one, [two] {three}", "Text | Text quote \"]\" inside"]);
}

#[test]
fn tables() {
    let csv = "text,label\n\"turn it on, please\",on\n打开空调,on\n\"two\nlines\",other\n";
    let expected = ["Labeled on | Text turn it on, please", "Labeled on | Text 打开空调", "Labeled other | Text two\nlines"];
    check("a.csv", csv.as_bytes(), "", &expected);
    check("a.tsv", "turn it on\ton\n".as_bytes(), "columns = [\"text\", \"label\"]", &["Labeled on | Text turn it on"]);
    check("a.csv", "q,a\nhow old,ten\n".as_bytes(), "fields = { left = \"q\", right = \"a\" }", &["Pair | Left how old | Right ten"]);
}

#[test]
fn plain_texts() {
    let text = "first line\nsecond line\n\nthird line\n";
    check("a.txt", text.as_bytes(), "", &["Text | Text first line", "Text | Text second line", "Text | Text third line"]);
    check("a.txt", text.as_bytes(), "per = \"paragraph\"", &["Text | Text first line\nsecond line", "Text | Text third line"]);
    check("a.txt", text.as_bytes(), "per = \"file\"", &["Text | Text first line\nsecond line\n\nthird line"]);
    check("a.md", b"# Title\n\nSome **bold** text.\n", "", &["Text | Text Title\n\nSome bold text."]);
    check("a.html", b"<html><body><h1>Title</h1><p>Text &amp; more</p></body></html>", "", &["Text | Text Title\n\nText & more"]);
}

#[test]
fn other_encodings() {
    // "打开空调" and "关闭空调" in GBK.
    check(
        "a.txt",
        b"\xB4\xF2\xBF\xAA\xBF\xD5\xB5\xF7\n\xB9\xD8\xB1\xD5\xBF\xD5\xB5\xF7\n",
        "",
        &["Text | Text 关闭空调", "Text | Text 打开空调"],
    );
    let utf16: Vec<u8> = "\u{feff}打开空调\nturn it on\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check("a.txt", &utf16, "", &["Text | Text turn it on", "Text | Text 打开空调"]);
}

#[test]
fn slots() {
    let content = r#"{"text": "给张三打电话", "intent": "call", "slots": [{"slot": "name", "start": 1, "end": 3}]}
{"text": "wake me at seven", "annotated": "wake me at [time : seven]", "intent": "wake"}
{"text": "来一首周华健的花心", "annotated": "来一首<singer>周华健</singer>的<song>花心</song>", "intent": "play"}"#;
    let expected = [
        "Labeled call | Text 给张三打电话 [name: 张三]",
        "Labeled play | Text 来一首周华健的花心 [singer: 周华健] [song: 花心]",
        "Labeled wake | Text wake me at seven [time: seven]",
    ];
    check("a.jsonl", content.as_bytes(), "", &expected);
}

#[test]
fn pairs() {
    let content = r#"{"premise": "it is 22 degrees", "hypothesis": "it is warm", "label": "entailment"}
{"en": "Hello there", "zh": "你好呀"}
{"question": "how do I park", "also": ["parking how"], "answer": "press P"}
{"anchor": "red car", "positive": "crimson car", "negatives": ["blue car", "red bus"]}
{"question": "which gear", "right": ["gear D", "gear P"], "wrong": ["gear R"]}
{"a": "一只猫", "b": "一只小猫", "label": 4}"#;
    let expected = [
        "Pair 4 | Left 一只猫 | Right 一只小猫",
        "Pair entailment | Left it is 22 degrees | Right it is warm",
        "Pair | Left Hello there | Right 你好呀",
        "Pair | Left how do I park | Right press P",
        "Pair | Left parking how | Right press P",
        "Pair | Left red car | Right crimson car | Negative blue car | Negative red bus",
        "Pair | Left which gear | Right gear D | Negative gear R",
        "Pair | Left which gear | Right gear P | Negative gear R",
    ];
    check("a.jsonl", content.as_bytes(), "", &expected);
}

#[test]
fn passages() {
    let content = r#"{"context": "大唐由李渊建立。", "qas": [{"question": "谁建立了大唐？", "answers": [{"text": "李渊", "start": 3}, {"text": "李渊", "answer_start": 3}]}, {"question": "什么时候？", "answers": []}]}
{"context": "the key is red", "question": "what colour is it", "answer": "red"}"#;
    let expected = [
        "Span | Context the key is red [answer: red] | Question what colour is it",
        "Span | Context 大唐由李渊建立。 [answer: 李渊] | Question 谁建立了大唐？",
        "Span | Context 大唐由李渊建立。 | Question 什么时候？",
    ];
    check("a.jsonl", content.as_bytes(), "", &expected);
}

#[test]
fn chats() {
    let content = r#"{"instruction": "translate", "input": "good day", "output": "你好"}
{"en_instruction": "say hi", "en_input": "", "en_output": "hi", "zh_instruction": "打招呼", "zh_input": "", "zh_output": "嗨"}
{"conversations": [{"from": "human", "value": "are you there"}, {"from": "gpt", "value": "yes I am"}]}
{"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "what now"}, {"role": "assistant", "content": "nothing much"}]}
{"turns": ["一", "二", "三"]}"#;
    let expected = [
        "Chat | System be brief | User what now | Assistant nothing much",
        "Chat | User are you there | Assistant yes I am",
        "Chat | User say hi | Assistant hi",
        "Chat | User translate\ngood day | Assistant 你好",
        "Chat | User 一 | Assistant 二 | User 三",
        "Chat | User 打招呼 | Assistant 嗨",
    ];
    check("a.jsonl", content.as_bytes(), "", &expected);
}

#[test]
fn preferences() {
    let content = r#"{"prompt": "is it on", "chosen": "it is off", "rejected": "yes"}
{"prompt": [{"role": "user", "content": "how far"}], "chosen": [{"role": "user", "content": "how far"}, {"role": "assistant", "content": "ten km"}], "rejected": "far"}"#;
    let expected =
        ["Preference | User how far | Chosen ten km | Rejected far", "Preference | User is it on | Chosen it is off | Rejected yes"];
    check("a.jsonl", content.as_bytes(), "", &expected);
}

#[test]
fn folders_are_read_in_order() {
    let files: &[(&str, &[u8])] = &[("d/b.txt", b"from b"), ("d/sub/a.txt", b"from a"), ("d/ignored.bin", b"\x00\x01")];
    let stand = Stand::new(files, "[[source]]\nname = \"s\"\npath = \"d\"\n");
    let prepared = stand.run("out").unwrap();
    assert_eq!(prepared.shown(), ["Text | Text from a", "Text | Text from b"]);
    assert!(prepared.card().contains("`b.txt`") && prepared.card().contains("`sub/a.txt`"));
}

#[test]
fn what_is_cleaned_redacted_and_dropped_is_counted() {
    let content = "call 13812345678 <b>now</b>\nwrite to a@b.cn, call 13987654321\nçÃ©\nвключи кондиционер\n锟斤拷锟斤拷\n...\n";
    let stand = Stand::new(&[("a.txt", content.as_bytes())], "[[source]]\nname = \"s\"\npath = \"a.txt\"\nlicense = \"CC0\"\n");
    let prepared = stand.run("out").unwrap();
    assert_eq!(prepared.shown(), ["Text | Text call [PHONE] now", "Text | Text write to [EMAIL], call [PHONE]", "Text | Text çÃ©"]);
    let counts = [
        ("redacted: phone", 2),
        ("redacted: email", 1),
        ("markup removed", 1),
        ("dropped: language other", 1),
        ("dropped: broken characters", 1),
        ("dropped: empty", 1),
        ("kept", 3),
        ("records read", 6),
    ];
    for (event, number) in counts {
        assert_eq!(prepared.count("s", event), number, "{event}");
    }
    for line in ["| s | CC0 | not stated | 6 | 0 | 6 | 3 |", "| language other | 1 |", "| phone | 2 |"] {
        assert!(prepared.card().contains(line), "{line} in {}", prepared.card());
    }
}
