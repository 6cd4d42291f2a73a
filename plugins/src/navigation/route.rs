//! How far and how long, without a road map: great circles and usual speeds. Good enough to compare places and to give an idea of the
//! arrival; a car whose navigation knows the road reports its own figures, which go first.

use serde::{Deserialize, Serialize};

/// A point on the earth, WGS 84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// North is positive.
    pub(crate) latitude: f64,
    /// East is positive.
    pub(crate) longitude: f64,
}

/// Mean radius of the earth in km (IUGG).
const EARTH: f64 = 6371.0088;

/// Roads are longer than the straight line; about 1.3 times in towns and between them.
const DETOUR: f64 = 1.3;

/// Usual speeds in km/h: the first 5 km in town, the next 25 km out of it, the rest on a highway.
const SPEEDS: [(f64, f64); 3] = [(5.0, 30.0), (25.0, 55.0), (f64::INFINITY, 95.0)];

impl Point {
    /// The straight distance over the earth's surface in km (haversine formula).
    pub(crate) fn distance(self, other: Point) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (across, along) = (to - from, (other.longitude - self.longitude).to_radians());
        let half = (across / 2.0).sin().powi(2) + from.cos() * to.cos() * (along / 2.0).sin().powi(2);
        2.0 * EARTH * half.sqrt().min(1.0).asin()
    }

    /// The point `meters` away toward `heading`, in degrees from north. For house numbers: a few hundred meters.
    pub(crate) fn toward(self, heading: f64, meters: f64) -> Point {
        let angle = (meters / 1000.0 / EARTH).to_degrees();
        let (east, north) = heading.to_radians().sin_cos();
        Point { latitude: self.latitude + angle * north, longitude: self.longitude + angle * east / self.latitude.to_radians().cos() }
    }
}

/// What lies ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trip {
    /// Length on the road in km.
    pub(crate) distance: f64,
    /// Driving time in minutes.
    pub(crate) minutes: f64,
}

/// The estimate for a trip through all these points.
pub(crate) fn trip(points: &[Point]) -> Trip {
    let distance = DETOUR * points.windows(2).map(|pair| pair[0].distance(pair[1])).sum::<f64>();
    let (mut left, mut hours) = (distance, 0.0);
    for (length, speed) in SPEEDS {
        let part = left.min(length);
        hours += part / speed;
        left -= part;
    }
    Trip { distance, minutes: (hours * 60.0).max(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Point = Point { latitude: 52.52, longitude: 13.405 };
    const PARIS: Point = Point { latitude: 48.8566, longitude: 2.3522 };

    #[test]
    fn a_known_distance_is_right() {
        assert!((BERLIN.distance(PARIS) - 877.5).abs() < 2.0, "{}", BERLIN.distance(PARIS));
        assert!(BERLIN.distance(BERLIN) < 1e-9);
    }

    #[test]
    fn a_step_toward_a_heading_has_its_length() {
        for heading in [0.0, 90.0, 200.0] {
            let there = PARIS.toward(heading, 500.0);
            assert!((PARIS.distance(there) - 0.5).abs() < 0.001, "{heading}");
        }
        assert!(PARIS.toward(90.0, 500.0).longitude > PARIS.longitude);
    }

    #[test]
    fn longer_trips_are_faster_and_take_longer() {
        let near = trip(&[BERLIN, BERLIN.toward(0.0, 3000.0)]);
        let far = trip(&[BERLIN, PARIS]);
        assert!((near.distance - 3.9).abs() < 0.01 && (near.minutes - 7.8).abs() < 0.1, "{near:?}");
        assert!(far.distance / far.minutes > near.distance / near.minutes);
        assert!((trip(&[BERLIN, PARIS, BERLIN]).distance - 2.0 * far.distance).abs() < 0.1);
    }
}
