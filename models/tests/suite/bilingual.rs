//! The bilingual encoder that is shipped: the same wish is near in both languages, another wish and its opposite are not.

use std::path::PathBuf;

use steward_models::{Embedder, ModelFolder};

use crate::{cosine, embedder};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("shipped/encoder")
}

/// The cosine of two texts.
fn nearness(embedder: &Embedder, left: &str, right: &str) -> f32 {
    cosine(&embedder.embed(left).unwrap(), &embedder.embed(right).unwrap())
}

#[test]
fn it_says_that_it_knows_both_languages() {
    let opened = ModelFolder::open(&folder()).unwrap();
    assert_eq!(opened.manifest().model.languages, ["en", "zh"]);
}

#[test]
fn a_translation_is_nearer_than_any_other_sentence() {
    let embedder = embedder(&folder());
    let pairs = [
        ("turn on the air conditioning", "打开空调"),
        ("open the driver's window", "把主驾的车窗打开"),
        ("what should the tyre pressure be", "胎压应该是多少"),
        ("play some music", "放点音乐"),
        ("take me to the airport", "导航去机场"),
        ("it will rain tomorrow", "明天会下雨"),
        ("my brother is a teacher", "我哥哥是老师"),
    ];
    for (row, (english, chinese)) in pairs.iter().enumerate() {
        let own = nearness(&embedder, english, chinese);
        for (_, other) in pairs.iter().enumerate().filter(|(other, _)| *other != row).map(|(_, pair)| pair) {
            let far = nearness(&embedder, english, other);
            assert!(own > far + 0.2, "{english}: {own} to {chinese}, {far} to {other}");
        }
    }
}

#[test]
fn another_wording_is_nearer_than_the_opposite() {
    let embedder = embedder(&folder());
    for (wish, same, opposite) in [
        ("打开天窗", "把天窗打开", "关闭天窗"),
        ("关闭座椅加热", "座椅加热不用了，关掉吧", "打开座椅加热"),
        ("open the sunroof", "I want the sunroof open", "close the sunroof"),
        ("把音量调大", "声音大一点", "声音小一点"),
    ] {
        let (near, far) = (nearness(&embedder, wish, same), nearness(&embedder, wish, opposite));
        assert!(near > far, "{wish}: {near} to {same}, {far} to {opposite}");
    }
}

#[test]
fn chinese_is_not_read_as_unknown_signs() {
    let embedder = embedder(&folder());
    let texts = ["打开空调", "关闭车窗", "胎压是多少"];
    let counts: Vec<usize> = texts.iter().map(|text| embedder.tokenizer().count(text).unwrap()).collect();
    // Words are single tokens; the two tokens that frame a sentence are counted in.
    assert_eq!(counts, [4, 4, 5]);
}
