//! Which bus, and a connection to it.

use std::convert::Infallible;
use std::str::FromStr;

use zbus::Connection;
use zbus::connection::Builder;

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Bus {
    /// The bus that started this process, else the session bus.
    #[default]
    Starter,
    /// The session bus.
    Session,
    /// The system bus.
    System,
    /// A bus at an address such as `unix:path=/run/bus`.
    Address(String),
}

impl FromStr for Bus {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "" => Bus::Starter,
            "session" => Bus::Session,
            "system" => Bus::System,
            address => Bus::Address(address.to_owned()),
        })
    }
}

impl Bus {
    /// A builder for a connection to it.
    pub fn builder(&self) -> Builder<'static> {
        match self {
            Bus::Session => Builder::session(),
            Bus::System => Builder::system(),
            Bus::Address(address) => Builder::address(address.as_str()),
            // dbus-daemon tells the services that it starts where it is.
            Bus::Starter => match std::env::var("DBUS_STARTER_ADDRESS") {
                Ok(address) if !address.is_empty() => Builder::address(address.as_str()),
                _ => Builder::session(),
            },
        }
    }
}

/// Connects as a client.
///
/// # Errors
/// No bus is there, or it does not let us in.
pub async fn connect(bus: &Bus) -> zbus::Result<Connection> {
    bus.builder().build().await
}
