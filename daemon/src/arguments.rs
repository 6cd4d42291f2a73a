//! What `stewardd` can be told on its command line; here, so that its manual page can be made from it.

use std::path::PathBuf;

use clap::Parser;

/// Understands what is said in a car, does it, and answers. Serves org.steward1 on the message bus.
#[derive(Debug, Parser)]
#[command(name = "stewardd", version)]
pub struct Arguments {
    /// Read this configuration alone, instead of /etc/steward/steward.toml and /etc/steward/steward.d/*.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read configuration and rules, say what is wrong, and end
    #[arg(long)]
    pub check_config: bool,
}
