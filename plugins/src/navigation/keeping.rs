//! Home, work and saved places: told once, kept for good.

use crate::host::said;
use crate::invoke::{Invocation, Outcome, OutcomeState};
use crate::navigation::places::Found;
use crate::navigation::remembered::Memory;
use crate::navigation::{HERE, Navigation, Stop, decisions, signal};
use crate::value::Values;

impl Navigation {
    pub(super) async fn home(&self, wish: &Invocation) -> Result<Found, Stop> {
        let kept = self.remembered.read().home.map(|spot| spot.found());
        let missing = said(
            &wish.language,
            "I do not know your home address yet. Say: my home is, and the address.",
            "还没有设置家的地址。您可以说：把家设为，再说地址。",
        );
        self.settled(kept, signal::HOME, missing, &wish.language).await
    }

    pub(super) async fn work(&self, wish: &Invocation) -> Result<Found, Stop> {
        let kept = self.remembered.read().work.map(|spot| spot.found());
        let missing = said(
            &wish.language,
            "I do not know where you work yet. Say: my work address is, and the address.",
            "还没有设置公司的地址。您可以说：把公司设为，再说地址。",
        );
        self.settled(kept, signal::WORK, missing, &wish.language).await
    }

    /// What was kept; else what the car itself has as its name, if it can be found.
    async fn settled(&self, kept: Option<Found>, name: &str, missing: &str, language: &str) -> Result<Found, Stop> {
        if let Some(place) = kept {
            return Ok(place);
        }
        let from = self.position(language).await?;
        let name = self.text(name).await?;
        let found = (!name.is_empty()).then(|| self.places.named(&name, from, language)).flatten();
        found.ok_or_else(|| Stop::Refused(missing.to_owned()))
    }

    pub(super) async fn settle(&self, wish: &Invocation, name: &str, keep: impl FnOnce(&mut Memory, &Found)) -> Result<Outcome, Stop> {
        let place = self.wanted(wish).await?;
        let outcome = self.declared(wish, decisions([(name, place.name.as_str().into())])).await?;
        if outcome.state == OutcomeState::Accepted {
            self.keep(|memory| keep(memory, &place));
        }
        Ok(outcome.with("place", place.name.as_str()))
    }

    pub(super) async fn address(&self, wish: &Invocation, what: &str) -> Result<Outcome, Stop> {
        let place = if what == "home" { self.home(wish).await } else { self.work(wish).await };
        match place {
            Ok(place) => Ok(Outcome::accepted().with("address", place.name.as_str())),
            Err(Stop::Refused(missing)) => Err(Stop::Said(missing)),
            Err(other) => Err(other),
        }
    }

    pub(super) async fn save_here(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        let point = self.position(&wish.language).await?;
        let name = match self.places.at(point, HERE, &wish.language) {
            Some(place) => place.name,
            None => self.text(signal::ROAD).await?,
        };
        let place = Found { name: if name.is_empty() { format!("{:.5}, {:.5}", point.latitude, point.longitude) } else { name }, point };
        let mut outcome = self.declared(wish, decisions([(signal::FAVORITE, place.name.as_str().into())])).await?;
        if outcome.state == OutcomeState::Accepted {
            self.keep(|memory| memory.save(&place));
            outcome.text = match wish.language.as_str() {
                "zh" => format!("已收藏{}。", place.name),
                _ => format!("{} is saved.", place.name),
            };
        }
        Ok(outcome)
    }

    pub(super) async fn forget(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        let outcome = self.declared(wish, Values::new()).await?;
        if outcome.state == OutcomeState::Accepted {
            self.keep(|memory| memory.recent.clear());
        }
        Ok(outcome)
    }

    /// Keeps a change. That it could not be written is for the log: what was asked for has been done.
    pub(super) fn keep(&self, change: impl FnOnce(&mut Memory)) {
        if let Err(error) = self.remembered.change(change) {
            tracing::error!(%error, "the navigation's memory cannot be written");
        }
    }
}
