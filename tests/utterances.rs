//! Every sentence that comes with a plugin, and those in `tests/utterances/`, must become the commands written beside it.

use std::fmt::Write as _;

use steward_tests::Checkout;
use steward_tests::utterances::{Bench, difference, not_yet, suites};

#[tokio::test]
async fn sentences_become_the_commands_written_beside_them() {
    let checkout = Checkout::find().unwrap();
    let bench = Bench::new(&checkout, true).unwrap();
    let mut failures = String::new();
    let (mut passed, mut all) = (0, 0);
    println!("{:<28} {:>6} {:>6}", "suite", "passed", "of");
    for suite in suites(&checkout).unwrap() {
        let mut wrong = Vec::new();
        for case in &suite.cases {
            wrong.extend(difference(case, &bench.understand(case).await.unwrap()));
        }
        println!("{:<28} {:>6} {:>6}", suite.name, suite.cases.len() - wrong.len(), suite.cases.len());
        wrong.iter().for_each(|line| writeln!(failures, "  {}: {line}", suite.name).unwrap());
        passed += suite.cases.len() - wrong.len();
        all += suite.cases.len();
    }
    println!("{:<28} {passed:>6} {all:>6}", "together");
    for case in not_yet(&checkout).unwrap() {
        let state = difference(&case, &bench.understand(&case).await.unwrap()).map_or("works by now", |_| "not yet");
        println!("{state}: {}", case.say);
    }
    assert!(all > 500, "only {all} sentences were found");
    assert!(passed == all, "{} of {all} sentences were misunderstood:\n{failures}", all - passed);
}
