//! The catalogue of vehicle signals: COVESA VSS 6.0 as data, and overlays in VSS's own notation for what it lacks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::value::Value;
use crate::zone::{Steering, Zone};

/// One signal of the catalogue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Signal {
    /// `actuator`, `sensor` or `attribute`.
    #[serde(rename = "type")]
    pub kind: SignalKind,
    /// VSS data type: `boolean`, `uint8`, `float`, `string`, `string[]`...
    pub datatype: String,
    /// VSS unit, empty where it has none.
    #[serde(default)]
    pub unit: String,
    /// Smallest value, included.
    pub min: Option<f64>,
    /// Largest value, included.
    pub max: Option<f64>,
    /// Allowed values; empty: any.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// What it means, in VSS's words.
    #[serde(default)]
    pub description: String,
}

/// Who may set a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalKind {
    /// Can be set.
    Actuator,
    /// Read only, changes.
    Sensor,
    /// Read only, fixed.
    Attribute,
}

/// The catalogue could not be read.
#[derive(Debug, thiserror::Error)]
pub enum VssError {
    /// A file or folder cannot be read.
    #[error("the signal catalogue {0} cannot be read: {1}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// A line or entry is not a signal.
    #[error("{file}, {place}: {problem}")]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Line or path.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// All signals of the car by path.
#[derive(Debug, Clone, Default)]
pub struct Vss {
    signals: BTreeMap<String, Signal>,
}

#[derive(Deserialize)]
struct Row {
    path: String,
    #[serde(flatten)]
    signal: Signal,
}

impl Vss {
    /// Reads `vss-6.0.jsonl` and every `overlay/*.vspec` of a folder; an overlay replaces or adds whole signals.
    ///
    /// # Errors
    /// A missing file, a line that is not a signal (with file and line).
    pub fn load(folder: &Path) -> Result<Self, VssError> {
        let file = folder.join("vss-6.0.jsonl");
        let text = std::fs::read_to_string(&file).map_err(|error| VssError::Unreadable(file.clone(), error))?;
        let mut signals = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let row: Row = serde_json::from_str(line).map_err(|error| VssError::Invalid {
                file: file.clone(),
                place: format!("line {}", number + 1),
                problem: error.to_string(),
            })?;
            signals.insert(row.path, row.signal);
        }
        let mut vss = Vss { signals };
        vss.overlay(&folder.join("overlay"))?;
        Ok(vss)
    }

    fn overlay(&mut self, folder: &Path) -> Result<(), VssError> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "vspec")).collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(|error| VssError::Unreadable(file.clone(), error))?;
            let added: BTreeMap<String, Signal> = serde_saphyr::from_str(&text).map_err(|error| VssError::Invalid {
                file: file.clone(),
                place: "overlay".to_owned(),
                problem: error.to_string(),
            })?;
            self.signals.extend(added);
        }
        Ok(())
    }

    /// The signal at a path.
    pub fn signal(&self, path: &str) -> Option<&Signal> {
        self.signals.get(path)
    }

    /// Every path with its signal, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Signal)> {
        self.signals.iter().map(|(path, signal)| (path.as_str(), signal))
    }

    /// Leaves out every signal whose path `keep` does not want.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.signals.retain(|path, _| keep(path));
    }

    /// Puts a zone into a path: the first name for the zone that the catalogue has. `None`: this branch has no such seat.
    pub fn resolve(&self, path: &str, zone: Zone, steering: Steering) -> Option<String> {
        if !path.contains("{zone}") {
            return self.signals.contains_key(path).then(|| path.to_owned());
        }
        zone.instances(steering).iter().map(|instance| path.replace("{zone}", instance)).find(|path| self.signals.contains_key(path))
    }
}

impl Signal {
    /// Whether the signal may take this value; the reason if not.
    ///
    /// # Errors
    /// A wrong type, a number outside the limits, a text that is not allowed.
    pub fn accepts(&self, value: &Value) -> Result<(), String> {
        self.has_type(value)?;
        match value {
            Value::Text(text) => self.accepts_text(text),
            Value::List(list) => list.iter().try_for_each(|text| self.accepts_text(text)),
            Value::Number(number) => self.accepts_number(*number),
            Value::Bool(_) => Ok(()),
        }
    }

    /// Whether the value is of the signal's data type, whatever its limits; the reason if not.
    ///
    /// # Errors
    /// A wrong type, a number that is not finite or not whole where it must be.
    pub fn has_type(&self, value: &Value) -> Result<(), String> {
        match (value, self.datatype.as_str()) {
            (Value::Bool(_), "boolean") | (Value::Text(_), "string") => Ok(()),
            (Value::List(_), datatype) if datatype.ends_with("[]") => Ok(()),
            (Value::Number(number), datatype) if is_numeric(datatype) => {
                if !number.is_finite() {
                    Err("the value is not a finite number".to_owned())
                } else if self.is_whole() && number.fract() != 0.0 {
                    Err(format!("{number} is not a whole number"))
                } else {
                    Ok(())
                }
            }
            _ => Err(format!("the value {value} is not of type {}", self.datatype)),
        }
    }

    fn accepts_text(&self, text: &str) -> Result<(), String> {
        if self.allowed.is_empty() || self.allowed.iter().any(|allowed| allowed == text) {
            return Ok(());
        }
        Err(format!("'{text}' is not one of {}", self.allowed.join(", ")))
    }

    fn accepts_number(&self, number: f64) -> Result<(), String> {
        let (low, high) = self.limits();
        if number < low || number > high {
            return Err(format!("{number} is outside {low} to {high}"));
        }
        Ok(())
    }

    /// Smallest and largest value: the declared limits, else those of the data type.
    pub fn limits(&self) -> (f64, f64) {
        let (low, high) = match self.datatype.as_str() {
            "uint8" => (0.0, 255.0),
            "int8" => (-128.0, 127.0),
            "uint16" => (0.0, 65_535.0),
            "int16" => (-32_768.0, 32_767.0),
            "uint32" => (0.0, f64::from(u32::MAX)),
            "int32" => (f64::from(i32::MIN), f64::from(i32::MAX)),
            "uint64" => (0.0, f64::MAX),
            _ => (f64::MIN, f64::MAX),
        };
        (self.min.unwrap_or(low), self.max.unwrap_or(high))
    }

    /// Whether values are whole numbers.
    pub fn is_whole(&self) -> bool {
        self.datatype.starts_with("uint") || self.datatype.starts_with("int")
    }

    /// What the signal reads before anything was set: off, the smallest magnitude, the first allowed text.
    pub fn neutral(&self) -> Value {
        match self.datatype.as_str() {
            "boolean" => Value::Bool(false),
            "string" => Value::Text(self.allowed.first().cloned().unwrap_or_default()),
            datatype if datatype.ends_with("[]") => Value::List(Vec::new()),
            _ => {
                let (low, high) = self.limits();
                Value::Number(0.0_f64.clamp(low, high))
            }
        }
    }
}

fn is_numeric(datatype: &str) -> bool {
    datatype.starts_with("uint") || datatype.starts_with("int") || datatype == "float" || datatype == "double"
}
