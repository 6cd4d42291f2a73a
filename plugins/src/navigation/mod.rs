//! The navigation plugin's program: finds places, remembers home and work, decides the destination's coordinates, and estimates the
//! trip where the car does not report it. Everything else about it is in its manifest and goes the declarative way.

mod clock;
mod keeping;
mod names;
mod places;
mod remembered;
mod route;
mod search;
mod stopovers;
mod trip;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::catalogue::{Plugin, PluginFolderError};
use crate::host::{Declarative, not_reached, said};
use crate::invoke::{Invocation, Invoke, Outcome, OutcomeState, PluginError};
use crate::value::{Value, Values};
use crate::vehicle::{Vehicle, VehicleError};

use places::{Found, Places};
use remembered::Remembered;
use route::Point;

/// Places of the car that the program works with, below `Vehicle.Cabin.Infotainment.Navigation.`
mod signal {
    pub(super) const LATITUDE: &str = "DestinationSet.Latitude";
    pub(super) const LONGITUDE: &str = "DestinationSet.Longitude";
    pub(super) const NAME: &str = "DestinationSet.Name";
    pub(super) const GUIDANCE: &str = "IsGuidanceActive";
    pub(super) const HOME: &str = "Home.Name";
    pub(super) const WORK: &str = "Work.Name";
    pub(super) const FAVORITE: &str = "Favorites.Latest";
    pub(super) const ALTERNATIVE: &str = "Route.Alternative";
    pub(super) const REMAINING: &str = "Route.RemainingDistance";
    pub(super) const STOPOVER: &str = "Stopover.Name";
    pub(super) const STOPOVERS: &str = "Stopover.Count";
    pub(super) const CATEGORY: &str = "Search.Category";
    pub(super) const AREA: &str = "Search.Area";
    pub(super) const ROAD: &str = "CurrentRoad";
    pub(super) const INSTRUCTION: &str = "Guidance.NextInstruction";
}

/// How many routes a car offers to choose from.
const ROUTES: f64 = 3.0;

/// A place within this many km of the car is where the car is.
const HERE: f64 = 0.15;

/// The navigation plugin.
pub struct Navigation {
    places: Places,
    remembered: Remembered,
    declarative: Arc<Declarative>,
    vehicle: Arc<dyn Vehicle>,
}

/// Why a wish ends early.
enum Stop {
    /// For a reason that the person hears.
    Refused(String),
    /// An answer that is a whole sentence.
    Said(String),
    Vehicle(VehicleError),
    Plugin(PluginError),
}

impl From<VehicleError> for Stop {
    fn from(error: VehicleError) -> Self {
        Stop::Vehicle(error)
    }
}

impl From<PluginError> for Stop {
    fn from(error: PluginError) -> Self {
        Stop::Plugin(error)
    }
}

impl Navigation {
    /// What `program` is in the manifest of a plugin that this serves.
    pub const PROGRAM: &'static str = "steward-navigation";

    /// Reads the places of a plugin's folder. `state`: the folder where home and work are kept; without one they are forgotten.
    ///
    /// # Errors
    /// `places.toml` is missing or wrong.
    pub fn load(
        plugin: &Plugin,
        declarative: Arc<Declarative>,
        vehicle: Arc<dyn Vehicle>,
        state: Option<&Path>,
    ) -> Result<Self, PluginFolderError> {
        let places = Places::load(&plugin.folder.join("places.toml"))?;
        Ok(Navigation { places, remembered: Remembered::open(state), declarative, vehicle })
    }

    async fn serve(&self, wish: &Invocation) -> Result<Outcome, Stop> {
        match wish.action.as_str() {
            "go-to" => self.go(wish, self.wanted(wish).await?).await,
            "go-home" => self.go(wish, self.home(wish).await?).await,
            "go-to-work" => self.go(wish, self.work(wish).await?).await,
            "go-to-nearest" => self.go(wish, self.nearest(wish).await?).await,
            "set-home" => self.settle(wish, signal::HOME, |memory, place| memory.home = Some(place.into())).await,
            "set-work" => self.settle(wish, signal::WORK, |memory, place| memory.work = Some(place.into())).await,
            "save-place" => self.save_here(wish).await,
            "find-place" => self.find_place(wish).await,
            action if action == "find" || action.starts_with("find-") => self.find(wish).await,
            "add-stopover" => self.add_stopover(wish, self.wanted(wish).await?).await,
            "add-stopover-nearest" => self.add_stopover(wish, self.nearest(wish).await?).await,
            "remove-stopover" => self.remove_stopover(wish).await,
            "get-stopover" => self.next_stopover(wish).await,
            "start-guidance" => self.with_destination(wish).await,
            "alternative-route" => self.alternative(wish).await,
            "get-destination" => self.with_destination_or_say(wish).await,
            "get-arrival" | "get-remaining-time" | "get-remaining-distance" => self.estimate(wish).await,
            "get-instruction" => self.instruction(wish).await,
            "get-home" => self.address(wish, "home").await,
            "get-work" => self.address(wish, "work").await,
            "clear-history" => self.forget(wish).await,
            _ => self.declared(wish, Values::new()).await,
        }
    }

    /// The way of the manifest, with the values that it leaves to this program.
    async fn declared(&self, wish: &Invocation, decided: Values) -> Result<Outcome, Stop> {
        Ok(self.declarative.carry_out(wish, &decided).await?)
    }

    async fn go(&self, wish: &Invocation, place: Found) -> Result<Outcome, Stop> {
        let decided = [
            (signal::LATITUDE, place.point.latitude.into()),
            (signal::LONGITUDE, place.point.longitude.into()),
            (signal::NAME, place.name.as_str().into()),
        ];
        let trip = route::trip(&[self.position(&wish.language).await?, place.point]);
        let mut outcome = self.declared(wish, decisions(decided)).await?;
        if outcome.state == OutcomeState::Accepted {
            self.keep(|memory| memory.visit(&place));
            let (distance, minutes) = (Value::Number(tenth(trip.distance)), Value::Number(trip.minutes.round()));
            outcome.text = match wish.language.as_str() {
                "zh" => format!("开始导航到{}，约{distance}公里，大约{minutes}分钟。", place.name),
                _ => format!("Guiding you to {}: about {distance} kilometers, {minutes} minutes.", place.name),
            };
            outcome = outcome.with("place", place.name.as_str()).with("distance", distance).with("minutes", minutes);
        }
        Ok(outcome)
    }

    /// The place that the wish's argument names.
    async fn wanted(&self, wish: &Invocation) -> Result<Found, Stop> {
        let Some(Value::Text(said)) = wish.arguments.get("place") else {
            return Err(Stop::Refused(crate::host::said(&wish.language, "Which place?", "哪个地方？").to_owned()));
        };
        match names::normal(said).as_str() {
            "home" | "my home" | "my house" | "my place" | "家" | "我家" => return self.home(wish).await,
            "work" | "office" | "my office" | "my work" | "公司" | "单位" | "我公司" | "我单位" => return self.work(wish).await,
            _ => {}
        }
        let from = self.position(&wish.language).await?;
        let favorite = self
            .remembered
            .read()
            .favorites
            .iter()
            .map(remembered::Spot::found)
            .find(|spot| names::normal(&spot.name) == names::normal(said));
        favorite.or_else(|| self.places.named(said, from, &wish.language)).ok_or_else(|| {
            Stop::Refused(match wish.language.as_str() {
                "zh" => format!("我找不到“{said}”。"),
                _ => format!("I cannot find a place called {said}."),
            })
        })
    }

    async fn position(&self, language: &str) -> Result<Point, Stop> {
        let paths = ["Vehicle.CurrentLocation.Latitude", "Vehicle.CurrentLocation.Longitude"].map(str::to_owned);
        let values = self.vehicle.get(&paths).await?.values;
        let coordinate = |path: &String| values.get(path).and_then(Value::number);
        match (coordinate(&paths[0]), coordinate(&paths[1])) {
            (Some(latitude), Some(longitude)) => Ok(Point { latitude, longitude }),
            _ => Err(Stop::Refused(said(language, "I do not know where the car is.", "无法确定车辆的位置。").to_owned())),
        }
    }

    async fn read(&self, names: &[&str]) -> Result<Values, Stop> {
        let paths: Vec<String> = names.iter().map(|name| path(name)).collect();
        Ok(self.vehicle.get(&paths).await?.values)
    }

    async fn text(&self, name: &str) -> Result<String, Stop> {
        Ok(self.read(&[name]).await?.get(&path(name)).and_then(Value::text).unwrap_or_default().to_owned())
    }

    async fn number(&self, name: &str) -> Result<f64, Stop> {
        Ok(self.read(&[name]).await?.get(&path(name)).and_then(Value::number).unwrap_or(0.0))
    }
}

#[async_trait]
impl Invoke for Navigation {
    async fn invoke(&self, invocation: &Invocation) -> Result<Outcome, PluginError> {
        // The manifest's checks come first, whatever this program does with the wish.
        if let Some(action) = self.declarative.action(&invocation.plugin, &invocation.action)
            && let Err(error) = crate::arguments::checked(action, &invocation.arguments, &invocation.zone)
        {
            return Ok(Outcome::not(OutcomeState::Refused, error.sentence(&invocation.language)));
        }
        match self.serve(invocation).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Refused(reason)) => Ok(Outcome::not(OutcomeState::Refused, reason)),
            Err(Stop::Said(text)) => Ok(Outcome { text, ..Outcome::accepted() }),
            Err(Stop::Vehicle(error)) => Ok(not_reached(&error, &invocation.language)),
            Err(Stop::Plugin(error)) => Err(error),
        }
    }

    /// Everything here is over in milliseconds; the service that runs it ends what is not.
    async fn cancel(&self, _plugin: &str, _turn: u64) {}
}

fn path(name: &str) -> String {
    format!("Vehicle.Cabin.Infotainment.Navigation.{name}")
}

fn decisions<const N: usize>(decided: [(&str, Value); N]) -> Values {
    decided.into_iter().map(|(name, value)| (path(name), value)).collect()
}

fn tenth(number: f64) -> f64 {
    if number < 100.0 { (number * 10.0).round() / 10.0 } else { number.round() }
}
