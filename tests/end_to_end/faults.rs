//! Truth in replies: whatever the car does with a wish, the reply says what happened and never what was hoped for.

use std::time::{Duration, Instant};

use serde_json::Value;
use steward_tests::stand::{Options, owned};
use steward_tests::{Car, Stand};

use crate::setting::{ask, first_state, kind, stand_and, stand_with, with_plugins};

const HEIGHT: &str = "Vehicle.Cabin.RearviewMirror.DimmingLevel";

async fn workshop() -> (Stand, Car) {
    let stand = stand_and(&["workshop"]).await;
    let car = Car::connect(stand.client()).await.unwrap();
    car.force_one(HEIGHT, 10.0).await.unwrap();
    // The plugin is awake before anything is measured.
    assert_eq!(kind(&ask(&stand, "how high is the workbench").await), "answer");
    (stand, car)
}

async fn raise(stand: &Stand) -> (Value, Duration) {
    let start = Instant::now();
    let reply = ask(stand, "set the workbench to 60").await;
    (reply, start.elapsed())
}

#[tokio::test]
async fn without_a_fault_done_means_read_back() {
    let (stand, car) = workshop().await;
    let (reply, _) = raise(&stand).await;
    assert_eq!((kind(&reply), first_state(&reply)), ("done", "done"), "{reply}");
    assert_eq!(reply["actions"][0]["writes"][HEIGHT], 60.0, "{reply}");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 60.0);
}

#[tokio::test]
async fn what_the_car_refuses_is_refused() {
    let (stand, car) = workshop().await;
    car.fault(HEIGHT, "refuse", &[]).await.unwrap();
    let (reply, _) = raise(&stand).await;
    assert_eq!((kind(&reply), first_state(&reply)), ("refused", "refused"), "{reply}");
    assert!(!reply["actions"][0]["reason"].as_str().unwrap().is_empty(), "{reply}");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 10.0);
}

#[tokio::test]
async fn what_the_car_accepts_and_ignores_is_a_timeout() {
    let (stand, car) = workshop().await;
    car.fault(HEIGHT, "ignore", &[]).await.unwrap();
    let (reply, took) = raise(&stand).await;
    assert_eq!((kind(&reply), first_state(&reply)), ("failed", "timeout"), "{reply}");
    assert!(took >= Duration::from_millis(700), "the deadline is 800 ms, and it gave up after {took:?}");
    assert!(took < Duration::from_millis(2000), "{took:?}");
}

#[tokio::test]
async fn what_the_car_does_slowly_is_done_when_it_is_done() {
    let (stand, car) = workshop().await;
    car.fault(HEIGHT, "slow", &[("delay-ms", 400_u32.into())]).await.unwrap();
    let (reply, took) = raise(&stand).await;
    assert_eq!((kind(&reply), first_state(&reply)), ("done", "done"), "{reply}");
    assert!(took >= Duration::from_millis(390), "done was said after {took:?}, before it was");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 60.0);
}

#[tokio::test]
async fn what_the_car_does_too_slowly_is_a_timeout() {
    let (stand, car) = workshop().await;
    car.fault(HEIGHT, "slow", &[("delay-ms", 3000_u32.into())]).await.unwrap();
    let (reply, took) = raise(&stand).await;
    assert_eq!((kind(&reply), first_state(&reply)), ("failed", "timeout"), "{reply}");
    assert!(took < Duration::from_millis(2000), "{took:?}");
}

#[tokio::test]
async fn half_of_what_was_asked_is_never_done() {
    let (stand, car) = workshop().await;
    car.fault(HEIGHT, "clamp", &[("max", 40.0.into())]).await.unwrap();
    let (reply, _) = raise(&stand).await;
    assert_eq!(kind(&reply), "failed", "{reply}");
    assert!(["timeout", "failed"].contains(&first_state(&reply)), "{reply}");
    assert_eq!(car.get(HEIGHT).await.unwrap(), 40.0);
}

#[tokio::test]
async fn one_of_two_that_works_is_partly() {
    let (stand, car) = workshop().await;
    car.fault(HEIGHT, "ignore", &[]).await.unwrap();
    let reply = ask(&stand, "set the workbench to 60 and turn on the air conditioning").await;
    assert_eq!(kind(&reply), "partly", "{reply}");
    let states: Vec<&str> = reply["actions"].as_array().unwrap().iter().map(|action| action["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["timeout", "done"], "{reply}");
}

#[tokio::test]
async fn without_a_car_everything_is_unavailable() {
    let stand = stand_with(Options { vehicle: false, ..with_plugins(&["workshop"]) }).await;
    let (status, detail) = stand.client().status().await.unwrap();
    assert_eq!(status, "degraded");
    assert!(detail["missing"]["vehicle"].is_string(), "{detail}");
    let (reply, took) = raise(&stand).await;
    assert_eq!(first_state(&reply), "unavailable", "{reply}");
    assert_ne!(kind(&reply), "done");
    assert!(took < Duration::from_millis(1500), "nobody needs to be waited for, and it took {took:?}");
}

#[tokio::test]
async fn a_car_that_goes_away_is_noticed_and_one_that_comes_is_used() {
    let (mut stand, car) = workshop().await;
    drop(car);
    assert!(stand.simulator().unwrap().stop());
    assert!(!owned(stand.client(), "org.steward1.vehicle").await);
    let (reply, _) = raise(&stand).await;
    assert_eq!(first_state(&reply), "unavailable", "{reply}");

    let mut command = stand.command("steward-simulator").unwrap();
    let checkout = stand.checkout();
    command.arg("--vss").arg(checkout.path("plugins/vss")).arg("--start").arg(checkout.path("plugins/simulator"));
    let _again = steward_tests::process::Process::start("steward-simulator", &mut command, &stand.run_folder().join("again.log")).unwrap();
    for _ in 0..200 {
        if owned(stand.client(), "org.steward1.vehicle").await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(kind(&raise(&stand).await.0), "done");
}

#[tokio::test]
async fn a_speed_that_is_not_known_or_old_counts_as_driving() {
    let stand = stand_with(Options::default()).await;
    stand.wake(&["trunk"]).await.unwrap_or_else(|error| panic!("{error:#}"));
    let car = Car::connect(stand.client()).await.unwrap();
    for (kind_of_fault, options) in [("absent", vec![]), ("stale", vec![("age-ms", 2500_u32.into())])] {
        car.fault("Vehicle.Speed", kind_of_fault, &options).await.unwrap();
        let reply = ask(&stand, "open the trunk").await;
        assert_eq!((kind(&reply), first_state(&reply)), ("refused", "refused"), "{kind_of_fault}: {reply}");
    }
    car.fault("Vehicle.Speed", "none", &[]).await.unwrap();
    assert_eq!(kind(&ask(&stand, "open the trunk").await), "done");
}
