//! The shipped D-Bus policy against the table of rights: every role tries every member on a private bus, and the bus itself decides.
//! Behind the names are programs that answer everything, so that what is refused was refused by the policy.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::{FutureExt, StreamExt};
use steward_tests::Checkout;
use steward_tests::accounts::{Account, Accounts};
use steward_tests::bus::PrivateBus;
use zbus::fdo::{DBusProxy, RequestNameFlags};
use zbus::message::Type;
use zbus::{Connection, MatchRule, MessageStream};

use crate::table::{Kind, Row, names, rows};

const REACHED: &str = "org.steward1.test.Reached";

/// A bus under the shipped policy, and a connection for every role.
struct Car {
    roles: Vec<(&'static str, Connection)>,
    owners: Vec<(&'static str, Connection)>,
    windows: Account,
    socket: PathBuf,
    _bus: PrivateBus,
    _folder: tempfile::TempDir,
}

/// A folder that other users may look into.
pub(crate) fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("steward-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// What a package has for two plugins.
fn package(root: &Path) {
    let checkout = Checkout::find().unwrap();
    let mut command = Command::new(checkout.program("steward-package").unwrap());
    command.arg("--root").arg(root).args(["plugins"]).args(["climate", "windows"].map(|id| checkout.path("plugins").join(id)));
    assert!(command.status().unwrap().success());
}

fn declared(root: &Path) -> Vec<PathBuf> {
    let plugins = ["climate", "windows"].map(|id| root.join(format!("usr/lib/sysusers.d/steward-plugin-{id}.conf")));
    std::iter::once(Checkout::find().unwrap().path("systemd/sysusers.conf")).chain(plugins).collect()
}

impl Car {
    async fn start() -> Option<Self> {
        let folder = open_folder();
        let root = folder.path().join("root");
        package(&root);
        let accounts = Accounts::of(&root, &declared(&root)).unwrap()?;
        for role in ["hmi", "client", "installer"] {
            accounts.add(&format!("test-{role}"), &[&format!("steward-{role}")]).unwrap();
        }
        accounts.add("test-other", &[]).unwrap();
        let policies = [Checkout::find().unwrap().path("systemd/dbus"), root.join("usr/share/dbus-1/system.d")];
        let bus = PrivateBus::start_guarded(folder.path(), &policies, &accounts).unwrap();
        let socket = folder.path().join("bus");
        let connect = async |name: &str| accounts.find(name).unwrap().connect(&socket).await.unwrap();
        let mut roles = Vec::new();
        for (role, user) in USERS {
            roles.push((role, connect(user).await));
        }
        let mut owners = Vec::new();
        for (name, user) in OWNERS {
            let owner = connect(user).await;
            owner.request_name(name).await.unwrap();
            tokio::spawn(answer_everything(owner.clone()));
            owners.push((name, owner));
        }
        let windows = accounts.find("steward-p-windows").unwrap();
        Some(Car { roles, owners, windows, socket, _bus: bus, _folder: folder })
    }

    fn role(&self, name: &str) -> &Connection {
        &self.roles.iter().find(|(role, _)| *role == name).unwrap().1
    }

    fn owner(&self, name: &str) -> &Connection {
        &self.owners.iter().find(|(owner, _)| *owner == name).unwrap().1
    }
}

/// Roles and the users that stand for them.
const USERS: [(&str, &str); 8] = [
    ("root", "root"),
    ("hmi", "test-hmi"),
    ("client", "test-client"),
    ("installer", "test-installer"),
    ("plugin", "steward-p-climate"),
    ("daemon", "steward"),
    ("vehicle", "steward-vehicle"),
    ("other", "test-other"),
];

const OWNERS: [(&str, &str); 3] =
    [("org.steward1", "steward"), ("org.steward1.vehicle", "steward-vehicle"), ("org.steward1.plugin.climate", "steward-p-climate")];

async fn answer_everything(connection: Connection) {
    let mut messages = MessageStream::from(&connection);
    while let Some(Ok(message)) = messages.next().await {
        if message.message_type() == Type::MethodCall {
            connection.reply_error(&message.header(), REACHED, &"reached").await.unwrap();
        }
    }
}

/// Whether a call got through to whoever has the name.
async fn reaches(caller: &Connection, row: &Row) -> bool {
    let (name, object) = row.place();
    let answer = if row.kind == Kind::Property {
        let wanted = (row.interface.as_str(), row.member.as_str());
        caller.call_method(Some(name), object, Some("org.freedesktop.DBus.Properties"), "Get", &wanted).await
    } else {
        caller.call_method(Some(name), object, Some(row.interface.as_str()), row.member.as_str(), &()).await
    };
    verdict(&answer)
}

fn verdict(answer: &zbus::Result<zbus::Message>) -> bool {
    match answer {
        Err(zbus::Error::MethodError(name, ..)) if name.as_str() == REACHED => true,
        Err(zbus::Error::FDO(error)) if matches!(**error, zbus::fdo::Error::AccessDenied(_)) => false,
        other => panic!("neither reached nor refused: {other:?}"),
    }
}

#[tokio::test]
async fn every_role_reaches_exactly_what_the_table_gives_it() {
    let Some(car) = Car::start().await else { return };
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for row in rows().iter().filter(|row| row.kind != Kind::Signal) {
        for (role, caller) in &car.roles {
            cells += 1;
            if reaches(caller, row).await != row.allows(role) {
                wrong.push(format!("{role} {}.{}: the table says {}", row.interface, row.member, row.allows(role)));
            }
        }
    }
    assert!(cells > 250, "{cells}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A call need not name its interface, and then rules about interfaces must not let it pass.
#[tokio::test]
async fn a_call_without_an_interface_is_refused() {
    let Some(car) = Car::start().await else { return };
    for role in ["hmi", "client", "installer", "other"] {
        for member in ["Install", "Embed", "Ask"] {
            let answer = car.role(role).call_method(Some("org.steward1"), "/org/steward1", None::<&str>, member, &()).await;
            assert!(!verdict(&answer), "{role} {member}");
        }
    }
}

/// Everything that a role hears, in the order it was sent, as `Interface.Member`.
struct Ear {
    role: &'static str,
    connection: Connection,
    stream: MessageStream,
}

async fn ears(car: &Car) -> Vec<Ear> {
    let mut ears = Vec::new();
    for (role, connection) in &car.roles {
        let rule = MatchRule::builder().msg_type(Type::Signal).path_namespace("/org/steward1").build().unwrap();
        let stream = MessageStream::for_match_rule(rule, connection, std::num::NonZeroUsize::new(4096)).await.unwrap();
        ears.push(Ear { role, connection: connection.clone(), stream });
    }
    ears
}

impl Ear {
    /// What has arrived by now. The bus has passed on what was sent before, once it has answered the sender and then us.
    async fn heard(&mut self) -> Vec<String> {
        ask_the_bus(&self.connection).await;
        let mut heard = Vec::new();
        while let Some(Some(Ok(message))) = self.stream.next().now_or_never() {
            let header = message.header();
            heard.push(format!("{}.{}", header.interface().unwrap(), header.member().unwrap()));
        }
        heard
    }
}

async fn ask_the_bus(connection: &Connection) {
    DBusProxy::new(connection).await.unwrap().get_id().await.unwrap();
}

#[tokio::test]
async fn every_role_hears_exactly_what_the_table_gives_it() {
    let Some(car) = Car::start().await else { return };
    let mut ears = ears(&car).await;
    let signals: Vec<Row> = rows().into_iter().filter(|row| row.kind == Kind::Signal).collect();
    assert!(signals.len() >= 6, "{signals:?}");
    for row in &signals {
        let (name, object) = row.place();
        let owner = car.owner(name);
        // To everybody, and to each alone.
        owner.emit_signal(None::<&str>, object, row.interface.as_str(), row.member.as_str(), &()).await.unwrap();
        for ear in &ears {
            let to = ear.connection.unique_name().unwrap().as_str();
            owner.emit_signal(Some(to), object, row.interface.as_str(), row.member.as_str(), &()).await.unwrap();
        }
        ask_the_bus(owner).await;
        for ear in &mut ears {
            let expected = if row.allows(ear.role) { 2 } else { 0 };
            let heard = ear.heard().await;
            assert_eq!(heard.len(), expected, "{} heard {heard:?} of {}.{}", ear.role, row.interface, row.member);
        }
    }
}

/// What a plugin or a screen says in the car's or the daemon's voice, nobody hears.
#[tokio::test]
async fn nobody_speaks_for_another() {
    let Some(car) = Car::start().await else { return };
    let mut ears = ears(&car).await;
    let root = ears.iter_mut().find(|ear| ear.role == "root").unwrap();
    let mut heard_once = 0;
    for row in rows().iter().filter(|row| row.kind == Kind::Signal) {
        let speaker = if row.place().0 == "org.steward1" { "daemon" } else { "vehicle" };
        for (role, connection) in car.roles.iter().filter(|(role, _)| *role != "root") {
            connection.emit_signal(None::<&str>, row.place().1, row.interface.as_str(), row.member.as_str(), &()).await.unwrap();
            ask_the_bus(connection).await;
            let heard = root.heard().await;
            assert_eq!(!heard.is_empty(), *role == speaker, "{role} said {}.{}", row.interface, row.member);
            heard_once += heard.len();
        }
    }
    assert!(heard_once >= 6, "{heard_once}");
}

async fn may_own(connection: &Connection, name: &str) -> bool {
    match connection.request_name_with_flags(name, RequestNameFlags::DO_NOT_QUEUE).await {
        // Taken is a fact, not a refusal.
        Ok(_) | Err(zbus::Error::NameTaken) => true,
        Err(zbus::Error::FDO(error)) if matches!(*error, zbus::fdo::Error::AccessDenied(_)) => false,
        Err(error) => panic!("{name}: {error:?}"),
    }
}

#[tokio::test]
async fn every_role_owns_exactly_what_the_table_gives_it() {
    let Some(car) = Car::start().await else { return };
    for (name, allowed) in names() {
        for (role, connection) in &car.roles {
            assert_eq!(may_own(connection, &name).await, allowed.iter().any(|allowed| allowed == role), "{role} {name}");
        }
    }
}

#[tokio::test]
async fn a_plugin_owns_its_own_name_alone() {
    let Some(car) = Car::start().await else { return };
    let windows = car.windows.connect(&car.socket).await.unwrap();
    assert!(may_own(&windows, "org.steward1.plugin.windows").await);
    for other in ["org.steward1", "org.steward1.plugin.climate", "org.steward1.plugin.new", "org.steward1.plugin.windows.x"] {
        assert!(!may_own(&windows, other).await, "{other}");
    }
    let climate = car.role("plugin");
    assert!(!may_own(climate, "org.steward1.plugin.windows").await);
    // Nor can it have another plugin do something.
    let answer =
        windows.call_method(Some("org.steward1.plugin.climate"), "/org/steward1/plugin", Some("org.steward1.Plugin"), "Invoke", &());
    assert!(!verdict(&answer.await));
}
