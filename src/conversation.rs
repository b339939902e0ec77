//! One conversation at a time: gathers what a customer wrote, runs a turn over it, commits what came of it.
//!
//! Holds no wire format and no SQL; nothing here sends anything.

pub mod actor;
pub mod assistant;
pub mod burst;
pub mod commit;
pub mod dispatcher;
mod hear;
mod offer;
pub mod say;
pub mod session;
pub mod snapshot;
mod summary;
pub mod turn;

pub use assistant::{Assistant, Settings};
pub use turn::{Source, Timings, Turn};
