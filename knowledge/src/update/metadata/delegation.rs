//! Who may speak for which files. The targets role holds no files itself: it hands `knowledge/LINE`, `model/NAME` and `policy/NAME` to
//! roles of these names, each with its own keys, and each for files below its own name alone.

use std::collections::BTreeMap;

use tough::Repository;
use tough::schema::{PathSet, Targets};

use super::delegated;
use crate::update::carrier::Wanted;
use crate::update::error::UpdateError;
use crate::update::names;

/// What roles may be about; this version installs the first.
const KINDS: [&str; 3] = ["knowledge", "model", "policy"];
/// Roles in a bundle.
const ROLES_LIMIT: usize = 16;

/// The one line whose knowledge the bundle holds.
pub(super) fn line_of_bundle(repository: &Repository) -> Result<String, UpdateError> {
    let targets = &repository.targets().signed;
    check_roles(targets)?;
    let lines: Vec<&str> = delegated(targets).filter_map(|(name, _)| name.strip_prefix("knowledge/")).collect();
    match lines.as_slice() {
        [line] => names::check_line(line).map(|()| (*line).to_owned()),
        [] => Err(UpdateError::Unsupported("the bundle holds no knowledge, and this version installs nothing else".to_owned())),
        _ => Err(UpdateError::Unsupported(format!("the bundle holds {} lines of knowledge; one is allowed", lines.len()))),
    }
}

fn check_roles(targets: &Targets) -> Result<(), UpdateError> {
    if !targets.targets.is_empty() {
        return Err(UpdateError::malformed("targets.json", "it names files itself instead of leaving them to its roles"));
    }
    let roles = targets.delegations.as_ref().map_or(&[][..], |delegations| &delegations.roles);
    if roles.len() > ROLES_LIMIT {
        return Err(UpdateError::TooMany { limit: ROLES_LIMIT });
    }
    for role in roles {
        let (kind, name) = role.name.split_once('/').unwrap_or((&role.name, ""));
        if !KINDS.contains(&kind) {
            return Err(UpdateError::malformed("targets.json", format!("{:?} is no role of a bundle", role.name)));
        }
        names::check_line(name)?;
        let own = format!("{}/*", role.name);
        let is_own = matches!(&role.paths, PathSet::Paths(paths) if paths.iter().all(|path| path.value() == own));
        if !is_own {
            return Err(UpdateError::malformed("targets.json", format!("{} may only speak for {own}", role.name)));
        }
        let Some(signed) = &role.targets else {
            return Err(UpdateError::Partial { name: format!("{}.json", role.name.replace('/', "%2F")) });
        };
        if signed.signed.delegations.as_ref().is_some_and(|further| !further.roles.is_empty()) {
            return Err(UpdateError::malformed(&role.name, "it hands its work on"));
        }
    }
    Ok(())
}

/// The line's files, by their names below `knowledge/LINE/`. Files of other roles are not installed by this version.
pub(super) fn files(repository: &Repository, line: &str) -> Result<BTreeMap<String, Wanted>, UpdateError> {
    let mut files = BTreeMap::new();
    for (role, targets) in delegated(&repository.targets().signed) {
        for (name, target) in &targets.targets {
            names::check(name.raw())?;
            let below = name.raw().strip_prefix(role).and_then(|rest| rest.strip_prefix('/'));
            let below = below.filter(|below| !below.contains('/'));
            let below = below.ok_or_else(|| UpdateError::malformed(role, format!("{} is not its file", name.raw())))?;
            if role != format!("knowledge/{line}") {
                return Err(UpdateError::Unsupported(format!("the bundle holds {role}, and this version installs knowledge alone")));
            }
            let sha256 = target.hashes.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            files.insert(below.to_owned(), Wanted { length: target.length, sha256 });
        }
    }
    Ok(files)
}
