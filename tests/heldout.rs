//! How much is understood of what neither phrases nor training were written from. The test half is only counted.

use steward_tests::Checkout;
use steward_tests::heldout::{Counts, Outcome, cases, written};
use steward_tests::utterances::Bench;

/// With HELDOUT=dev every sentence of the development half that is not understood exactly is printed.
#[tokio::test]
async fn most_of_what_people_say_is_understood_and_hardly_anything_wrongly() {
    let checkout = Checkout::find().unwrap();
    let bench = Bench::new(&checkout, true).unwrap();
    let shown = std::env::var("HELDOUT").unwrap_or_default();
    for (part, language) in [("dev", "zh"), ("dev", "en"), ("test", "zh"), ("test", "en")] {
        let mut counts = Counts::default();
        for case in cases(&checkout, part, language).unwrap() {
            let meaning = bench.understand(&case.case()).await.unwrap();
            let outcome = case.outcome(&meaning);
            counts.add(&case.kind, outcome);
            if outcome != Outcome::Exact && part == "dev" && shown == part {
                let wanted: Vec<String> =
                    case.commands.iter().map(|command| format!("{}.{}{:?}", command.plugin, command.action, command.arguments)).collect();
                println!("{outcome:?} {} [{}]\n    wanted {}\n    got    {}", case.say, case.kind, wanted.join(" + "), written(&meaning.commands));
            }
        }
        println!("{part} {language}\n{counts}");
    }
}
