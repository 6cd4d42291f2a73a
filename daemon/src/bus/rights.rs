//! Who may do what: the table in `rights.toml`, and from a caller's user and groups to its roles. The bus has a policy that says the
//! same; this one also holds where that was forgotten. The only file that asks the user database.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use nix::unistd::{Group, Uid};

use super::error::{Error, Result};
use crate::turns::{Caller, Role, Roles};

const TABLE: &str = include_str!("../../rights.toml");

/// Groups of the user database and the role that their members have.
const GROUPS: [(&str, Role); 3] = [("steward-hmi", Role::Hmi), ("steward-client", Role::Client), ("steward-installer", Role::Installer)];

/// Interface to member to the roles that may call it.
type Table = BTreeMap<String, BTreeMap<String, Vec<Role>>>;

static RIGHTS: LazyLock<Table> = LazyLock::new(|| toml::from_str(TABLE).expect("the table is part of the program, and tested"));

/// The roles of a user who is in these groups.
pub(super) fn roles(uid: u32, groups: &[u32]) -> Roles {
    if uid == 0 || uid == Uid::effective().as_raw() {
        return Roles::from_iter([Role::Owner]);
    }
    let is_in = |name: &str| matches!(Group::from_name(name), Ok(Some(group)) if groups.contains(&group.gid.as_raw()));
    GROUPS.into_iter().filter(|(name, _)| is_in(name)).map(|(_, role)| role).collect()
}

/// Lets a caller pass to `member` of `org.steward1.INTERFACE`.
///
/// # Errors
/// `Denied`. A member that is not in the table is open to nobody but the owner.
pub(super) fn check(caller: &Caller, interface: &str, member: &str) -> Result<()> {
    let allowed = RIGHTS.get(&format!("org.steward1.{interface}")).and_then(|members| members.get(member));
    if caller.roles.has_one_of(allowed.map_or(&[], Vec::as_slice)) {
        return Ok(());
    }
    tracing::warn!(uid = caller.uid, interface, member, "a call was denied");
    let groups: Vec<&str> =
        GROUPS.iter().filter(|(_, role)| allowed.is_some_and(|all| all.contains(role))).map(|(name, _)| *name).collect();
    let who = if groups.is_empty() { "root".to_owned() } else { format!("members of {}", groups.join(", ")) };
    Err(Error::Denied(format!("{interface}.{member} is for {who}; this caller is user {}", caller.uid)))
}

/// Every member that the table names, as `org.steward1.Interface member`.
#[cfg(test)]
pub(super) fn named() -> std::collections::BTreeSet<String> {
    let members = |(interface, members): (&String, &BTreeMap<String, Vec<Role>>)| {
        members.keys().map(|member| format!("{interface} {member}")).collect::<Vec<_>>()
    };
    RIGHTS.iter().filter(|(interface, _)| *interface != "own").flat_map(members).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(roles: &[Role]) -> Caller {
        Caller { name: ":1.1".to_owned(), uid: 4711, roles: roles.iter().copied().collect() }
    }

    #[test]
    fn every_cell_of_the_table_is_kept() {
        let mut cells = 0;
        for (interface, members) in RIGHTS.iter().filter(|(interface, _)| *interface != "own") {
            let short = interface.strip_prefix("org.steward1.").unwrap();
            for (member, allowed) in members {
                for role in [Role::Hmi, Role::Client, Role::Installer, Role::Plugin, Role::Vehicle, Role::Daemon] {
                    assert_eq!(check(&caller(&[role]), short, member).is_ok(), allowed.contains(&role), "{role:?} {interface}.{member}");
                    cells += 1;
                }
                assert!(check(&caller(&[]), short, member).is_err(), "nobody {interface}.{member}");
                assert!(check(&caller(&[Role::Owner]), short, member).is_ok(), "owner {interface}.{member}");
            }
        }
        assert!(cells > 200, "{cells}");
    }

    #[test]
    fn what_is_not_in_the_table_is_denied() {
        assert!(check(&caller(&[Role::Hmi, Role::Client]), "Assistant", "Nothing").is_err());
        assert!(check(&caller(&[Role::Hmi, Role::Client]), "Nothing", "Ask").is_err());
    }

    #[test]
    fn the_sentence_says_who_may() {
        let Err(Error::Denied(sentence)) = check(&caller(&[Role::Hmi]), "Knowledge", "Install") else { panic!("it was let through") };
        assert_eq!(sentence, "Knowledge.Install is for members of steward-installer; this caller is user 4711");
    }

    #[test]
    fn the_own_user_and_root_have_everything() {
        assert!(roles(0, &[]).has(Role::Owner));
        assert!(roles(Uid::effective().as_raw(), &[]).has(Role::Owner));
        assert_eq!(roles(Uid::effective().as_raw() ^ 0x4000_0000, &[]), Roles::default());
    }
}
