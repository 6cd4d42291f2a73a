//! What must never be set, and what only after a person's yes: written down a second time, as plain code and without a look at
//! `policy.toml`, so that a mistake in the rules or in how they are read shows.

use std::time::Duration;

use plugins::value::Value;

use crate::car::Still;

/// What the oracle sees of a car: nothing that is unknown, older than two seconds, or no number.
pub(crate) struct Seen<'a>(pub(crate) &'a Still);

impl Seen<'_> {
    fn value(&self, path: &str) -> Option<&Value> {
        let path = format!("Vehicle.{path}");
        if self.0.ages.get(&path).is_some_and(|age| *age > Duration::from_secs(2)) {
            return None;
        }
        self.0.values.get(&path)
    }

    fn number(&self, path: &str) -> Option<f64> {
        match self.value(path) {
            Some(Value::Number(number)) if number.is_finite() => Some(*number),
            _ => None,
        }
    }

    fn is(&self, path: &str, wanted: bool) -> bool {
        matches!(self.value(path), Some(Value::Bool(value)) if *value == wanted)
    }

    /// The car moves, or may move.
    pub(crate) fn moves(&self) -> bool {
        self.number("Speed") != Some(0.0)
    }

    fn faster(&self, limit: f64) -> bool {
        self.number("Speed").is_none_or(|speed| speed.abs() > limit)
    }
}

/// A value that is set; what a program decides may be anything.
#[derive(Clone, Copy)]
struct Set<'a>(Option<&'a Value>);

impl Set<'_> {
    fn on(self) -> bool {
        matches!(self.0, None | Some(Value::Bool(true)))
    }

    fn off(self) -> bool {
        matches!(self.0, None | Some(Value::Bool(false)))
    }

    fn above(self, limit: f64) -> bool {
        match self.0 {
            None => true,
            Some(Value::Number(number)) => *number > limit,
            _ => false,
        }
    }

    fn says(self, words: &[&str]) -> bool {
        match self.0 {
            None => true,
            Some(Value::Text(text)) => words.contains(&text.as_str()),
            _ => false,
        }
    }

    fn opens(self) -> bool {
        self.on()
            || self.above(0.0)
            || matches!(self.0, Some(Value::Number(number)) if *number < 0.0)
            || self.says(&["OPEN", "ONE_SHOT_OPEN"])
    }
}

/// Why this must not be set now, whoever says yes.
pub(crate) fn forbidden(path: &str, value: Option<&Value>, car: &Seen<'_>) -> Option<&'static str> {
    let set = Set(value);
    let parts: Vec<&str> = path.split('.').skip(1).collect();
    let is_forbidden = match parts.as_slice() {
        ["Body", rest @ ..] => body(rest, set, car),
        ["Cabin", "Seat", rest @ ..] => seat(rest, set, car),
        ["Cabin", rest @ ..] => cabin(rest, set, car),
        ["Powertrain", rest @ ..] => powertrain(rest, set, car),
        ["Chassis", "SteeringWheel", "Extension" | "Tilt"] => car.moves(),
        ["Chassis", "ParkingBrake", "IsEngaged"] => set.off() || car.moves(),
        ["ADAS", "ABS" | "ESC" | "TCS" | "EBD" | "EBA", "IsEnabled"] => set.off() && car.moves(),
        ["ADAS", "CruiseControl", "SpeedSet"] => set.above(180.0),
        ["MotionManagement", ..] => true,
        _ => false,
    };
    is_forbidden.then_some("it must not be set now")
}

fn body(parts: &[&str], set: Set<'_>, car: &Seen<'_>) -> bool {
    match parts {
        ["Lights", "Beam", "Low", "IsOn"] => set.off() && car.moves(),
        ["Lights", "Beam", "High", "IsOn"] => set.on() && car.moves() && !car.is("Body.Lights.Beam.Low.IsOn", true),
        ["Lights", "LightSwitch"] => !matches!(set.0, Some(Value::Text(text)) if text == "BEAM" || text == "AUTO") && car.moves(),
        ["Lights", "Running" | "Parking" | "LicensePlate", "IsOn"] => set.off() && car.moves(),
        ["Lights", "Brake" | "Backup", _] => true,
        ["Lights", "DirectionIndicator", ..] => car.moves(),
        ["Trunk", _, "IsOpen" | "Position" | "Switch"] | ["Hood", _] => set.opens() && car.moves(),
        ["Trunk", _, "IsLocked"] => set.off() && car.faster(5.0),
        ["Mirrors", _, "IsFolded"] => set.on() && car.moves(),
        ["Windshield", _, "Wiping", "System", "Mode"] => set.says(&["STOP_HOLD", "PLANT_MODE"]) && car.moves(),
        ["Horn", _] => set.on() && car.moves(),
        _ => false,
    }
}

fn seat(parts: &[&str], set: Set<'_>, car: &Seen<'_>) -> bool {
    let is_taken = |row: &str, side: &str| {
        let status = car.value(&format!("Cabin.Seat.{row}.{side}.OccupancyStatus"));
        !matches!(status, Some(Value::Text(status)) if status != "OCCUPIED")
    };
    match parts {
        [_, _, "Backrest", "Recline"] if set.above(45.0) => car.moves(),
        ["Row1", "DriverSide", "Position" | "Height" | "Tilt"]
        | ["Row1", "DriverSide", "Seating", "Length"]
        | ["Row1", "DriverSide", "Memory", "Recalled"]
        | ["Row1", "DriverSide", "Backrest", "Recline"] => car.moves(),
        [row, side @ ("DriverSide" | "PassengerSide"), "IsFolded"] => car.moves() || (*row == "Row2" && set.on() && is_taken(row, side)),
        [_, _, "IsFolded"] => car.moves(),
        _ => false,
    }
}

fn cabin(parts: &[&str], set: Set<'_>, car: &Seen<'_>) -> bool {
    match parts {
        ["Door", _, _, "IsOpen" | "Position" | "Switch"] => set.opens() && car.moves(),
        ["Door", _, _, "IsLocked"] => set.off() && car.faster(5.0),
        ["Infotainment", "HMI", "IsScreenOn"] => {
            set.off() && car.number("Powertrain.Transmission.CurrentGear").is_none_or(|gear| gear < 0.0)
        }
        ["Infotainment", "Media", "Played", "Source"] => set.says(&["TV", "DVD"]) && car.moves(),
        ["Infotainment", "System", "IsFactoryResetRequested"] => car.moves(),
        _ => false,
    }
}

fn powertrain(parts: &[&str], set: Set<'_>, car: &Seen<'_>) -> bool {
    match parts {
        ["Transmission", "SelectedGear" | "ClutchEngagement" | "IsElectricalPowertrainEngaged"] => true,
        ["Transmission", "IsParkLockEngaged"] => set.off() || car.moves(),
        ["Transmission", "IsLowRangeEngaged" | "DiffLockFrontEngagement" | "DiffLockRearEngagement"] => {
            (set.on() || set.above(0.0)) && car.faster(20.0)
        }
        ["TractionBattery", "Charging", "ChargingPort", _, "IsFlapOpen"] | ["FuelSystem", "IsFuelPortFlapOpen"] => set.on() && car.moves(),
        ["TractionBattery", "Charging", "ChargingPort", _, "IsChargingCableLocked"] => set.off() && car.moves(),
        _ => false,
    }
}

/// Why this may be set now only after a person's yes.
pub(crate) fn needs_a_yes(path: &str, value: Option<&Value>, car: &Seen<'_>) -> Option<&'static str> {
    let set = Set(value);
    let parts: Vec<&str> = path.split('.').skip(1).collect();
    let open_wide = set.on() || set.above(50.0) || set.says(&["OPEN", "ONE_SHOT_OPEN"]);
    let needs = match parts.as_slice() {
        ["Body", "Lights", "Hazard", _] => set.off() && car.moves(),
        ["Body", "Lights", "Fog", "Rear", _] => set.on() && car.faster(60.0),
        ["Body", "Mirrors", "DriverSide", "Pan" | "Tilt"] => car.faster(80.0),
        ["Body", "Windshield", "Front", "Wiping", "Mode"] => {
            set.says(&["OFF"]) && car.moves() && car.number("Body.Raindetection.Intensity").is_none_or(|rain| rain > 40.0)
        }
        ["Cabin", "HVAC", "IsFrontDefrosterActive"] => {
            set.off() && car.moves() && car.number("Exterior.AirTemperature").is_none_or(|degrees| degrees < 0.0)
        }
        ["Cabin", "Door", "Row2", _, "IsChildLockActive"] => set.off() && car.moves(),
        ["Cabin", "Door", row, _, "Window", "Position" | "IsOpen" | "Switch"] => {
            (*row == "Row2" && set.opens() && !car.is("Cabin.IsWindowChildLockEngaged", false)) || (open_wide && car.faster(120.0))
        }
        ["Cabin", "Sunroof", "Position" | "Switch"] => open_wide && car.faster(120.0),
        ["Cabin", "Infotainment", "Media", "Volume"] => set.above(90.0) && car.moves(),
        ["Cabin", "Light", "IsDomeOn"] => {
            set.on() && car.faster(80.0) && car.number("Cabin.Light.PerceivedAmbientLight").is_none_or(|light| light < 20.0)
        }
        ["ADAS", "ABS" | "ESC" | "TCS" | "EBD" | "EBA", "IsEnabled"] => set.off(),
        ["ADAS", "LaneDepartureDetection" | "DMS", "IsEnabled"] | ["ADAS", "ObstacleDetection", .., "IsEnabled"] => {
            set.off() && car.moves()
        }
        _ => false,
    };
    needs.then_some("only after a yes")
}
