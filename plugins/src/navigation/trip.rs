//! The present trip: where it goes, how far it still is, when it ends.

use crate::host::said;
use crate::invoke::{Invocation, Outcome};
use crate::navigation::places::Found;
use crate::navigation::route::{self, Point};
use crate::navigation::{Navigation, ROUTES, Stop, clock, decisions, path, signal, tenth};
use crate::value::{Value, Values};

impl Navigation {
    /// Where the route leads, if a destination is set.
    pub(super) async fn destination(&self) -> Result<Option<Found>, Stop> {
        let values = self.read(&[signal::NAME, signal::LATITUDE, signal::LONGITUDE]).await?;
        let name = values.get(&path(signal::NAME)).and_then(Value::text).unwrap_or_default();
        let coordinate = |name: &str| values.get(&path(name)).and_then(Value::number);
        let point = coordinate(signal::LATITUDE).zip(coordinate(signal::LONGITUDE));
        let found = point.map(|(latitude, longitude)| Found { name: name.to_owned(), point: Point { latitude, longitude } });
        Ok(found.filter(|found| !found.name.is_empty()))
    }

    pub(super) async fn destination_or_refuse(&self, wish: &Invocation) -> Result<Found, Stop> {
        self.destination().await?.ok_or_else(|| Stop::Refused(no_destination(&wish.language)))
    }

    /// What makes sense only with a destination.
    pub(super) async fn with_destination(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        self.destination_or_refuse(wish).await?;
        self.declared(wish, Values::new()).await
    }

    pub(super) async fn with_destination_or_say(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        if self.destination().await?.is_none() {
            return Err(Stop::Said(no_destination(&wish.language)));
        }
        self.declared(wish, Values::new()).await
    }

    pub(super) async fn alternative(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        self.destination_or_refuse(wish).await?;
        let next = (self.number(signal::ALTERNATIVE).await? + 1.0) % ROUTES;
        self.declared(wish, decisions([(signal::ALTERNATIVE, next.into())])).await
    }

    /// Time and distance to go: what the car reports, else an estimate over the stopovers.
    pub(super) async fn estimate(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        let guiding = self.read(&[signal::GUIDANCE]).await?.get(&path(signal::GUIDANCE)) == Some(&Value::Bool(true));
        let Some(destination) = self.destination().await?.filter(|_| guiding) else {
            return Err(Stop::Said(said(&wish.language, "There is no route at the moment.", "目前没有导航路线。").to_owned()));
        };
        if self.number(signal::REMAINING).await? > 0.0 {
            return self.declared(wish, Values::new()).await;
        }
        let mut points = vec![self.position(&wish.language).await?];
        points.extend(self.stops().await?.0.iter().map(|spot| spot.found().point));
        points.push(destination.point);
        let trip = route::trip(&points);
        let outcome = Outcome::accepted().with("distance", tenth(trip.distance)).with("minutes", trip.minutes.round());
        Ok(outcome.with("time", clock::time_in(trip.minutes).as_str()))
    }

    pub(super) async fn instruction(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        let instruction = self.text(signal::INSTRUCTION).await?;
        if instruction.chars().any(char::is_alphanumeric) {
            return self.declared(wish, Values::new()).await;
        }
        Err(Stop::Said(said(&wish.language, "There is no instruction at the moment.", "目前没有导航提示。").to_owned()))
    }
}

fn no_destination(language: &str) -> String {
    said(language, "No destination is set.", "还没有设置目的地。").to_owned()
}
