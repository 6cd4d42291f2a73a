//! Tokenizers of each kind, trained on a little text of both languages.

use std::path::PathBuf;

use steward_tune::text::{Language, Progress, TokenizerKind, TokenizerSettings, Tokens, judge_tokenizer, train_tokenizer};

use crate::door::Stand;

fn corpus() -> Stand {
    let english =
        ["turn on the air conditioning", "open the driver's window halfway", "what is the tire pressure", "navigate to the airport"];
    let chinese = ["打开主驾驶座椅加热", "把空调调到二十三度", "导航到最近的充电站", "播放周杰伦的歌曲"];
    let lines: String =
        (0..600).map(|at| format!("{} and call [PHONE] at {}\n{}，第{}次\n", english[at % 4], at, chinese[at % 4], at)).collect();
    Stand::new(&[("a.txt", lines.as_bytes())], "[[source]]\nname = \"s\"\npath = \"a.txt\"\n")
}

fn settings(kind: TokenizerKind) -> TokenizerSettings {
    TokenizerSettings { kind, vocabulary: 400, special: vec!["<tool>".to_owned()], ..TokenizerSettings::default() }
}

const KINDS: [TokenizerKind; 3] = [TokenizerKind::Wordpiece, TokenizerKind::Bpe, TokenizerKind::ByteBpe];

/// A tokenizer of each kind with its folder.
fn trained(stand: &Stand, kind: TokenizerKind, out: &str) -> (Tokens, PathBuf) {
    let folder = stand.path(out);
    train_tokenizer(&settings(kind), &[stand.path("a.txt")], &folder, &Progress::silent()).unwrap();
    (Tokens::load(&folder.join("tokenizer.json")).unwrap(), folder)
}

#[test]
fn each_kind_learns_frequent_words_and_has_its_special_tokens() {
    let stand = corpus();
    for kind in KINDS {
        let (tokens, _) = trained(&stand, kind, kind.name());
        assert!(tokens.len() <= 400, "{kind:?}: {}", tokens.len());
        for one in ["[PHONE]", "[PLATE]", "<tool>"] {
            assert_eq!(tokens.encode(one).unwrap().len(), 1, "{kind:?} {one}");
        }
        assert_eq!(tokens.encode(" pressure").unwrap().len(), 1, "{kind:?}");
        let text = "turn on the air conditioning and call [PHONE]";
        assert_eq!(tokens.decode(&tokens.encode(text).unwrap()).unwrap().trim(), text, "{kind:?}");
    }
}

#[test]
fn numbers_of_special_tokens_are_where_models_expect_them() {
    let stand = corpus();
    for (kind, first) in
        KINDS.into_iter().zip([["[PAD]", "[UNK]", "[CLS]"], ["<pad>", "<unk>", "<s>"], ["<|pad|>", "<|end|>", "<|system|>"]])
    {
        let (tokens, _) = trained(&stand, kind, kind.name());
        for (number, token) in first.iter().enumerate() {
            assert_eq!(tokens.encode(token).unwrap(), [number as u32], "{kind:?} {token}");
        }
    }
}

#[test]
fn training_gives_the_same_bytes_each_time() {
    let stand = corpus();
    for kind in KINDS {
        let file = |out: &str| std::fs::read(trained(&stand, kind, out).1.join("tokenizer.json")).unwrap();
        assert!(file(&format!("{}-1", kind.name())) == file(&format!("{}-2", kind.name())), "{kind:?}");
    }
}

#[test]
fn bytes_come_back_whatever_they_are() {
    let (tokens, _) = trained(&corpus(), TokenizerKind::ByteBpe, "out");
    for text in ["打开空调", "Ünïcödé  two spaces", "🚗 emoji\n\ttabs", "日本語とрусский", "don't DON'T"] {
        let expected = text.to_lowercase();
        assert_eq!(tokens.decode(&tokens.encode(text).unwrap()).unwrap(), expected);
    }
}

#[test]
fn judging_counts_what_is_unknown() {
    let stand = corpus();
    std::fs::write(stand.path("new.txt"), (0..400).map(|at| format!("空调龘第{at}\nturn on the é{at}\n")).collect::<String>()).unwrap();
    let (_, folder) = trained(&stand, TokenizerKind::Wordpiece, "wordpiece");
    let judged = judge_tokenizer(&folder.join("tokenizer.json"), &[stand.path("new.txt")]).unwrap();
    let chinese = judged[&Language::Zh];
    assert_eq!(chinese.unknown, chinese.texts, "one unknown character in each text");
    assert!(chinese.coverage() < 0.9 && chinese.tokens_per_character() > 0.5);
    let (_, folder) = trained(&stand, TokenizerKind::ByteBpe, "byte-bpe");
    let judged = judge_tokenizer(&folder.join("tokenizer.json"), &[stand.path("new.txt")]).unwrap();
    assert!(judged.values().all(|judgment| judgment.unknown == 0 && judgment.texts > 0));
}

#[test]
fn a_vocabulary_smaller_than_the_alphabet_is_refused() {
    let stand = corpus();
    let settings = TokenizerSettings { vocabulary: 30, alphabet: Some(1000), ..settings(TokenizerKind::Bpe) };
    let error = train_tokenizer(&settings, &[stand.path("a.txt")], &stand.path("out"), &Progress::silent()).unwrap_err();
    assert!(error.to_string().contains("alphabet"), "{error}");
}

#[test]
fn shards_hold_the_tokens_of_their_text() {
    let stand = corpus();
    let (tokens, folder) = trained(&stand, TokenizerKind::Wordpiece, "tok");
    let mut preparation = stand.preparation("out");
    preparation.settings.shard.tokenizer = Some(folder.join("tokenizer.json"));
    let prepared = stand.follow(&preparation).unwrap();
    let all = prepared.all();
    assert!(all.len() > 500);
    for field in all.iter().flat_map(|example| &example.fields) {
        assert_eq!(field.tokens, tokens.encode(&field.text).unwrap());
    }
}

#[test]
fn windows_are_measured_in_tokens() {
    let stand = corpus();
    let (tokens, folder) = trained(&stand, TokenizerKind::ByteBpe, "tok");
    std::fs::write(stand.path("a.txt"), "我们在下一个服务区停车休息。".repeat(40)).unwrap();
    let mut preparation = stand.preparation("out");
    preparation.settings.shard.tokenizer = Some(folder.join("tokenizer.json"));
    preparation.settings.window.size = 90;
    preparation.settings.duplicates.remove = 1.0;
    let all = stand.follow(&preparation).unwrap().all();
    assert!(!all.is_empty());
    for example in all {
        assert!(example.fields[0].tokens.len() <= 96 && tokens.encode(&example.fields[0].text).unwrap().len() <= 96);
    }
}
