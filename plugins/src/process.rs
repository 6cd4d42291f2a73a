//! What the programs of this crate have in common at their edges: where they log, and how they say that they failed.

use std::future::Future;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

/// What tasks that still run may take at the end.
const LAST_WORK: Duration = Duration::from_millis(200);

/// Runs a program to its end. Logs go to the error output, filtered by `RUST_LOG`; a failure is one line there, and exit code 1.
pub fn run(program: &str, work: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let color = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(color).init();
    let result = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
        let result = runtime.block_on(work);
        // An action that never comes back must not keep the process.
        runtime.shutdown_timeout(LAST_WORK);
        result
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
