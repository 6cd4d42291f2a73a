//! Logical seats, and where the vehicle signal specification keeps each of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A seat as people name it. What it is called in VSS depends on the branch and on the steering side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// The driver's seat.
    Driver,
    /// The front passenger's seat.
    Passenger,
    /// The rear seat on the left of the car.
    RearLeft,
    /// The rear seat in the middle.
    RearMiddle,
    /// The rear seat on the right of the car.
    RearRight,
}

/// Which side the driver sits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Steering {
    /// Left-hand drive.
    #[default]
    Left,
    /// Right-hand drive.
    Right,
}

impl Zone {
    /// Every zone, front to back, driver first.
    pub const ALL: [Zone; 5] = [Zone::Driver, Zone::Passenger, Zone::RearLeft, Zone::RearMiddle, Zone::RearRight];

    /// The name used in manifests and on D-Bus.
    pub fn name(self) -> &'static str {
        match self {
            Zone::Driver => "driver",
            Zone::Passenger => "passenger",
            Zone::RearLeft => "rear-left",
            Zone::RearMiddle => "rear-middle",
            Zone::RearRight => "rear-right",
        }
    }

    /// What may stand for `{zone}` in a signal's path, most specific first; the catalogue decides which of them exists.
    pub fn instances(self, steering: Steering) -> &'static [&'static str] {
        use Steering::{Left, Right};
        match (self, steering) {
            (Zone::Driver, Left) => &["Row1.DriverSide", "Row1.Driver", "Row1.Left", "DriverSide", "Left"],
            (Zone::Driver, Right) => &["Row1.DriverSide", "Row1.Driver", "Row1.Right", "DriverSide", "Right"],
            (Zone::Passenger, Left) => &["Row1.PassengerSide", "Row1.Passenger", "Row1.Right", "PassengerSide", "Right"],
            (Zone::Passenger, Right) => &["Row1.PassengerSide", "Row1.Passenger", "Row1.Left", "PassengerSide", "Left"],
            (Zone::RearLeft, Left) | (Zone::RearRight, Right) => {
                if steering == Left {
                    &["Row2.DriverSide", "Row2.Driver", "Row2.Left"]
                } else {
                    &["Row2.DriverSide", "Row2.Driver", "Row2.Right"]
                }
            }
            (Zone::RearRight, Left) => &["Row2.PassengerSide", "Row2.Passenger", "Row2.Right"],
            (Zone::RearLeft, Right) => &["Row2.PassengerSide", "Row2.Passenger", "Row2.Left"],
            (Zone::RearMiddle, _) => &["Row2.Middle"],
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word is not one of the five zones.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a zone; zones are driver, passenger, rear-left, rear-middle, rear-right")]
pub struct UnknownZone(String);

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        Zone::ALL.into_iter().find(|zone| zone.name() == text).ok_or_else(|| UnknownZone(text.to_owned()))
    }
}
