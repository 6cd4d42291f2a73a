//! Who calls: only what the bus says counts, never what a message claims.

use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::{BusName, OwnedUniqueName};

use super::error::{Error, Result};
use crate::desk::Desk;
use crate::turns::Caller;

/// The unique name of a message's sender.
pub(super) fn sender(header: &Header<'_>) -> Result<OwnedUniqueName> {
    let sender = header.sender().ok_or_else(|| Error::Denied("a message without a sender has no rights".to_owned()))?;
    Ok(sender.to_owned().into())
}

/// The caller behind a unique name. Its first call asks the bus whose it is.
pub(super) async fn identify(desk: &Desk, connection: &Connection, name: &OwnedUniqueName) -> Result<Caller> {
    if let Some(caller) = desk.turns.knows(name.as_str()) {
        return Ok(caller);
    }
    let gone = |_| Error::Denied("the caller has left the bus".to_owned());
    let bus = DBusProxy::new(connection).await?;
    let uid = bus.get_connection_unix_user(BusName::from(name.as_ref())).await.map_err(gone)?;
    let caller = Caller { name: name.to_string(), uid };
    desk.turns.welcome(&caller);
    // It may have left before it was written down, and then its leaving was heard too early to clean up.
    if !bus.name_has_owner(BusName::from(name.as_ref())).await.map_err(gone)? {
        desk.turns.farewell(&caller.name);
        return Err(Error::Denied("the caller has left the bus".to_owned()));
    }
    Ok(caller)
}
