//! Finding places of a kind: here, along the route, near the destination.

use crate::host::said;
use crate::invoke::{Invocation, Outcome, OutcomeState};
use crate::navigation::places::Found;
use crate::navigation::{Navigation, Stop, signal, tenth};
use crate::value::{Value, Values};

use super::path;

impl Navigation {
    /// The nearest place of the category in the wish.
    pub(super) async fn nearest(&self, wish: &Invocation) -> Result<Found, Stop> {
        let category = wish.arguments.get("category").and_then(Value::text).unwrap_or_default();
        let from = self.position(&wish.language).await?;
        self.places.best(category, &wish.language, |point| from.distance(point)).ok_or_else(|| none(&wish.language))
    }

    /// Shows one place on the map.
    pub(super) async fn find_place(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        let place = self.wanted(wish).await?;
        Ok(self.declared(wish, Values::new()).await?.with("place", place.name.as_str()))
    }

    /// Shows places of a kind, and says the best one. Kind and area are what the manifest writes for the action.
    pub(super) async fn find(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        if wish.action == "find-along-route" || wish.action == "find-at-destination" {
            self.destination_or_refuse(wish).await?;
        }
        let mut outcome = self.declared(wish, Values::new()).await?;
        if outcome.state != OutcomeState::Accepted {
            return Ok(outcome);
        }
        let written = |name: &str| outcome.writes.get(&path(name)).and_then(Value::text).unwrap_or_default().to_owned();
        let (category, area) = (written(signal::CATEGORY).to_lowercase().replace('_', "-"), written(signal::AREA));
        let best = self.best_in(&category, &area, wish).await?;
        let distance = Value::Number(tenth(best.1));
        outcome.text = match (wish.language.as_str(), area.as_str()) {
            ("zh", "ROUTE") => format!("沿途最合适的是{}，绕行约{distance}公里。", best.0.name),
            ("zh", "DESTINATION") => format!("离目的地最近的是{}，约{distance}公里。", best.0.name),
            ("zh", _) => format!("最近的是{}，约{distance}公里。", best.0.name),
            (_, "ROUTE") => format!("The best on the way is {}, about {distance} kilometers of detour.", best.0.name),
            (_, "DESTINATION") => format!("The nearest to the destination is {}, about {distance} kilometers from it.", best.0.name),
            _ => format!("The nearest is {}, about {distance} kilometers away.", best.0.name),
        };
        Ok(outcome.with("place", best.0.name.as_str()).with("distance", distance))
    }

    /// The place with the least way, and that way in km.
    async fn best_in(&self, category: &str, area: &str, wish: &Invocation) -> Result<(Found, f64), Stop> {
        let language = wish.language.as_str();
        let here = self.position(language).await?;
        let target = if area == "HERE" { None } else { self.destination().await? };
        let cost = |point| match (&target, area) {
            (Some(target), "ROUTE") => here.distance(point) + point.distance(target.point) - here.distance(target.point),
            (Some(target), _) => target.point.distance(point),
            (None, _) => here.distance(point),
        };
        let best = self.places.best(category, language, cost).ok_or_else(|| none(language))?;
        let way = cost(best.point);
        Ok((best, way))
    }
}

fn none(language: &str) -> Stop {
    Stop::Refused(said(language, "I know no such place.", "没有找到这样的地方。").to_owned())
}
