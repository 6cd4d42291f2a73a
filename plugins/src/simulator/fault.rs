//! Faults that can be put into a simulated signal.

use std::time::{Duration, Instant};

use crate::value::{Value, Values};
use crate::vss::Signal;

/// How long a `slow` signal takes when nothing else was said.
const DEFAULT_DELAY: Duration = Duration::from_millis(500);

/// What is wrong with a signal.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Setting it is refused.
    Refuse {
        /// The reason that the caller hears.
        reason: String,
    },
    /// Setting it is accepted and never happens.
    Ignore,
    /// It changes after a while.
    Slow {
        /// How long it takes.
        delay: Duration,
    },
    /// A number stops short of where it should go.
    Clamp {
        /// It never goes lower.
        min: Option<f64>,
        /// It never goes higher.
        max: Option<f64>,
    },
    /// It cannot be read.
    Absent,
    /// Whoever measures it has fallen silent: it reads as it is, and the car has not confirmed it for a while.
    Stale {
        /// When it was confirmed the last time, `age` before that.
        since: Instant,
        /// How old it was then.
        age: Duration,
    },
}

/// Words on the bus that are not a fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultError {
    /// The kind is not known.
    #[error("'{0}' is not a kind of fault; kinds are none, refuse, ignore, slow, clamp, absent, stale")]
    Kind(String),
    /// An option has the wrong type or is not known.
    #[error("the option '{0}' is not known for this fault or has the wrong type")]
    Option(String),
}

impl Fault {
    /// Reads a kind and its options: `refuse` (`reason` s), `slow` (`delay-ms` number), `clamp` (`min`, `max` numbers; with neither
    /// the signal goes half of the way), `absent`, `stale` (`age-ms` number). `none` is `Ok(None)`.
    ///
    /// # Errors
    /// An unknown kind or option.
    pub fn parse(kind: &str, options: &Values) -> Result<Option<Self>, FaultError> {
        let known: &[&str] = match kind {
            "none" | "ignore" | "absent" => &[],
            "refuse" => &["reason"],
            "slow" => &["delay-ms"],
            "clamp" => &["min", "max"],
            "stale" => &["age-ms"],
            other => return Err(FaultError::Kind(other.to_owned())),
        };
        if let Some(name) = options.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(FaultError::Option(name.clone()));
        }
        let number = |name: &str| match options.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) if number.is_finite() => Ok(Some(*number)),
            Some(_) => Err(FaultError::Option(name.to_owned())),
        };
        Ok(match kind {
            "none" => None,
            "ignore" => Some(Fault::Ignore),
            "absent" => Some(Fault::Absent),
            "stale" => Some(Fault::stale(number("age-ms")?.map_or(Duration::ZERO, milliseconds))),
            "refuse" => Some(Fault::Refuse { reason: reason(options)? }),
            "slow" => Some(Fault::Slow { delay: number("delay-ms")?.map_or(DEFAULT_DELAY, milliseconds) }),
            _ => Some(Fault::Clamp { min: number("min")?, max: number("max")? }),
        })
    }

    /// A value that was confirmed `age` ago, and from now on no more.
    pub fn stale(age: Duration) -> Self {
        Fault::Stale { since: Instant::now(), age }
    }

    /// How long ago the value was confirmed; none: just now.
    pub(crate) fn age(&self) -> Option<Duration> {
        match self {
            Fault::Stale { since, age } => Some(since.elapsed() + *age),
            _ => None,
        }
    }

    /// Where a `Clamp` lets the signal go; other faults and other values change nothing.
    pub(crate) fn clamped(&self, current: Option<&Value>, wanted: &Value, signal: Option<&Signal>) -> Value {
        let Fault::Clamp { min, max } = self else { return wanted.clone() };
        let Value::Number(number) = wanted else { return current.unwrap_or(wanted).clone() };
        let reached = match (min, max) {
            (None, None) => (current.and_then(Value::number).unwrap_or(0.0) + number) / 2.0,
            // Not `clamp`, which panics when somebody gives a minimum above the maximum.
            _ => number.max(min.unwrap_or(f64::MIN)).min(max.unwrap_or(f64::MAX)),
        };
        Value::Number(if signal.is_some_and(Signal::is_whole) { reached.round() } else { reached })
    }
}

fn milliseconds(number: f64) -> Duration {
    Duration::from_secs_f64(number.clamp(0.0, 3_600_000.0) / 1000.0)
}

fn reason(options: &Values) -> Result<String, FaultError> {
    match options.get("reason") {
        None => Ok("the vehicle refuses it".to_owned()),
        Some(Value::Text(reason)) => Ok(reason.clone()),
        Some(_) => Err(FaultError::Option("reason".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_options_are_checked() {
        assert_eq!(Fault::parse("none", &Values::new()), Ok(None));
        let slow = Fault::parse("slow", &Values::from([("delay-ms".into(), Value::Number(20.0))]));
        assert_eq!(slow, Ok(Some(Fault::Slow { delay: Duration::from_millis(20) })));
        let age = |fault: Result<Option<Fault>, FaultError>| fault.ok().flatten().and_then(|fault| fault.age());
        let stale = age(Fault::parse("stale", &Values::from([("age-ms".into(), Value::Number(1900.0))])));
        assert!(stale.is_some_and(|age| age >= Duration::from_millis(1900)));
        assert_eq!(age(Fault::parse("absent", &Values::new())), None);
        assert_eq!(Fault::parse("broken", &Values::new()), Err(FaultError::Kind("broken".into())));
        assert_eq!(Fault::parse("ignore", &Values::from([("min".into(), 1.0.into())])), Err(FaultError::Option("min".into())));
        assert_eq!(Fault::parse("slow", &Values::from([("delay-ms".into(), true.into())])), Err(FaultError::Option("delay-ms".into())));
    }

    #[test]
    fn without_limits_a_clamped_number_goes_half_of_the_way() {
        let fault = Fault::Clamp { min: None, max: None };
        assert_eq!(fault.clamped(Some(&Value::Number(20.0)), &Value::Number(24.0), None), Value::Number(22.0));
        let fault = Fault::Clamp { min: None, max: Some(40.0) };
        assert_eq!(fault.clamped(Some(&Value::Number(20.0)), &Value::Number(100.0), None), Value::Number(40.0));
    }
}
