//! What the car knows and where it comes from: its own knowledge, which came with its software, and bundles that were installed since.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use knowledge::update::{Car, InUse, Model, Report, Store, UpdateError, line_of};
use knowledge::{Generation, Shelf};
use models::Embedder;

use crate::config::Config;
use crate::turns::Caller;

/// The store's folder in the state folder.
const STORE: &str = "knowledge";

/// Everything that can be put on the shelf.
pub struct Stock {
    own: Option<Arc<Generation>>,
    store: Store,
    vehicle: String,
    embedder: Option<Arc<Embedder>>,
}

/// What is known now, and what is the matter with it.
pub struct Stocked {
    /// To be searched.
    pub shelf: Arc<Shelf>,
    /// A sentence for each bundle that could not be used.
    pub trouble: Vec<String>,
}

impl Stock {
    /// What the configuration names. `own`: the car's own knowledge, if it has any.
    pub fn new(config: &Config, own: Option<Generation>, embedder: Option<Arc<Embedder>>) -> Stock {
        let store = Store::new(&Path::new(&config.state).join(STORE), &config.trust);
        Stock { own: own.map(Arc::new), store, vehicle: config.vehicle.clone(), embedder }
    }

    /// Reads what is installed. Blocks, for as long as it takes to hash it.
    pub fn stocked(&self) -> Stocked {
        let in_use = self.store.in_use();
        let trouble = in_use.trouble.iter().map(ToString::to_string).collect();
        Stocked { shelf: Arc::new(self.shelf(in_use)), trouble }
    }

    /// The car's own knowledge first. An installed bundle of the same line takes its place, unless a newer one came with the software.
    fn shelf(&self, in_use: InUse) -> Shelf {
        let mut generations: Vec<Arc<Generation>> = Vec::new();
        let own_line = self.own.as_ref().map(|own| line_of(&own.manifest().name));
        let mut own = self.own.clone();
        for (line, generation) in in_use.bundles {
            let newer = |own: &Arc<Generation>| own.manifest().created > generation.manifest().created;
            match (&own_line, &own) {
                (Some(of_own), Some(kept)) if *of_own == line && newer(kept) => {}
                (Some(of_own), Some(_)) if *of_own == line => own = Some(Arc::new(generation)),
                _ => generations.push(Arc::new(generation)),
            }
        }
        let number = if in_use.number > 0 { in_use.number } else { self.built() };
        Shelf::new(number, own.into_iter().chain(generations).collect())
    }

    /// When the car's own knowledge was built: a time that is sure to be past.
    fn built(&self) -> u64 {
        self.own.as_ref().map_or(0, |own| own.manifest().created)
    }

    /// Whether this caller may change what the car knows: the administrator, and the user whom the daemon runs as.
    pub fn permits(caller: &Caller) -> bool {
        caller.uid == 0 || caller.uid == rustix::process::geteuid().as_raw()
    }

    /// Installs a bundle. Blocks.
    ///
    /// # Errors
    /// It is refused; see [`UpdateError`].
    pub fn install(&self, bundle: OwnedFd) -> Result<Report, UpdateError> {
        let model = self.embedder.as_deref().map_or(Model::Missing, Model::Loaded);
        self.store.install(bundle, &Car { vehicle: Some(&self.vehicle), model, not_before: self.built() })
    }

    /// Goes back to the generation before. Blocks.
    ///
    /// # Errors
    /// There is none.
    pub fn rollback(&self) -> Result<Report, UpdateError> {
        let report = self.store.rollback()?;
        let generation = if report.generation > 0 { report.generation } else { self.built() };
        Ok(Report { generation, ..report })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_may_not_change_what_the_car_knows() {
        let own = rustix::process::geteuid().as_raw();
        let caller = |uid| Caller { name: ":1.7".to_owned(), uid };
        assert!(Stock::permits(&caller(0)) && Stock::permits(&caller(own)));
        assert!(!Stock::permits(&caller(own + 1)));
    }
}
