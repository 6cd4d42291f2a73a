//! The daemon's own table, on a bus that lets everything through: what the daemon refuses here, it refuses wherever the bus's policy
//! was forgotten. And polkit, played by a program that says yes or no.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use steward_tests::Checkout;
use steward_tests::accounts::Accounts;
use steward_tests::bus::PrivateBus;
use steward_tests::client::{error_name, error_text};
use steward_tests::process::Process;
use zbus::message::Type;
use zbus::{Connection, MessageStream, OwnedObjectPath, OwnedVariant, Variant};

use crate::policy::open_folder;
use crate::table::{Kind, Row, rows};

const DENIED: &str = "org.steward1.Error.Denied";
const ROLES: [&str; 5] = ["root", "hmi", "client", "installer", "other"];

/// Lets everybody do everything.
const OPEN: &str = r#"<busconfig>
  <policy context="mandatory"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
"#;

/// A configuration without models and knowledge: rights do not depend on them.
pub(crate) fn bare_configuration(folder: &Path) -> PathBuf {
    let (plugins, file) = (Checkout::find().unwrap().path("plugins"), folder.join("steward.toml"));
    let text = format!(
        "[paths]\nplugins = [\"{0}/climate\"]\nvss = \"{0}/vss\"\nstate = \"state\"\nmodels = \"none\"\nknowledge = \"none\"\n[models]\nencoder = \"\"\n[policy]\nfiles = []\n",
        plugins.display()
    );
    std::fs::write(&file, text).unwrap();
    file
}

struct Open {
    accounts: Accounts,
    socket: PathBuf,
    _daemon: Process,
    _bus: PrivateBus,
    _folder: tempfile::TempDir,
}

impl Open {
    async fn start() -> Option<Self> {
        let folder = open_folder();
        let accounts = Accounts::of(&folder.path().join("root"), &[Checkout::find().unwrap().path("systemd/sysusers.conf")]).unwrap()?;
        for role in &ROLES[1..4] {
            accounts.add(&format!("test-{role}"), &[&format!("steward-{role}")]).unwrap();
        }
        accounts.add("test-other", &[]).unwrap();
        let policy = folder.path().join("policy");
        std::fs::create_dir(&policy).unwrap();
        std::fs::write(policy.join("open.conf"), OPEN).unwrap();
        let bus = PrivateBus::start_guarded(folder.path(), &[policy], &accounts).unwrap();
        let mut command = accounts.command(Checkout::find().unwrap().program("stewardd").unwrap());
        command.arg("--config").arg(bare_configuration(folder.path())).env("DBUS_SESSION_BUS_ADDRESS", bus.address());
        let daemon = Process::start("stewardd", &mut command, &folder.path().join("stewardd.log")).unwrap();
        let socket = folder.path().join("bus");
        wait_for(accounts.find("root").unwrap().connect(&socket).await.unwrap(), &daemon).await;
        Some(Open { accounts, socket, _daemon: daemon, _bus: bus, _folder: folder })
    }

    async fn connect(&self, role: &str) -> Connection {
        let name = if role == "root" { role.to_owned() } else { format!("test-{role}") };
        self.accounts.find(&name).unwrap().connect(&self.socket).await.unwrap()
    }
}

/// Waits until the daemon on this connection's bus has loaded.
pub(crate) async fn wait_for(connection: Connection, daemon: &Process) {
    let start = Instant::now();
    let wanted = ("org.steward1.Assistant", "Status");
    loop {
        let answer =
            connection.call_method(Some("org.steward1"), "/org/steward1", Some("org.freedesktop.DBus.Properties"), "Get", &wanted).await;
        let status = answer.and_then(|answer| answer.body().deserialize::<OwnedVariant>());
        if status.is_ok_and(|status| matches!(&*status, Variant::Str(name) if name.as_str() != "starting")) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(300), "{}", daemon.log_end(8));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Calls a member with arguments that it takes, so that the call arrives at the daemon's own check. `None`: it was let through.
async fn call(caller: &Connection, row: &Row, session: &str) -> Option<zbus::Error> {
    let options = || HashMap::<&str, Variant<'_>>::new();
    let object = if row.interface == "org.steward1.Session" { session } else { "/org/steward1" };
    let (to, interface, member) = (Some("org.steward1"), Some(row.interface.as_str()), row.member.as_str());
    let texts = ["a", "b"].as_slice();
    let answer = match (row.interface.as_str(), member) {
        (_, "Ask" | "Understand") => caller.call_method(to, object, interface, member, &("hello", options())).await,
        ("org.steward1.Assistant", "OpenSession" | "Undo") => caller.call_method(to, object, interface, member, &(options(),)).await,
        // A turn that nobody asked: those of others are denied for another reason.
        (_, "Explain" | "Cancel") => caller.call_method(to, object, interface, member, &(u64::MAX,)).await,
        (_, "Catalogue") => caller.call_method(to, object, interface, member, &("en",)).await,
        (_, "Embed") => caller.call_method(to, object, interface, member, &(texts,)).await,
        (_, "Match") => caller.call_method(to, object, interface, member, &("a", texts)).await,
        (_, "Judge") => caller.call_method(to, object, interface, member, &("a", "b")).await,
        (_, "Search") => caller.call_method(to, object, interface, member, &("a", 1_u32, options())).await,
        (_, "Install") => {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"no bundle").unwrap();
            caller.call_method(to, object, interface, member, &(zbus::Fd::from(&file), options())).await
        }
        (_, "Answer") => caller.call_method(to, object, interface, member, &(1_u64, Variant::from(true))).await,
        _ => caller.call_method(to, object, interface, member, &()).await,
    };
    answer.err()
}

fn served_by_the_daemon() -> Vec<Row> {
    rows().into_iter().filter(|row| row.kind == Kind::Method && row.place().0 == "org.steward1").collect()
}

async fn open_session(caller: &Connection) -> zbus::Result<String> {
    let options = HashMap::<&str, Variant<'_>>::new();
    let answer =
        caller.call_method(Some("org.steward1"), "/org/steward1", Some("org.steward1.Assistant"), "OpenSession", &(options,)).await?;
    let path: OwnedObjectPath = answer.body().deserialize()?;
    Ok(path.to_string())
}

#[tokio::test]
async fn the_daemon_itself_keeps_the_table() {
    let Some(car) = Open::start().await else { return };
    let hmi = car.connect("hmi").await;
    let mut wrong = Vec::new();
    let rows = served_by_the_daemon();
    assert!(rows.len() >= 19, "{rows:?}");
    for role in ROLES {
        let caller = car.connect(role).await;
        for row in &rows {
            // A session of its own for every call, since one of them closes it; who may not open one tries another's.
            let session = match open_session(&caller).await {
                Ok(session) => session,
                Err(_) => open_session(&hmi).await.unwrap(),
            };
            let name = call(&caller, row, &session).await.map(|error| error_name(&error)).unwrap_or_default();
            assert!(!name.contains("Unknown") && !name.contains("InvalidArgs"), "{role} {}: {name}", row.member);
            if (name == DENIED) == row.allows(role) {
                wrong.push(format!("{role} {}.{}: {name:?}, the table says {}", row.interface, row.member, row.allows(role)));
            }
            let closed = Row { interface: "org.steward1.Session".into(), member: "Close".into(), ..row.clone() };
            call(&caller, &closed, &session).await;
            call(&hmi, &closed, &session).await;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Answers every CheckAuthorization with `yes`.
async fn polkit(car: &Open, yes: Arc<AtomicBool>) -> Connection {
    let connection = car.connect("root").await;
    let mut messages = MessageStream::from(&connection);
    connection.request_name("org.freedesktop.PolicyKit1").await.unwrap();
    let answering = connection.clone();
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if message.message_type() == Type::MethodCall {
                let answer = (yes.load(Ordering::Relaxed), false, HashMap::<String, String>::new());
                answering.reply(&message.header(), &(answer,)).await.unwrap();
            }
        }
    });
    connection
}

#[tokio::test]
async fn polkit_is_asked_where_it_runs() {
    let Some(car) = Open::start().await else { return };
    let installer = car.connect("installer").await;
    let rollback = served_by_the_daemon().into_iter().find(|row| row.member == "Rollback").unwrap();
    let install = served_by_the_daemon().into_iter().find(|row| row.member == "Install").unwrap();
    let yes = Arc::new(AtomicBool::new(false));
    let polkit = polkit(&car, Arc::clone(&yes)).await;
    for (row, action) in [(&rollback, "org.steward1.knowledge.rollback"), (&install, "org.steward1.knowledge.install")] {
        let error = call(&installer, row, "").await.unwrap();
        assert_eq!(error_name(&error), DENIED);
        assert!(error_text(&error).contains(action), "{error}");
    }
    // Root is not asked about, and polkit's yes lets the installer pass.
    let root = car.connect("root").await;
    assert_ne!(call(&root, &rollback, "").await.map(|error| error_name(&error)).as_deref(), Some(DENIED));
    yes.store(true, Ordering::Relaxed);
    assert_ne!(call(&installer, &rollback, "").await.map(|error| error_name(&error)).as_deref(), Some(DENIED));
    drop(polkit);
}

/// The actions that the daemon asks polkit about are those that are shipped.
#[test]
fn polkit_knows_the_actions() {
    let shipped = std::fs::read_to_string(Checkout::find().unwrap().path("systemd/polkit/org.steward1.policy")).unwrap();
    let asked = std::fs::read_to_string(Checkout::find().unwrap().path("daemon/src/bus/knowledge.rs")).unwrap();
    for action in ["org.steward1.knowledge.install", "org.steward1.knowledge.rollback"] {
        assert!(shipped.contains(&format!("<action id=\"{action}\">")) && asked.contains(&format!("\"{action}\"")), "{action}");
    }
}
