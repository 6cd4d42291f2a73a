//! What is said while the car moves: at most two sentences, and no list of more than three. Nothing is lost by it: the reply's other
//! members have everything, for the screen.

/// Sentences that are said while the car moves.
pub const SENTENCES: usize = 2;
/// Members of a list that are said while the car moves.
pub const ITEMS: usize = 3;

/// Words of one member of an English list; what is longer between two commas is a clause.
const WORDS: usize = 4;

/// The sentences of a text. A point within a number or a name ends none.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = end_of_sentence(rest);
        found.push(rest[..end].trim());
        rest = rest[end..].trim_start();
    }
    found
}

fn end_of_sentence(text: &str) -> usize {
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        let after = at + sign.len_utf8();
        let next = signs.peek().map(|(_, next)| *next);
        let ends = match sign {
            '\n' => true,
            '。' | '！' | '？' => next.is_none_or(|next| !"”」』）".contains(next)),
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            '”' | '」' | '』' | '）' => text[..at].ends_with(['。', '！', '？']),
            _ => false,
        };
        if ends {
            return after;
        }
    }
    text.len()
}

/// Whether a text may be said as it is.
pub fn is_brief(text: &str) -> bool {
    let sentences = sentences(text);
    sentences.len() <= SENTENCES && sentences.iter().all(|sentence| list_end(sentence).is_none())
}

/// The beginning of a text, as much as may be said; `more` ends a list that was cut.
pub fn beginning(text: &str, more: &str) -> String {
    joined(text, sentences(text).into_iter().take(SENTENCES), more)
}

/// The end of a text, as much as may be said: of a question the reason may go, not the question.
pub fn ending(text: &str, more: &str) -> String {
    let all = sentences(text);
    let skipped = all.len().saturating_sub(SENTENCES);
    joined(text, all.into_iter().skip(skipped), more)
}

fn joined<'a>(text: &str, sentences: impl Iterator<Item = &'a str>, more: &str) -> String {
    let cut = sentences.map(|sentence| match list_end(sentence) {
        Some(end) => format!("{}{more}", &sentence[..end]),
        None => sentence.to_owned(),
    });
    let is_han = text.contains(['。', '！', '？', '、', '，']);
    cut.collect::<Vec<_>>().join(if is_han { "" } else { " " })
}

/// Where the last member that may be said ends, in a sentence whose list goes on.
fn list_end(sentence: &str) -> Option<usize> {
    let han: Vec<usize> = sentence.match_indices('、').map(|(at, _)| at).collect();
    if han.len() >= ITEMS {
        return Some(han[ITEMS - 1]);
    }
    let commas: Vec<usize> = sentence.match_indices(", ").map(|(at, _)| at).collect();
    let is_short = |pair: &[usize]| sentence[pair[0] + 1..pair[1]].split_whitespace().count() <= WORDS;
    // A run of commas with little between them is a list.
    (0..commas.len()).find_map(|first| {
        let run = 1 + commas[first..].windows(2).take_while(|pair| is_short(pair)).count();
        let last = commas[first + run - 1];
        match last_and(sentence, last) {
            _ if run >= ITEMS => Some(commas[first + ITEMS - 1]),
            Some(joint) if run + 1 >= ITEMS => Some(joint),
            _ => None,
        }
    })
}

/// The " and " that joins the last member of a list, which began before `from`.
fn last_and(sentence: &str, from: usize) -> Option<usize> {
    let joint = [" and ", " or "].iter().filter_map(|joint| sentence[from..].find(joint)).min()?;
    let is_cut = sentence[from + joint..].trim_end_matches('.') == " and more";
    (!is_cut && sentence[from + 1..from + joint].split_whitespace().count() <= WORDS).then_some(from + joint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_one_would_pause() {
        assert_eq!(sentences("It is 22.5 degrees. Really? Yes!"), ["It is 22.5 degrees.", "Really?", "Yes!"]);
        assert_eq!(sentences("已打开。好的！还有吗？"), ["已打开。", "好的！", "还有吗？"]);
        assert_eq!(sentences("no end"), ["no end"]);
        assert!(sentences("  ").is_empty());
    }

    #[test]
    fn quoted_sentences_lose_nothing() {
        assert_eq!(sentences("没听懂“你好。”好的。").concat(), "没听懂“你好。”好的。");
    }

    #[test]
    fn two_sentences_are_left() {
        assert_eq!(beginning("One. Two. Three.", " and more."), "One. Two.");
        assert_eq!(ending("One. Two. Shall I?", " and more."), "Two. Shall I?");
        assert_eq!(beginning("一。二。三。", "等。"), "一。二。");
        assert!(is_brief("One. Two.") && !is_brief("One. Two. Three."));
    }

    #[test]
    fn lists_end_after_three() {
        let cut = |text: &str| beginning(text, " and more.");
        assert_eq!(cut("Say climate, seats, windows, lights and music."), "Say climate, seats, windows and more.");
        assert_eq!(cut("Say climate, seats, windows and music."), "Say climate, seats, windows and more.");
        assert_eq!(beginning("可以说空调、座椅、车窗、灯光和音乐。", "等。"), "可以说空调、座椅、车窗等。");
        for short in [
            "Say climate, seats or windows.",
            "Say climate, seats, windows.",
            "Say climate, seats, windows and more.",
            "可以说空调、座椅、车窗。",
            "When it is cold outside in the winter, open the left side cover in the boot, pull the yellow loop there and wait a while, then go.",
        ] {
            assert_eq!(cut(short), short);
        }
    }
}
