//! What a caller is to the car, as far as it decides what he may do.

use std::fmt;

/// One role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Root, or the user that the daemon runs as: everything.
    Owner,
    /// Screens and buttons of the car.
    Hmi,
    /// Another program that asks.
    Client,
    /// What brings new knowledge.
    Installer,
    /// A plugin.
    Plugin,
    /// What serves the car's signals.
    Vehicle,
    /// The daemon, towards plugins and the car.
    Daemon,
}

/// Any number of roles; nobody in particular by default.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Whether this role is among them.
    pub fn has(self, role: Role) -> bool {
        self.0 & 1 << role as u8 != 0
    }

    /// Whether one of these roles is among them; the owner has them all.
    pub fn has_one_of(self, roles: &[Role]) -> bool {
        self.has(Role::Owner) || roles.iter().any(|role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Roles(roles.into_iter().fold(0, |all, role| all | 1 << role as u8))
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [Role::Owner, Role::Hmi, Role::Client, Role::Installer, Role::Plugin, Role::Vehicle, Role::Daemon];
        f.debug_set().entries(all.into_iter().filter(|role| self.has(*role))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_has_every_role() {
        let (owner, nobody, hmi) = (Roles::from_iter([Role::Owner]), Roles::default(), Roles::from_iter([Role::Hmi, Role::Plugin]));
        assert!(owner.has_one_of(&[]) && owner.has_one_of(&[Role::Client]));
        assert!(!nobody.has_one_of(&[Role::Client]) && !nobody.has_one_of(&[]));
        assert!(hmi.has_one_of(&[Role::Client, Role::Hmi]) && !hmi.has_one_of(&[Role::Client]));
        assert_eq!(format!("{hmi:?}"), "{Hmi, Plugin}");
    }
}
