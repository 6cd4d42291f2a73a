//! Who calls, and whether it may: only what the bus says counts, never what a message claims.

use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::{BusName, OwnedUniqueName};

use super::error::{Error, Result};
use super::rights;
use crate::desk::Desk;
use crate::turns::Caller;

/// The unique name of a message's sender.
pub(super) fn sender(header: &Header<'_>) -> Result<OwnedUniqueName> {
    let sender = header.sender().ok_or_else(|| Error::Denied("a message without a sender has no rights".to_owned()))?;
    Ok(sender.to_owned().into())
}

/// The caller behind a unique name, if it may call `member` of `org.steward1.INTERFACE`.
pub(super) async fn permitted(
    desk: &Desk,
    connection: &Connection,
    name: &OwnedUniqueName,
    (interface, member): (&str, &str),
) -> Result<Caller> {
    let caller = identify(desk, connection, name).await?;
    rights::check(&caller, interface, member).inspect_err(|_| desk.turns.metrics.denied())?;
    Ok(caller)
}

/// The caller behind a unique name. Its first call asks the bus whose it is, and in which groups.
async fn identify(desk: &Desk, connection: &Connection, name: &OwnedUniqueName) -> Result<Caller> {
    if let Some(caller) = desk.turns.knows(name.as_str()) {
        return Ok(caller);
    }
    let gone = |_| Error::Denied("the caller has left the bus".to_owned());
    let bus = DBusProxy::new(connection).await?;
    let credentials = bus.get_connection_credentials(BusName::from(name.as_ref())).await.map_err(gone)?;
    let unknown = || Error::Denied("the bus does not say which user this caller is".to_owned());
    let uid = credentials.unix_user_id().ok_or_else(unknown)?;
    let roles = rights::roles(uid, &credentials.into_unix_group_ids().unwrap_or_default());
    let caller = Caller { name: name.to_string(), uid, roles };
    desk.turns.welcome(&caller);
    // It may have left before it was written down, and then its leaving was heard too early to clean up.
    if !bus.name_has_owner(BusName::from(name.as_ref())).await.map_err(gone)? {
        desk.turns.farewell(&caller.name);
        return Err(Error::Denied("the caller has left the bus".to_owned()));
    }
    Ok(caller)
}
