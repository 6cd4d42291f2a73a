//! The Debian package: made, installed into a folder that stands for a car, run there as a car would run it, removed and purged.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use steward_tests::accounts::Accounts;
use steward_tests::bus::PrivateBus;
use steward_tests::process::Process;
use steward_tests::{Checkout, prepared};

use crate::capabilities::wait_for;
use crate::policy::open_folder;

/// Programs that making and installing a package needs.
const TOOLS: [&str; 5] = ["dpkg-deb", "dpkg", "strip", "objdump", "chroot"];

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

fn package(folder: &Path) -> PathBuf {
    let checkout = Checkout::find().unwrap();
    let mut command = Command::new(checkout.path("package/build.sh"));
    command.arg(folder).env("STEWARD_COMPRESSION", "none").env("STEWARD_KNOWLEDGE", prepared::knowledge(&checkout, |_| {}).unwrap());
    // The programs beside this test, wherever Cargo put them.
    let target = checkout.program("stewardd").unwrap().parent().unwrap().parent().unwrap().to_owned();
    let output = run(command.env("CARGO_TARGET_DIR", target));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// dpkg at work on a folder, without touching the machine's own packages.
fn dpkg(root: &Path, arguments: &[&str]) {
    let mut command = Command::new("dpkg");
    command.arg(format!("--root={}", root.display())).args(["--force-script-chrootless", "--force-depends"]).args(arguments);
    run(&mut command);
}

/// An empty system: one user, and the libraries that programs in it need.
fn empty_system(root: &Path) {
    for folder in ["etc", "tmp", "run", "var/lib/dpkg/updates", "var/lib/dpkg/info"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    for (file, text) in [("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"), ("etc/group", "root:x:0:\n"), ("var/lib/dpkg/status", "")] {
        std::fs::write(root.join(file), text).unwrap();
    }
}

fn with_libraries(root: &Path) {
    for program in ["usr/bin/stewardd", "usr/bin/steward-simulator", "usr/bin/steward-plugin", "usr/bin/steward"] {
        let listed = run(Command::new("ldd").arg(root.join(program)));
        for library in String::from_utf8(listed.stdout).unwrap().split_whitespace().filter(|word| word.starts_with('/')) {
            copy_library(library, root);
        }
    }
    let onnx = std::fs::read_dir(root.join("usr/lib/steward")).unwrap().next().unwrap().unwrap().path();
    for library in
        String::from_utf8(run(Command::new("ldd").arg(onnx)).stdout).unwrap().split_whitespace().filter(|word| word.starts_with('/'))
    {
        copy_library(library, root);
    }
    copy_library(&nss_files(), root);
}

/// The C library reads the user database through a library of its own on some systems; where it has none, itself stands for it.
fn nss_files() -> String {
    let listed = String::from_utf8(run(Command::new("ldd").arg("/bin/sh")).stdout).unwrap();
    let libc = listed.split_whitespace().find(|word| word.starts_with('/') && word.contains("libc.so")).unwrap().to_owned();
    let nss = libc.replace("libc.so.6", "libnss_files.so.2");
    if Path::new(&nss).exists() { nss } else { libc }
}

fn copy_library(library: &str, root: &Path) {
    let target = root.join(library.trim_start_matches('/'));
    if target.exists() {
        return;
    }
    std::fs::create_dir_all(target.parent().unwrap()).unwrap();
    std::fs::copy(library, target).unwrap();
}

/// A program of the installed system, run inside it as one of its users.
fn inside(root: &Path, user: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command.arg(format!("--userspec={user}:")).arg(root).arg(program).args(arguments).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/bus");
    command
}

#[tokio::test]
async fn the_package_runs_as_a_car_would_run_it_and_leaves_what_it_learnt() {
    let missing = TOOLS.into_iter().find(|tool| Command::new(tool).arg("--version").output().is_err());
    if let Some(tool) = missing {
        return println!("left out: {tool} is missing");
    }
    let folder = open_folder();
    let root = folder.path().join("car");
    empty_system(&root);
    if Accounts::of(&folder.path().join("probe"), &[]).unwrap().is_none() {
        return;
    }
    let file = package(folder.path());
    dpkg(&root, &["--install", file.to_str().unwrap()]);
    let accounts = Accounts::at(&root);
    accounts.add("screen", &["steward-hmi"]).unwrap();
    accounts.add("stranger", &[]).unwrap();
    with_libraries(&root);

    drives(&root, &accounts).await;

    let learnt = root.join("var/lib/steward/phrases.vectors");
    assert!(learnt.exists(), "nothing was learnt");
    dpkg(&root, &["--remove", "steward"]);
    assert!(learnt.exists() && root.join("etc/steward/steward.toml").exists() && !root.join("usr/bin/stewardd").exists());
    dpkg(&root, &["--purge", "steward"]);
    assert!(!root.join("var/lib/steward").exists() && !root.join("etc/steward").exists());
}

/// Everything starts as its unit starts it, on a bus under the installed policy.
async fn drives(root: &Path, accounts: &Accounts) {
    let run_folder = root.join("run");
    let bus = PrivateBus::start_guarded(&run_folder, &[root.join("usr/share/dbus-1/system.d")], accounts).unwrap();
    let state = root.join("var/lib/steward");
    std::fs::create_dir_all(&state).unwrap();
    let (uid, gid) = accounts.find("steward").unwrap().ids();
    chown(&state, Some(uid), Some(gid)).unwrap();
    // What the first start would work out in some minutes; the rest of the state is made by the daemon.
    prepared::lend_vectors(&Checkout::find().unwrap(), &state);
    let start = |name: &str, user: &str, arguments: &[&str]| {
        let mut command = inside(root, user, &format!("/usr/bin/{name}"), arguments);
        Process::start(name, &mut command, &run_folder.join(format!("{name}.log"))).unwrap()
    };
    let _car = start("steward-simulator", "steward-vehicle", &["--bus", "system"]);
    let plugin = start("steward-plugin", "steward-p-climate", &["--bus", "system", "/usr/share/steward/plugins/climate"]);
    let mut daemon = start("stewardd", "steward", &[]);
    let root_connection = accounts.find("root").unwrap().connect(&run_folder.join("bus")).await.unwrap();
    wait_for(root_connection, &daemon).await;

    let status = run(&mut inside(root, "screen", "/usr/bin/steward", &["status", "--json"]));
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["status"], "ready", "{status}");
    let asked = run(&mut inside(root, "screen", "/usr/bin/steward", &["ask", "--json", "turn on the air conditioning"]));
    let reply: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(reply["kind"], "done", "{reply} {}", plugin.log_end(5));
    let refused = inside(root, "stranger", "/usr/bin/steward", &["ask", "turn on the air conditioning"]).output().unwrap();
    assert!(!refused.status.success(), "{refused:?}");
    assert!(daemon.stop(), "the daemon had to be killed");
    drop(bus);
}
