//! The navigation plugin's program over the simulated car.

use std::path::Path;
use std::sync::Arc;

use steward_plugins::catalogue::Plugin;
use steward_plugins::host::Declarative;
use steward_plugins::invoke::{Invocation, Invoke, Outcome, OutcomeState};
use steward_plugins::navigation::Navigation;
use steward_plugins::simulator::Simulator;
use steward_plugins::value::{Value, Values};
use steward_plugins::vehicle::Vehicle;
use steward_plugins::writes;
use steward_plugins::zone::Steering;

use crate::car::{folder, kestrel, read, values, vss};

struct Driving {
    car: Simulator,
    plugin: Plugin,
    navigation: Navigation,
}

impl Driving {
    fn start(state: Option<&Path>) -> Self {
        let car = kestrel();
        let vehicle: Arc<dyn Vehicle> = Arc::new(car.clone());
        let plugin = Plugin::load(&folder().join("navigation"), &vss()).expect("the navigation's folder");
        let declarative = Arc::new(Declarative::new([plugin.clone()], vss(), Arc::clone(&vehicle)));
        let navigation = Navigation::load(&plugin, declarative, vehicle, state).expect("the places");
        Driving { car, plugin, navigation }
    }

    async fn wish(&self, action: &str, arguments: Values, language: &str) -> Outcome {
        let invocation = Invocation {
            plugin: "navigation".into(),
            action: action.into(),
            arguments: arguments.clone(),
            turn: 1,
            zone: "driver".into(),
            language: language.into(),
            deadline_ms: 1000,
            caller: String::new(),
        };
        let outcome = self.navigation.invoke(&invocation).await.expect("it answers");
        if outcome.state == OutcomeState::Accepted {
            self.keeps_to_its_manifest(action, &arguments, &outcome);
        }
        outcome
    }

    /// A program may set nothing that its manifest does not declare.
    fn keeps_to_its_manifest(&self, action: &str, arguments: &Values, outcome: &Outcome) {
        let declared = self.plugin.action(action).expect("an action of the manifest");
        let writes = writes::expand(declared, arguments, &vss(), Steering::Left).expect("it expands");
        for path in outcome.writes.keys() {
            assert!(writes.values.contains_key(path) || writes.open.contains(path), "{action} set {path}");
        }
    }

    async fn says(&self, action: &str, pair: Option<(&str, &str)>, language: &str) -> Outcome {
        self.wish(action, pair.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(), language).await
    }

    async fn signal(&self, name: &str) -> Value {
        read(&self.car, &format!("Vehicle.Cabin.Infotainment.Navigation.{name}")).await.expect("a signal")
    }
}

#[tokio::test]
async fn a_named_place_becomes_the_destination() {
    let driving = Driving::start(None);
    let outcome = driving.says("go-to", Some(("place", "the opera house")), "en").await;
    assert_eq!(outcome.state, OutcomeState::Accepted, "{outcome:?}");
    assert_eq!(outcome.values["place"], "Opera House".into());
    assert!(outcome.text.contains("Opera House") && outcome.text.contains("kilometers"), "{}", outcome.text);
    assert_eq!(driving.signal("DestinationSet.Name").await, "Opera House".into());
    assert_eq!(driving.signal("IsGuidanceActive").await, true.into());
    let latitude = driving.signal("DestinationSet.Latitude").await.number().expect("a number");
    assert!((latitude - 45.0036).abs() < 0.001, "{latitude}");
}

#[tokio::test]
async fn an_unknown_place_is_refused_with_a_sentence_and_nothing_is_set() {
    let driving = Driving::start(None);
    for action in ["go-to", "find-place", "add-stopover", "set-home"] {
        let outcome = driving.says(action, Some(("place", "atlantis")), "en").await;
        assert_eq!(outcome, Outcome::not(OutcomeState::Refused, "I cannot find a place called atlantis."), "{action}");
    }
    let outcome = driving.says("go-to", Some(("place", "亚特兰蒂斯")), "zh").await;
    assert_eq!(outcome.reason, "我找不到“亚特兰蒂斯”。");
    assert_eq!(driving.signal("IsGuidanceActive").await, false.into());
    assert_eq!(driving.wish("go-to", Values::new(), "en").await.state, OutcomeState::Refused);
}

#[tokio::test]
async fn the_nearest_of_a_kind_depends_on_where_the_car_is() {
    let driving = Driving::start(None);
    assert_eq!(driving.says("go-to-nearest", Some(("category", "fuel-station")), "en").await.values["place"], "Bridge Street Fuel".into());
    let north = values([("Vehicle.CurrentLocation.Latitude", 45.03.into())]);
    driving.car.force(&north).expect("a number");
    assert_eq!(driving.says("go-to-nearest", Some(("category", "fuel-station")), "zh").await.values["place"], "北门加油站".into());
    assert_eq!(driving.says("go-to-nearest", Some(("category", "volcano")), "en").await.state, OutcomeState::Refused);
}

#[tokio::test]
async fn home_is_what_the_car_has_until_it_is_told_and_then_for_good() {
    let state = tempfile::tempdir().expect("a temporary folder");
    let driving = Driving::start(Some(state.path()));
    assert_eq!(driving.says("go-home", None, "en").await.values["place"], "12 Garden Lane".into());
    assert_eq!(driving.says("set-home", Some(("place", "8 mill lane")), "en").await.state, OutcomeState::Accepted);
    assert_eq!(driving.signal("Home.Name").await, "8 Mill Lane".into());

    let next_day = Driving::start(Some(state.path()));
    assert_eq!(next_day.says("go-home", None, "en").await.values["place"], "8 Mill Lane".into());
    assert_eq!(next_day.says("go-to", Some(("place", "home")), "en").await.values["place"], "8 Mill Lane".into());
    assert_eq!(next_day.says("get-home", None, "en").await.values["address"], "8 Mill Lane".into());
    assert_eq!(next_day.says("get-work", None, "zh").await.values["address"], "港口街4号".into());
}

#[tokio::test]
async fn without_a_home_it_says_how_to_set_one() {
    let driving = Driving::start(None);
    driving.car.force(&values([("Vehicle.Cabin.Infotainment.Navigation.Home.Name", "".into())])).expect("a text");
    let outcome = driving.says("go-home", None, "en").await;
    assert_eq!(outcome.state, OutcomeState::Refused);
    assert!(outcome.reason.contains("my home is"), "{}", outcome.reason);
}

#[tokio::test]
async fn stopovers_are_counted_named_and_removed_in_order() {
    let driving = Driving::start(None);
    assert_eq!(driving.says("remove-stopover", None, "en").await.state, OutcomeState::Refused);
    for (place, count) in [("City Park", 1.0), ("Opera House", 2.0)] {
        let outcome = driving.says("add-stopover", Some(("place", place)), "en").await;
        assert_eq!(outcome.state, OutcomeState::Accepted, "{outcome:?}");
        assert_eq!(driving.signal("Stopover.Count").await, count.into());
        assert_eq!(driving.signal("Stopover.Name").await, "City Park".into(), "the next one is the first");
    }
    driving.says("remove-stopover", None, "en").await;
    assert_eq!((driving.signal("Stopover.Name").await, driving.signal("Stopover.Count").await), ("Opera House".into(), 1.0.into()));
    driving.says("remove-all-stopovers", None, "en").await;
    assert!(driving.says("get-stopover", None, "en").await.text.contains("no stopover"));
    let nearest = driving.says("add-stopover-nearest", Some(("category", "toilet")), "en").await;
    assert_eq!(nearest.values["place"], "Market Square Toilets".into());
    assert_eq!(driving.signal("Stopover.Name").await, "Market Square Toilets".into(), "the removed ones are forgotten");
}

#[tokio::test]
async fn the_trip_is_estimated_unless_the_car_reports_it() {
    let driving = Driving::start(None);
    assert!(driving.says("get-arrival", None, "en").await.text.contains("no route"));
    driving.says("go-to", Some(("place", "Plain City Airport")), "en").await;
    let direct = driving.says("get-remaining-distance", None, "en").await.values["distance"].number().expect("a number");
    assert!((direct - 30.0).abs() < 1.0, "{direct}");
    let time = driving.says("get-arrival", None, "en").await.values["time"].to_string();
    assert!(time.len() == 5 && time.as_bytes()[2] == b':', "{time}");
    driving.says("add-stopover", Some(("place", "Western Airfield")), "en").await;
    let around = driving.says("get-remaining-distance", None, "en").await.values["distance"].number().expect("a number");
    assert!(around > 2.0 * direct, "{around}");

    let reported = values([("Vehicle.Cabin.Infotainment.Navigation.Route.RemainingDistance", 4200.0.into())]);
    driving.car.force(&reported).expect("a number");
    assert_eq!(driving.says("get-remaining-distance", None, "en").await.values["distance"], 4.2.into());
}

#[tokio::test]
async fn searches_say_the_best_place_here_on_the_way_and_there() {
    let driving = Driving::start(None);
    let here = driving.says("find", Some(("category", "rest-area")), "en").await;
    assert_eq!(here.values["place"], "Sunny Slope Rest Area".into());
    assert_eq!(driving.signal("Search.Category").await, "REST_AREA".into());
    assert_eq!(driving.says("find-coffee", None, "zh").await.values["place"], "蓝杯咖啡".into());
    assert_eq!(driving.says("find-along-route", Some(("category", "rest-area")), "en").await.state, OutcomeState::Refused, "no route yet");
    driving.says("go-to", Some(("place", "Western Airfield")), "en").await;
    assert_eq!(
        driving.says("find-along-route", Some(("category", "rest-area")), "en").await.values["place"],
        "Western Gate Rest Area".into()
    );
    driving.says("go-to", Some(("place", "Plain City Airport")), "en").await;
    assert_eq!(
        driving.says("find-at-destination", Some(("category", "hospital")), "en").await.values["place"],
        "Eastern District Hospital".into()
    );
}

#[tokio::test]
async fn guidance_and_alternatives_need_a_destination() {
    let driving = Driving::start(None);
    for action in ["start-guidance", "alternative-route"] {
        assert_eq!(driving.says(action, None, "en").await.state, OutcomeState::Refused, "{action}");
    }
    assert!(driving.says("get-destination", None, "en").await.text.contains("No destination"));
    driving.says("go-to", Some(("place", "munich")), "en").await;
    for wanted in [1.0, 2.0, 0.0] {
        assert_eq!(driving.says("alternative-route", None, "en").await.state, OutcomeState::Accepted);
        assert_eq!(driving.signal("Route.Alternative").await, wanted.into());
    }
    assert_eq!(driving.says("get-destination", None, "en").await.values["destination"], "Munich".into());
}

#[tokio::test]
async fn this_place_is_saved_and_found_again() {
    let driving = Driving::start(None);
    let outcome = driving.says("save-place", None, "en").await;
    assert_eq!(outcome.text, "Riverside Road is saved.");
    driving.car.force(&values([("Vehicle.CurrentLocation.Latitude", 46.0.into())])).expect("a number");
    driving.says("go-to", Some(("place", "riverside road")), "en").await;
    assert_eq!(driving.signal("DestinationSet.Latitude").await, 45.0.into());
}

#[tokio::test]
async fn what_needs_no_program_goes_the_declarative_way() {
    let driving = Driving::start(None);
    assert_eq!(driving.says("set-view", Some(("view", "three-d")), "en").await.state, OutcomeState::Accepted);
    assert_eq!(driving.signal("Map.View").await, "THREE_D".into());
    assert_eq!(driving.says("clear-history", None, "en").await.state, OutcomeState::Accepted);
    assert_eq!(driving.signal("History.Count").await, 0.0.into());
}

/// Every action of the manifest comes to an end that can be said: nothing is left undecided.
#[tokio::test]
async fn every_action_is_served() {
    let driving = Driving::start(None);
    driving.says("go-to", Some(("place", "munich")), "en").await;
    driving.says("add-stopover", Some(("place", "opera house")), "en").await;
    for action in &driving.plugin.manifest.actions {
        let value = |name: &str| match name {
            "place" => "15 baker street".into(),
            "zoom" => 12.0.into(),
            _ => action.arguments[name].values[0].as_str().into(),
        };
        let arguments = action.arguments.keys().map(|name| (name.clone(), value(name))).collect();
        let outcome = driving.wish(&action.id, arguments, "en").await;
        // "Remove the stopover" may come after "remove all".
        assert!(outcome.state == OutcomeState::Accepted || outcome.reason.contains("stopover"), "{}: {outcome:?}", action.id);
    }
}
