//! Patterns over signal paths: `*` at the end stands for everything below, `{name}` for one part of the path that is used again.

use std::collections::BTreeMap;

/// Whether `pattern` is `path`, or ends in `*` and `path` begins as it does.
pub(crate) fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None => pattern == path,
    }
}

/// What each `{name}` of the pattern stands for in the path; `None` when the path does not fit.
pub(crate) fn captures<'p>(pattern: &'p str, path: &'p str) -> Option<BTreeMap<&'p str, &'p str>> {
    let mut names = BTreeMap::new();
    let (mut wanted, mut given) = (pattern.split('.'), path.split('.'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(names),
            (Some(part), Some(value)) => match placeholder(part) {
                Some(name) => {
                    names.insert(name, value);
                }
                None if part == value => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

fn placeholder(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

/// The pattern with every `{name}` replaced.
pub(crate) fn filled(pattern: &str, names: &BTreeMap<&str, &str>) -> String {
    let part = |part: &str| placeholder(part).and_then(|name| names.get(name).copied()).unwrap_or(part).to_owned();
    pattern.split('.').map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_part_and_is_used_again() {
        let names = captures("Cabin.Door.{row}.{side}.Window.Position", "Cabin.Door.Row1.Left.Window.Position").expect("it fits");
        assert_eq!(filled("Cabin.Door.{row}.{side}.Window.IsOpen", &names), "Cabin.Door.Row1.Left.Window.IsOpen");
        assert!(captures("Cabin.Door.{row}.Window", "Cabin.Door.Row1.Left.Window").is_none());
        assert!(captures("Cabin.Door.{row}", "Cabin.Door").is_none());
    }

    #[test]
    fn a_star_covers_what_lies_below() {
        assert!(covers("Vehicle.Body.Hood.*", "Vehicle.Body.Hood.Switch"));
        assert!(!covers("Vehicle.Body.Hood.*", "Vehicle.Body.Hooded"));
        assert!(covers("Vehicle.Speed", "Vehicle.Speed"));
        assert!(!covers("Vehicle.Speed", "Vehicle.SpeedLimit"));
    }
}
