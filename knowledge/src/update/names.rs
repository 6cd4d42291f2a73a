//! Names in a bundle: plain ones, that mean the same on every file system and lead nowhere else.

use super::error::UpdateError;

/// Characters of a whole name.
const LONGEST: usize = 200;
/// Folders in folders.
const DEEPEST: usize = 4;

/// Fails unless the name is a plain relative path: no `..`, not absolute, ASCII without anything that a file system reads differently.
pub(super) fn check(name: &str) -> Result<(), UpdateError> {
    let parts: Vec<&str> = name.split('/').collect();
    if name.starts_with('/') || name.contains('\\') || parts.contains(&"..") {
        return Err(UpdateError::Outside { name: name.to_owned() });
    }
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"._%-".contains(&letter);
    let fine = |part: &&str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
    if name.len() > LONGEST || parts.len() > DEEPEST || !parts.iter().all(fine) {
        return Err(UpdateError::Name { name: name.to_owned() });
    }
    Ok(())
}

/// The line that a name stands for: `Kestrel 5` is `kestrel-5`. Empty when nothing of it is ASCII.
pub fn line_of(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

/// Fails unless it can be the name of a line: what [`line_of`] gives.
pub(super) fn check_line(line: &str) -> Result<(), UpdateError> {
    if line.is_empty() || line.len() > 64 || line_of(line) != line {
        return Err(UpdateError::Name { name: line.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass() {
        for name in ["timestamp.json", "knowledge%2Fkestrel-5.json", "knowledge/kestrel-5/manifest.toml", "1.root.json"] {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_told_from_odd_ones() {
        for name in ["/etc/passwd", "../x", "a/../../x", "a/..", "a\\b", "C:\\x"] {
            assert!(matches!(check(name), Err(UpdateError::Outside { .. })), "{name}");
        }
        for name in
            ["", ".", "./a", "a//b", "a/", ".hidden", "a b", "märz", "ａ", "a\u{202e}b", "a\0b", "a:b", "a/b/c/d/e", &"x".repeat(201)]
        {
            assert!(matches!(check(name), Err(UpdateError::Name { .. })), "{name:?}");
        }
    }

    #[test]
    fn a_line_is_lower_case_words() {
        assert_eq!(line_of("Kestrel 5"), "kestrel-5");
        assert_eq!(line_of("  The Highway Code (UK) "), "the-highway-code-uk");
        assert_eq!(line_of("交通法"), "");
        assert!(check_line("kestrel-5").is_ok());
        for line in ["", "Kestrel", "a--b", "a/b", "交通法", "-a"] {
            assert!(check_line(line).is_err(), "{line}");
        }
    }
}
