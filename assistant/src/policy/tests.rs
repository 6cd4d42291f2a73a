//! The whole of the policy: risk classes and rules in every driving state.

use std::collections::BTreeMap;

use plugins::value::Value;

use super::*;

const RULES: &str = r#"
[[rule]]
name = "lights-stay-on"
paths = ["Vehicle.Body.Lights.Beam.*.IsOn"]
value = "value == false"
deny-when = "signal('Vehicle.Speed') > 0.0"
say = { en = "The headlights stay on while driving.", zh = "行驶中不能关闭大灯。" }

[[rule]]
name = "window-in-rain"
paths = ["Vehicle.Cabin.Door.*.Window.Position"]
value = "value > 20.0"
confirm-when = "signal('Vehicle.Exterior.RainIntensity') > 30.0"
say = { en = "It is raining.", zh = "正在下雨。" }
"#;

fn command() -> Command {
    Command {
        plugin: "lights".into(),
        action: "off".into(),
        arguments: Values::new(),
        direction: None,
        tier: "pattern".into(),
        confidence: 1.0,
    }
}

fn verdict(path: &str, value: Value, risk: Risk, confirmed: bool, state: &[(&str, f64)]) -> Verdict {
    let policy = Policy::parse("test", RULES).expect("valid rules");
    let writes = Writes { values: Values::from([(path.to_owned(), value)]), open: Vec::new() };
    let state: Values = state.iter().map(|(path, value)| ((*path).to_owned(), Value::Number(*value))).collect();
    let rules: Vec<&Rule> = policy.rules.iter().filter(|rule| rule.concerns(&writes)).collect();
    let command = command();
    let wish = Wish { command: &command, risk, writes: &writes, consent: None };
    match decide(wish, &rules, &state).0 {
        Verdict::Confirm(question) if confirmed => decide(Wish { consent: Some(&question.consent), ..wish }, &rules, &state).0,
        verdict => verdict,
    }
}

fn is_denied(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Deny(_))
}

#[test]
fn headlights_stay_on_unless_the_car_is_known_to_stand() {
    let off = |state: &[(&str, f64)]| verdict("Vehicle.Body.Lights.Beam.Low.IsOn", Value::Bool(false), Risk::Comfort, false, state);
    assert!(is_denied(&off(&[(SPEED, 50.0)])));
    assert!(is_denied(&off(&[])), "an unknown speed counts as moving");
    assert!(matches!(off(&[(SPEED, 0.0)]), Verdict::Allow(_)));
    let on = verdict("Vehicle.Body.Lights.Beam.Low.IsOn", Value::Bool(true), Risk::Comfort, false, &[(SPEED, 50.0)]);
    assert!(matches!(on, Verdict::Allow(_)), "the safe reverse is always allowed");
}

#[test]
fn risk_classes_by_driving_state() {
    let path = "Vehicle.Body.Trunk.Rear.IsOpen";
    for (risk, confirmed, state, expected) in [
        (Risk::Comfort, false, vec![], "allow"),
        (Risk::Confirm, false, vec![(SPEED, 0.0)], "confirm"),
        (Risk::Confirm, true, vec![(SPEED, 90.0)], "allow"),
        (Risk::Parked, false, vec![(SPEED, 0.0)], "allow"),
        (Risk::Parked, false, vec![(SPEED, 0.5)], "deny"),
        (Risk::Parked, true, vec![(SPEED, 0.5)], "deny"),
        (Risk::Parked, false, vec![], "deny"),
        (Risk::Never, true, vec![(SPEED, 0.0)], "deny"),
    ] {
        let verdict = verdict(path, Value::Bool(true), risk, confirmed, &state);
        assert_eq!(verdict.name(), expected, "{risk:?} confirmed={confirmed} {state:?}");
    }
}

#[test]
fn a_rule_may_ask_first() {
    let open = |rain: f64, confirmed| {
        verdict(
            "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position",
            Value::Number(100.0),
            Risk::Comfort,
            confirmed,
            &[("Vehicle.Exterior.RainIntensity", rain)],
        )
    };
    assert!(matches!(open(80.0, false), Verdict::Confirm(question) if question.say["en"] == "It is raining."));
    assert!(matches!(open(80.0, true), Verdict::Allow(_)));
    assert!(matches!(open(0.0, false), Verdict::Allow(_)));
}

#[test]
fn a_value_decided_by_a_program_counts_as_meant() {
    let policy = Policy::parse("test", RULES).expect("valid rules");
    let writes = Writes { values: Values::new(), open: vec!["Vehicle.Body.Lights.Beam.Low.IsOn".to_owned()] };
    assert!(policy.rules[0].concerns(&writes));
}

#[test]
fn mistakes_name_file_and_place() {
    for (text, part) in [
        ("[[rule]]\nname = \"x\"\nwhen = 1", "line 3"),
        ("[[rule]]\nname = \"x\"\npaths = []\ndeny-when = \"signal(\"\nsay = { en = \"a\", zh = \"b\" }", "rule 'x'"),
        ("[[rule]]\nname = \"x\"\npaths = []\ndeny-when = \"true\"\nsay = { en = \"a\" }", "'zh'"),
        ("[[rule]]\nname = \"x\"\npaths = []\nsay = { en = \"a\", zh = \"b\" }", "neither"),
    ] {
        let error = Policy::parse("policy.toml", text).expect_err(text).to_string();
        assert!(error.contains("policy.toml") && error.contains(part), "{error}");
    }
}

#[test]
fn sentences_are_kept_by_language() {
    let verdict = verdict("Vehicle.Body.Lights.Beam.Low.IsOn", Value::Bool(false), Risk::Comfort, false, &[(SPEED, 1.0)]);
    let Verdict::Deny(Refusal::Rule { say, .. }) = verdict else { panic!("a rule is expected") };
    assert_eq!(
        say,
        BTreeMap::from([("en".into(), "The headlights stay on while driving.".into()), ("zh".into(), "行驶中不能关闭大灯。".into())])
    );
}
