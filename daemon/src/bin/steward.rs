//! `steward`: talks to the daemon, or to an assistant of its own.

fn main() -> std::process::ExitCode {
    steward_daemon::command::run(std::env::args_os())
}
