//! Asks polkit whether a caller may change what the car knows. Only where polkit runs, which a car's system bus may have or not have.

use std::collections::HashMap;

use zbus::fdo::DBusProxy;
use zbus::names::BusName;
use zbus::{Connection, Variant};

use super::error::{Error, Result};
use crate::turns::{Caller, Role};

const SERVICE: &str = "org.freedesktop.PolicyKit1";
const OBJECT: &str = "/org/freedesktop/PolicyKit1/Authority";
const INTERFACE: &str = "org.freedesktop.PolicyKit1.Authority";

/// Lets a caller pass that polkit lets pass, or when there is no polkit. Root and the daemon's own user are not asked about.
///
/// # Errors
/// `Denied`; also when polkit is there and does not answer.
pub(super) async fn authorize(connection: &Connection, caller: &Caller, action: &str) -> Result<()> {
    if caller.roles.has(Role::Owner) || !is_there(connection).await? {
        return Ok(());
    }
    let name = Variant::from(caller.name.as_str());
    let subject = ("system-bus-name", HashMap::from([("name", name)]));
    // No flags: nobody is asked for a password, for whoever installs has no screen of its own.
    let body = (subject, action, HashMap::<&str, &str>::new(), 0_u32, "");
    let reply = connection.call_method(Some(SERVICE), OBJECT, Some(INTERFACE), "CheckAuthorization", &body).await;
    let no_answer = |error: zbus::Error| {
        tracing::error!(%error, "polkit does not answer");
        Error::Denied("polkit does not answer, and without it this is not allowed".to_owned())
    };
    let reply = reply.map_err(no_answer)?;
    let (allowed, _, _): (bool, bool, HashMap<String, String>) = reply.body().deserialize().map_err(no_answer)?;
    if allowed { Ok(()) } else { Err(Error::Denied(format!("polkit does not allow {action} to this caller"))) }
}

async fn is_there(connection: &Connection) -> Result<bool> {
    let bus = DBusProxy::new(connection).await?;
    let failed = |error: zbus::fdo::Error| Error::from(zbus::Error::from(error));
    if bus.name_has_owner(BusName::from_static_str(SERVICE)?).await.map_err(failed)? {
        return Ok(true);
    }
    Ok(bus.list_activatable_names().await.map_err(failed)?.iter().any(|name| name.as_str() == SERVICE))
}
