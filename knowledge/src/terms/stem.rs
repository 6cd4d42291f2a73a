//! A light stemmer for English: enough that "tyres", "charging" and "charged" meet "tyre" and "charge".
//!
//! It only has to be the same for questions and wordings, so stems need not be words: a final "e" is always dropped.

/// The stem of a lower-case word. Words with digits or other scripts and very short ones stay as they are.
pub(crate) fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let word = singular(word);
    let stem = without_ending(&word);
    let stem = stem.strip_suffix('e').filter(|rest| rest.len() >= 3).unwrap_or(stem);
    match stem.strip_suffix('y').filter(|rest| rest.len() >= 3 && !ends_in_vowel(rest)) {
        Some(rest) => format!("{rest}i"),
        None => stem.to_owned(),
    }
}

fn singular(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("ies").filter(|rest| rest.len() >= 2) {
        return format!("{rest}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    let plural = word.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    if plural { word[..word.len() - 1].to_owned() } else { word.to_owned() }
}

/// Drops "-ing", "-ed" and "-ly" where a syllable is left, and undoes a doubled consonant ("fitting", "fit").
fn without_ending(word: &str) -> &str {
    for ending in ["ing", "ed", "ly"] {
        let Some(rest) = word.strip_suffix(ending) else { continue };
        if rest.len() < 3 || !rest.bytes().any(|byte| b"aeiouy".contains(&byte)) {
            continue;
        }
        let bytes = rest.as_bytes();
        let doubled = bytes[bytes.len() - 1] == bytes[bytes.len() - 2] && !b"lsz".contains(&bytes[bytes.len() - 1]);
        return if doubled { &rest[..rest.len() - 1] } else { rest };
    }
    word
}

fn ends_in_vowel(text: &str) -> bool {
    text.ends_with(['a', 'e', 'i', 'o', 'u'])
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            ["charge", "charges", "charging", "charged"],
            ["tyre", "tyres", "tyre", "tyres"],
            ["battery", "batteries", "battery", "batteries"],
            ["fit", "fits", "fitting", "fitted"],
            ["switch", "switches", "switching", "switched"],
            ["press", "presses", "pressing", "pressed"],
        ] {
            assert!(forms.iter().all(|form| stem(form) == stem(forms[0])), "{forms:?}: {:?}", forms.map(stem));
        }
    }

    #[test]
    fn short_words_and_numbers_stay() {
        for word in ["gas", "bus", "usb", "0w", "235", "ring"] {
            assert_eq!(stem(word), word);
        }
    }
}
