//! Stopovers: the car knows how many there are and the next one's name; this program remembers where they all are.

use crate::host::said;
use crate::invoke::{Invocation, Outcome, OutcomeState};
use crate::navigation::places::Found;
use crate::navigation::remembered::Spot;
use crate::navigation::{Navigation, Stop, decisions, path, signal};
use crate::value::{Value, Values};

/// As many as the signal can count.
const MOST: usize = 10;

impl Navigation {
    pub(super) async fn add_stopover(&self, wish: &Invocation, place: Found) -> Result<Outcome, Stop> {
        let (mut stops, count, next) = self.stops().await?;
        if count >= MOST {
            return Err(Stop::Refused(said(&wish.language, "Ten stopovers are the most.", "最多只能有十个途经点。").to_owned()));
        }
        stops.push((&place).into());
        let name = if count == 0 { place.name.clone() } else { next };
        let mut outcome = self.change_stops(wish, stops, count + 1, name).await?;
        if outcome.state == OutcomeState::Accepted {
            outcome.text = match wish.language.as_str() {
                "zh" => format!("已添加途经点{}。", place.name),
                _ => format!("{} is added as a stopover.", place.name),
            };
        }
        Ok(outcome.with("place", place.name.as_str()))
    }

    /// Removes the next stopover.
    pub(super) async fn remove_stopover(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        let (mut stops, count, _) = self.stops().await?;
        if count == 0 {
            return Err(Stop::Refused(no_stopover(&wish.language)));
        }
        // Stopovers that were entered elsewhere come before those that are remembered here.
        if stops.len() == count {
            stops.remove(0);
        }
        let next = if stops.len() + 1 == count { stops.first().map(|spot| spot.found().name) } else { None };
        self.change_stops(wish, stops, count - 1, next.unwrap_or_default()).await
    }

    pub(super) async fn next_stopover(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        match self.stops().await? {
            (_, 0, _) => Err(Stop::Said(no_stopover(&wish.language))),
            _ => self.declared(wish, Values::new()).await,
        }
    }

    /// The stopovers that are still ahead, how many the car counts, and the next one's name by the car.
    pub(super) async fn stops(&self) -> Result<(Vec<Spot>, usize, String), Stop> {
        let values = self.read(&[signal::STOPOVERS, signal::STOPOVER]).await?;
        let count = values.get(&path(signal::STOPOVERS)).and_then(Value::number).unwrap_or(0.0);
        let count = count.clamp(0.0, MOST as f64) as usize;
        let name = values.get(&path(signal::STOPOVER)).and_then(Value::text).unwrap_or_default().to_owned();
        let mut stops = self.remembered.read().stopovers;
        // What the car no longer counts has been passed, the first first.
        stops.drain(..stops.len().saturating_sub(count));
        Ok((stops, count, name))
    }

    async fn change_stops(&self, wish: &Invocation, stops: Vec<Spot>, count: usize, next: String) -> Result<Outcome, Stop> {
        let decided = decisions([(signal::STOPOVERS, Value::Number(count as f64)), (signal::STOPOVER, Value::Text(next))]);
        let outcome = self.declared(wish, decided).await?;
        if outcome.state == OutcomeState::Accepted {
            self.keep(|memory| memory.stopovers = stops);
        }
        Ok(outcome)
    }
}

fn no_stopover(language: &str) -> String {
    said(language, "There is no stopover.", "没有途经点。").to_owned()
}
