//! Patterns over the paths of signals: `*` stands for one or more parts of a path, `?` for exactly one.

/// One pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PathPattern {
    parts: Vec<String>,
    /// What every path that fits begins with: most do not, and are told apart by this alone.
    beginning: String,
}

impl PathPattern {
    /// From a pattern as written.
    pub(super) fn new(written: &str) -> Self {
        let beginning = written.split(['*', '?']).next().unwrap_or_default().to_owned();
        PathPattern { parts: written.split('.').map(str::to_owned).collect(), beginning }
    }

    /// Whether a path fits.
    pub(super) fn fits(&self, path: &str) -> bool {
        path.starts_with(&self.beginning) && fits(&self.parts, &path.split('.').collect::<Vec<_>>())
    }
}

fn fits(pattern: &[String], path: &[&str]) -> bool {
    let (Some((part, rest)), Some((name, path_rest))) = (pattern.split_first(), path.split_first()) else {
        return pattern.is_empty() && path.is_empty();
    };
    match part.as_str() {
        "*" => fits(rest, path_rest) || fits(pattern, path_rest),
        "?" => fits(rest, path_rest),
        part => part == *name && fits(rest, path_rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_or_more_parts() {
        let fits = |pattern: &str, path: &str| PathPattern::new(pattern).fits(path);
        assert!(fits("Vehicle.Body.Lights.Beam.*.IsOn", "Vehicle.Body.Lights.Beam.Low.IsOn"));
        assert!(fits("Vehicle.Cabin.Door.*.IsOpen", "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen"));
        assert!(!fits("Vehicle.Cabin.Door.*.IsOpen", "Vehicle.Cabin.Door.IsOpen"));
        assert!(!fits("Vehicle.Cabin.Door.*", "Vehicle.Body.Door.Row1"));
        assert!(!fits("Vehicle.Speed", "Vehicle.Speed.Average"));
    }

    #[test]
    fn a_question_mark_is_one_part() {
        let door = PathPattern::new("Vehicle.Cabin.Door.?.?.IsOpen");
        assert!(door.fits("Vehicle.Cabin.Door.Row1.DriverSide.IsOpen"));
        assert!(!door.fits("Vehicle.Cabin.Door.Row1.DriverSide.Window.IsOpen"));
    }
}
