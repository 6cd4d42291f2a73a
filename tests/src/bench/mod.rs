//! How long things take, each beside what it cannot do without: a turn beside a bare call on the same bus, a turn that needs the sentence
//! encoder beside a bare run of the same model on the same text. All in one run, so that the machine's mood is in all of them alike.

mod series;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use assistant::understand::{Models, Understander};
use models::Embedder;
use plugins::catalogue::Catalogue;
use plugins::vss::Vss;
pub use series::Series;
use zbus::Proxy;

use crate::checkout::Checkout;
use crate::client::{OBJECT, SERVICE};
use crate::stand::Stand;
use crate::utterances::models;

/// A wording that phrases have.
const KNOWN: &str = "turn on the air conditioning";
/// A wording that no phrase has.
const SIMILAR: &str = "defog the glass behind me";
/// A question to the owner's knowledge.
const QUESTION: &str = "how do I jump start the car";
/// The same in Chinese, where no encoder runs.
const CHINESE: &str = "怎么搭电启动";

/// Measures everything and prints it.
///
/// # Errors
/// Something does not answer, or is not understood by the rung that is to be measured.
pub async fn run(stand: &Stand) -> Result<()> {
    println!("{:<66} {:>10} {:>10}", "", "median", "p99");
    let trip = round_trips(stand).await?;
    rungs(stand.checkout())?;
    let model = encodings(stand.checkout())?;
    turns(stand, trip, model).await
}

fn print(what: &str, series: &Series) {
    println!("{what:<66} {:>10} {:>10}", shown(series.median()), shown(series.p99()));
}

fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1000.0 { format!("{micros:.0} µs") } else { format!("{:.2} ms", micros / 1000.0) }
}

/// Calls that the daemon answers without doing anything. Returns the median of a property's read.
async fn round_trips(stand: &Stand) -> Result<Duration> {
    let peer = stand.client().proxy(SERVICE, OBJECT, "org.freedesktop.DBus.Peer").await?;
    print("D-Bus: ping of the daemon", &Series::wait(2000, async |_| peer.call::<_, _, ()>("Ping", &()).await).await?);
    let assistant = stand.client().interface("Assistant").await?;
    let read = Series::wait(2000, async |_| assistant.get_property::<String>("Version").await.map(drop)).await?;
    print("D-Bus: read of the property Version", &read);
    Ok(read.median())
}

/// The phrases alone, in this process.
fn rungs(checkout: &Checkout) -> Result<()> {
    let vss = Vss::load(&checkout.path("plugins/vss"))?;
    let catalogue = Catalogue::load(&[checkout.path("plugins")], &vss);
    let understander = Understander::build(&catalogue, Models::default(), None, &mut |_, _| {})?;
    let sentences = [
        ("pattern rung: a short command", KNOWN),
        ("pattern rung: a short command in Chinese", "打开空调"),
        ("pattern rung: three commands in one breath", "turn on the seat heating, close the windows and play some music"),
        ("pattern rung: nothing that it knows", "the quick brown fox jumps over the lazy dog"),
    ];
    for (what, text) in sentences {
        print(what, &Series::measure(2000, |_| understander.understand(text, "").map(drop))?);
    }
    Ok(())
}

/// Bare runs of the encoder. Returns the median for the text that is asked as a turn later.
fn encodings(checkout: &Checkout) -> Result<Duration> {
    let (embedder, _) = models(checkout)?;
    for tokens in [8, 16, 32, 128] {
        // Each word is one token, and two more mark beginning and end.
        let text = vec!["light"; tokens - 2].join(" ");
        print(&format!("encoder: {tokens} tokens"), &encode(&embedder, &text)?);
    }
    let bare = encode(&embedder, SIMILAR)?;
    print(&format!("encoder: \"{SIMILAR}\""), &bare);
    Ok(bare.median())
}

fn encode(embedder: &Embedder, text: &str) -> Result<Series> {
    Ok(Series::measure(300, |_| embedder.embed(text).map(drop))?)
}

/// Whole turns over the bus.
async fn turns(stand: &Stand, trip: Duration, model: Duration) -> Result<()> {
    is_understood_by(stand, KNOWN, "pattern").await?;
    is_understood_by(stand, SIMILAR, "similar").await?;
    let language = stand.client().interface("Language").await?;
    let known = understand(&language, KNOWN).await?;
    print("Understand, pattern", &known);
    let similar = understand(&language, SIMILAR).await?;
    print("Understand, similar", &similar);
    print("Ask, pattern: plugin called, signal set and read back", &ask(stand, KNOWN).await?);
    print("Ask, similar: plugin called, signal set and read back", &ask(stand, SIMILAR).await?);
    print("Ask, a question to the knowledge", &ask(stand, QUESTION).await?);
    print("Ask, a question to the knowledge in Chinese", &ask(stand, CHINESE).await?);
    println!();
    ratio("Understand, pattern, to a property's read", known.median(), trip);
    ratio("Understand, similar, to a property's read and a bare model run", similar.median(), trip + model);
    Ok(())
}

fn ratio(what: &str, time: Duration, to: Duration) {
    println!("{what:<66} {:>10.2}", time.as_secs_f64() / to.as_secs_f64());
}

async fn is_understood_by(stand: &Stand, text: &str, tier: &str) -> Result<()> {
    let meaning = stand.client().understand(text, &[]).await?;
    ensure!(meaning["commands"][0]["tier"] == tier, "{text:?} should be understood by the rung {tier}: {meaning}");
    Ok(())
}

async fn understand(language: &Proxy<'_>, text: &str) -> Result<Series> {
    let options = std::collections::HashMap::<&str, zbus::Variant<'_>>::new();
    let body = (text, options);
    Series::wait(300, async |_| language.call_method("Understand", &body).await.map(drop)).await.context("Understand")
}

async fn ask(stand: &Stand, text: &str) -> Result<Series> {
    Series::wait(200, async |_| stand.client().ask(text, &[]).await.map(drop)).await.with_context(|| format!("Ask {text:?}"))
}
