//! The crate through its public doors: the simulated car, the host of declarative plugins, both over a real bus, and every plugin's
//! folder.

mod actuators;
mod bus;
mod car;
mod contract;
mod folders;
mod hosting;
mod linting;
mod navigating;
mod private_bus;
mod programs;
mod simulating;
