//! The places that can be found, from `places.toml` in the plugin's folder.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::catalogue::{PluginFolderError, read_toml};
use crate::navigation::names::{self, Fit};
use crate::navigation::route::Point;

/// Meters from one house number to the next.
const HOUSE: f64 = 10.0;

/// `places.toml` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Places {
    place: Vec<Place>,
    #[serde(default)]
    street: Vec<Street>,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// By language.
    name: BTreeMap<String, String>,
    /// As in `plugin.toml`.
    category: String,
    latitude: f64,
    longitude: f64,
    /// Other names.
    #[serde(default)]
    also: Vec<String>,
}

/// A street with house numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Street {
    name: BTreeMap<String, String>,
    latitude: f64,
    longitude: f64,
    /// Toward which house numbers grow, in degrees from north.
    heading: f64,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// In the language that was asked for.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) point: Point,
}

impl Places {
    /// Reads the file.
    pub(crate) fn load(file: &Path) -> Result<Self, PluginFolderError> {
        read_toml(file)
    }

    /// The place or address that `said` names: the same name before a part of it before nearly the same; the nearest of equals.
    pub(crate) fn named(&self, said: &str, from: Point, language: &str) -> Option<Found> {
        let said = names::normal(said);
        let places = self.place.iter().filter_map(|place| {
            let all = place.name.values().chain(&place.also);
            let fit = all.filter_map(|name| names::fit(&said, &names::normal(name))).min()?;
            Some((fit, place.found(language)))
        });
        let closer =
            |a: &(Fit, Found), b: &(Fit, Found)| a.0.cmp(&b.0).then_with(|| from.distance(a.1.point).total_cmp(&from.distance(b.1.point)));
        places.chain(self.address(&said, language)).min_by(closer).map(|(_, found)| found)
    }

    fn address(&self, said: &str, language: &str) -> Option<(Fit, Found)> {
        let (wanted, number) = names::address(said).map_or((said.to_owned(), None), |(street, number)| (street, Some(number)));
        let fit = |street: &Street| street.name.values().filter_map(|name| names::fit(&wanted, &names::normal(name))).min();
        let (fit, street) = self.street.iter().filter_map(|street| Some((fit(street)?, street))).min_by_key(|(fit, _)| *fit)?;
        let name = in_language(&street.name, language);
        let name = match (number, language) {
            (None, _) => name.to_owned(),
            (Some(number), "zh") => format!("{name}{number}号"),
            (Some(number), _) => format!("{number} {name}"),
        };
        let beginning = Point { latitude: street.latitude, longitude: street.longitude };
        let point = beginning.toward(street.heading, HOUSE * f64::from(number.unwrap_or(0)));
        Some((fit, Found { name, point }))
    }

    /// The place of this category with the least cost, such as its distance.
    pub(crate) fn best(&self, category: &str, language: &str, cost: impl Fn(Point) -> f64) -> Option<Found> {
        let places = self.place.iter().filter(|place| place.category == category).map(|place| place.found(language));
        places.min_by(|a, b| cost(a.point).total_cmp(&cost(b.point)))
    }

    /// What is within `km` of a point, the nearest of it.
    pub(crate) fn at(&self, point: Point, km: f64, language: &str) -> Option<Found> {
        let near = self.place.iter().map(|place| place.found(language)).filter(|found| found.point.distance(point) <= km);
        near.min_by(|a, b| a.point.distance(point).total_cmp(&b.point.distance(point)))
    }
}

impl Place {
    fn found(&self, language: &str) -> Found {
        let point = Point { latitude: self.latitude, longitude: self.longitude };
        Found { name: in_language(&self.name, language).to_owned(), point }
    }
}

fn in_language<'a>(name: &'a BTreeMap<String, String>, language: &str) -> &'a str {
    name.get(language).or_else(|| name.values().next()).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Point = Point { latitude: 45.0, longitude: 10.0 };

    fn places() -> Places {
        Places::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/navigation/places.toml"))).expect("the shipped places")
    }

    fn name(said: &str, language: &str) -> Option<String> {
        places().named(said, HERE, language).map(|found| found.name)
    }

    #[test]
    fn there_are_places_of_every_category_with_names_in_both_languages() {
        let places = places();
        assert!(places.place.len() >= 80);
        for place in &places.place {
            assert!(place.name.contains_key("en") && place.name.contains_key("zh"), "{place:?}");
        }
        let manifest: crate::manifest::Manifest =
            toml::from_str(include_str!("../../navigation/plugin.toml")).expect("the navigation's manifest");
        let nearest = manifest.actions.iter().find(|action| action.id == "go-to-nearest").expect("its action");
        for category in &nearest.arguments["category"].values {
            assert!(places.best(category, "en", |point| point.distance(HERE)).is_some(), "{category}");
        }
    }

    #[test]
    fn places_are_found_in_both_languages() {
        assert_eq!(name("opera house", "en").as_deref(), Some("Opera House"));
        assert_eq!(name("opera house", "zh").as_deref(), Some("歌剧院"));
        assert_eq!(name("人民广场", "zh").as_deref(), Some("人民广场"));
        assert_eq!(name("silver birch", "en").as_deref(), Some("Hotel Silver Birch"));
        assert_eq!(name("centrel station", "en").as_deref(), Some("Central Station"));
        assert_eq!(name("munich", "en").as_deref(), Some("Munich"));
        for unknown in ["atlantis", "berlin central station", "天安门", "x"] {
            assert_eq!(name(unknown, "en"), None, "{unknown}");
        }
    }

    #[test]
    fn addresses_lie_along_their_street() {
        assert_eq!(name("15 baker street", "en").as_deref(), Some("15 Baker Street"));
        assert_eq!(name("中山路一百二十号", "zh").as_deref(), Some("中山路120号"));
        let places = places();
        let [first, last] = ["1 mill lane", "81 mill lane"].map(|said| places.named(said, HERE, "en").expect("an address").point);
        assert!((first.distance(last) - 0.8).abs() < 0.01);
    }

    #[test]
    fn the_nearest_is_the_nearest() {
        let places = places();
        let fuel = places.best("fuel-station", "en", |point| point.distance(HERE)).expect("a fuel station");
        assert_eq!(fuel.name, "Bridge Street Fuel");
        assert_eq!(places.named("fast charging", HERE, "en").expect("a part of a name").name, "Riverside Fast Charging");
    }
}
