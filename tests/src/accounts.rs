//! Users and groups of a test's own, without touching the machine's: programs see them in a view of the file system of their own, and
//! connections to a bus are made as one of them. Needs root.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use zbus::Connection;
use zbus::connection::Builder;

/// Far from the users of any machine.
const FIRST_ID: u32 = 61_000;

/// A user database in a folder.
#[derive(Debug)]
pub struct Accounts {
    root: PathBuf,
}

/// One user with the groups that the database gives him.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub name: String,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl Accounts {
    /// A copy of the machine's database in `root`, with what the `sysusers.d` files declare. `Ok(None)` with a printed reason where this
    /// machine cannot have one.
    ///
    /// # Errors
    /// The folder cannot be written, or a declaration is wrong.
    pub fn of(root: &Path, declared: &[PathBuf]) -> Result<Option<Self>> {
        if let Some(reason) = obstacle() {
            println!("left out: {reason}");
            return Ok(None);
        }
        std::fs::create_dir_all(root.join("etc"))?;
        for file in ["passwd", "group"] {
            std::fs::copy(Path::new("/etc").join(file), root.join("etc").join(file))?;
        }
        let output = Command::new("systemd-sysusers").arg(format!("--root={}", root.display())).args(declared).output()?;
        ensure!(output.status.success(), "systemd-sysusers: {}", String::from_utf8_lossy(&output.stderr));
        Ok(Some(Accounts { root: root.to_owned() }))
    }

    /// The database of an installed system.
    pub fn at(root: &Path) -> Self {
        Accounts { root: root.to_owned() }
    }

    /// Adds a user who is a member of these groups.
    ///
    /// # Errors
    /// The database cannot be written; a group is not there.
    pub fn add(&self, name: &str, groups: &[&str]) -> Result<Account> {
        let id = FIRST_ID + u32::try_from(self.read("passwd")?.lines().count())?;
        self.append("passwd", &format!("{name}:x:{id}:{id}::/:/bin/false"))?;
        let members = |line: &str| match line.split(':').next() {
            Some(group) if groups.contains(&group) => format!("{line}{}{name}\n", if line.ends_with(':') { "" } else { "," }),
            _ => format!("{line}\n"),
        };
        let text: String = self.read("group")?.lines().map(members).collect();
        std::fs::write(self.root.join("etc/group"), text + &format!("{name}:x:{id}:\n"))?;
        self.find(name)
    }

    /// A user of the database.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<Account> {
        let (users, groups) = (self.read("passwd")?, self.read("group")?);
        let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
        let user = users.lines().map(fields).find(|user| user[0] == name).with_context(|| format!("there is no user {name}"))?;
        let (uid, gid) = (user[2].parse()?, user[3].parse()?);
        let joined = groups.lines().map(fields).filter(|group| group[3].split(',').any(|member| member == name));
        let joined: Result<Vec<u32>, _> = joined.map(|group| group[2].parse()).collect();
        Ok(Account { name: name.to_owned(), uid, gid, groups: joined? })
    }

    /// A command whose program sees this database in the place of the machine's.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let etc = self.root.join("etc");
        let script = "mount --bind \"$0/passwd\" /etc/passwd && mount --bind \"$0/group\" /etc/group && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).arg(etc).arg(program);
        command
    }

    fn read(&self, file: &str) -> Result<String> {
        Ok(std::fs::read_to_string(self.root.join("etc").join(file))?)
    }

    fn append(&self, file: &str, line: &str) -> Result<()> {
        let mut file = std::fs::OpenOptions::new().append(true).mode(0o644).open(self.root.join("etc").join(file))?;
        Ok(writeln!(file, "{line}")?)
    }
}

impl Account {
    /// User and group.
    pub fn ids(&self) -> (u32, u32) {
        (self.uid, self.gid)
    }

    /// Connects to the bus at a socket as this user.
    ///
    /// # Errors
    /// The bus does not let it in.
    pub async fn connect(&self, socket: &Path) -> Result<Connection> {
        let (account, socket) = (self.clone(), socket.to_owned());
        // A thread has rights of its own, and the bus asks the kernel with whose rights a connection was made.
        let stream = std::thread::spawn(move || account.become_and_connect(&socket)).join();
        let Ok(stream) = stream else { bail!("the thread that connects broke") };
        let builder = Builder::unix_stream(stream?).user_id(self.uid).method_timeout(std::time::Duration::from_secs(20));
        builder.build().await.with_context(|| format!("the bus does not let {} in", self.name))
    }

    fn become_and_connect(&self, socket: &Path) -> Result<UnixStream> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        let groups: Vec<Gid> = self.groups.iter().map(|group| Gid::from_raw(*group)).collect();
        set_thread_groups(&groups)?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
        UnixStream::connect(socket).with_context(|| format!("{} cannot reach {}", self.name, socket.display()))
    }
}

/// Why this machine cannot have other users for a test.
fn obstacle() -> Option<&'static str> {
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if !geteuid().is_root() {
        Some("only root can be other users")
    } else if !works("unshare", &["--mount", "mount", "--bind", "/etc/passwd", "/etc/passwd"]) {
        Some("no view of the file system of its own can be made here (unshare --mount)")
    } else if !works("systemd-sysusers", &["--version"]) {
        Some("systemd-sysusers is missing (package systemd)")
    } else {
        None
    }
}
