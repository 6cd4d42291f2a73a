//! A conversation in this process: the shipped plugins, the shipped rules, a simulated car that can be watched and interfered with.
//! Below, what becomes of wishes that contradict each other, and of "all".

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use plugins::invoke::{Invocation, Invoke, Outcome, PluginError};
use plugins::local::Local;
use plugins::simulator::Simulator;
use plugins::value::{Value, Values};
use plugins::vehicle::{Reading, Vehicle, VehicleError};
use plugins::zone::{Steering, Zone};
use steward_assistant::policy::SPEED;
use steward_assistant::reply::{Reply, ReplyKind};
use steward_assistant::{AnswerValue, AskOptions, Assistant, NothingPending, Parts, Session};
use tokio::sync::broadcast;

use crate::car::{catalogue, number, path, policy, vss};

/// The simulated car behind a door that writes down who comes, and can change the speed whenever somebody looks at it.
pub(crate) struct Door {
    pub(crate) car: Simulator,
    /// What the speed becomes at each look, until there is nothing left.
    pub(crate) speeds: Mutex<VecDeque<f64>>,
    /// `look` (at the speed), `wake`, `invoke`, `set`, in the order it happened.
    pub(crate) log: Mutex<Vec<&'static str>>,
}

impl Door {
    fn note(&self, what: &'static str) {
        self.log.lock().unwrap().push(what);
    }

    pub(crate) fn force(&self, path: &str, value: impl Into<Value>) {
        self.car.force(&Values::from([(path.to_owned(), value.into())])).unwrap();
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        self.car.get(&[path.to_owned()]).await.unwrap().values.remove(path).unwrap_or_else(|| panic!("the car has no {path}"))
    }
}

#[async_trait]
impl Vehicle for Door {
    async fn get(&self, paths: &[String]) -> Result<Reading, VehicleError> {
        if paths.iter().any(|path| path == SPEED) {
            self.note("look");
            let next = self.speeds.lock().unwrap().pop_front();
            next.into_iter().for_each(|speed| self.force(SPEED, speed));
        }
        self.car.get(paths).await
    }

    async fn set(&self, values: &Values) -> Result<BTreeMap<String, String>, VehicleError> {
        self.note("set");
        self.car.set(values).await
    }

    fn changes(&self) -> broadcast::Receiver<Values> {
        self.car.changes()
    }
}

/// The plugins; the car may move off while one of them wakes.
struct Hands {
    plugins: Local,
    door: Arc<Door>,
    speed_at_waking: Mutex<Option<f64>>,
}

#[async_trait]
impl Invoke for Hands {
    async fn invoke(&self, invocation: &Invocation) -> Result<Outcome, PluginError> {
        self.door.note("invoke");
        self.plugins.invoke(invocation).await
    }

    async fn wake(&self, _plugin: &str) {
        self.door.note("wake");
        let speed = self.speed_at_waking.lock().unwrap().take();
        speed.into_iter().for_each(|speed| self.door.force(SPEED, speed));
    }

    async fn cancel(&self, plugin: &str, turn: u64) {
        self.plugins.cancel(plugin, turn).await;
    }
}

/// An assistant, a conversation with it, and its car.
pub(crate) struct Talk {
    pub(crate) assistant: Assistant,
    pub(crate) session: Session,
    pub(crate) door: Arc<Door>,
    hands: Arc<Hands>,
    turn: u64,
}

impl Talk {
    pub(crate) fn new() -> Talk {
        let car = Simulator::load(&vss(), &path("plugins/simulator")).expect("the simulated car");
        let door = Arc::new(Door { car, speeds: Mutex::default(), log: Mutex::default() });
        let plugins = Local::new(catalogue(), vss(), door.clone());
        let hands = Arc::new(Hands { plugins, door: Arc::clone(&door), speed_at_waking: Mutex::default() });
        let parts = Parts {
            catalogue: plugins::catalogue::Catalogue::load(&[path("plugins")], &vss()),
            vss: vss(),
            steering: Steering::Left,
            vehicle: door.clone(),
            plugins: hands.clone(),
            embedder: None,
            knowledge: None,
            policy: policy(),
            cache: None,
        };
        let assistant = Assistant::new(parts, &mut |_, _| {}).expect("no model is needed");
        Talk { assistant, session: Session::default(), door, hands, turn: 0 }
    }

    /// At this speed, known and steady.
    pub(crate) fn at(speed: f64) -> Talk {
        let talk = Talk::new();
        talk.door.force(SPEED, speed);
        talk
    }

    pub(crate) fn moves_off_at_waking(&self, speed: f64) {
        *self.hands.speed_at_waking.lock().unwrap() = Some(speed);
    }

    pub(crate) fn options(&mut self, zone: Zone) -> AskOptions {
        self.turn += 1;
        AskOptions { turn: self.turn, zone, ..AskOptions::default() }
    }

    pub(crate) async fn say(&mut self, text: &str) -> Reply {
        self.say_from(Zone::Driver, text).await
    }

    pub(crate) async fn say_from(&mut self, zone: Zone, text: &str) -> Reply {
        let options = self.options(zone);
        self.assistant.ask(&mut self.session, text, &options).await
    }

    pub(crate) async fn answer(&mut self, zone: Zone, value: AnswerValue) -> Result<Reply, NothingPending> {
        let options = self.options(zone);
        self.assistant.answer(&mut self.session, value, &options).await
    }

    pub(crate) async fn undo(&mut self) -> Reply {
        let options = self.options(Zone::Driver);
        self.assistant.undo(&mut self.session, &options).await
    }

    /// What happened at the door since the last time.
    pub(crate) fn log(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.door.log.lock().unwrap())
    }
}

const DRIVER_WINDOW: &str = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position";
const REAR_WINDOW: &str = "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position";

#[tokio::test]
async fn a_contradiction_is_asked_about_and_neither_is_done() {
    for (say, answer) in [("open and close the window", "close"), ("打开车窗然后关闭车窗", "关闭")] {
        let mut talk = Talk::at(0.0);
        talk.door.force(DRIVER_WINDOW, 40.0);
        let reply = talk.say(say).await;
        assert_eq!((reply.kind, reply.options.len()), (ReplyKind::Choose, 2), "{say}: {reply:?}");
        assert_eq!(talk.door.read(DRIVER_WINDOW).await, number(40.0), "{say}");
        assert!(!talk.log().contains(&"invoke"), "{say}");
        let reply = talk.say(answer).await;
        assert_eq!(reply.kind, ReplyKind::Done, "{answer}: {reply:?}");
        assert_eq!(talk.door.read(DRIVER_WINDOW).await, number(0.0), "{answer}");
    }
}

#[tokio::test]
async fn what_is_clear_beside_a_contradiction_is_done() {
    let mut talk = Talk::at(0.0);
    let reply = talk.say("turn on the air conditioning, open the window and close the window").await;
    assert_eq!((reply.kind, reply.options.len()), (ReplyKind::Choose, 2), "{reply:?}");
    assert_eq!(talk.door.read("Vehicle.Cabin.HVAC.IsAirConditioningActive").await, true.into());
    let states: Vec<&str> = reply.actions.iter().map(|action| action.state.name()).collect();
    assert_eq!(states, ["done", "pending", "pending"]);
    let reply = talk.answer(Zone::Driver, AnswerValue::Choice(0)).await.expect("a question is open");
    assert_eq!(reply.kind, ReplyKind::Done, "{reply:?}");
    assert_eq!(talk.door.read(DRIVER_WINDOW).await, number(100.0));
}

#[tokio::test]
async fn two_values_for_one_thing_are_told_apart() {
    let mut talk = Talk::at(0.0);
    let reply = talk.say("set the temperature to 20 degrees and set the temperature to 24 degrees").await;
    assert_eq!(reply.kind, ReplyKind::Choose, "{reply:?}");
    assert!(reply.text.contains("20") && reply.text.contains("24"), "{}", reply.text);
}

#[tokio::test]
async fn a_part_of_all_may_be_otherwise() {
    let mut talk = Talk::at(0.0);
    let reply = talk.say("open all windows and close the driver's window").await;
    assert_eq!(reply.kind, ReplyKind::Done, "{reply:?}");
    assert_eq!(talk.door.read(DRIVER_WINDOW).await, number(0.0));
    assert_eq!(talk.door.read(REAR_WINDOW).await, number(100.0));
}

#[tokio::test]
async fn all_is_expanded_before_it_is_checked() {
    for say in ["open all the windows", "打开所有车窗"] {
        let mut talk = Talk::at(0.0);
        talk.door.force(DRIVER_WINDOW, 0.0);
        talk.door.force("Vehicle.Cabin.IsWindowChildLockEngaged", true);
        let reply = talk.say(say).await;
        assert_eq!(reply.kind, ReplyKind::Confirm, "{say}: {reply:?}");
        assert_eq!(reply.actions[0].writes.len(), 4, "the whole set is checked: {:?}", reply.actions[0].writes);
        for window in [DRIVER_WINDOW, REAR_WINDOW] {
            assert_eq!(talk.door.read(window).await, number(0.0), "not even half of it is done before the yes");
        }
    }
}

#[tokio::test]
async fn one_forbidden_write_forbids_the_whole() {
    let mut talk = Talk::at(60.0);
    talk.door.force("Vehicle.Body.Lights.Beam.Low.IsOn", true);
    let before = talk.door.car.get(&vss().iter().map(|(path, _)| path.to_owned()).collect::<Vec<_>>()).await.unwrap().values;
    let reply = talk.say("turn off all the lights").await;
    assert_eq!(reply.kind, ReplyKind::Refused, "{reply:?}");
    let after = talk.door.car.get(&before.keys().cloned().collect::<Vec<_>>()).await.unwrap().values;
    assert_eq!(before, after);
}
