//! Trains the two heads of `understand::heads` from labelled sentences and measures them on those held out.
//!
//! Runs only for `atiende train-feeling`; the running product never comes here, and no sentence is kept.

pub mod data;
pub mod fit;
pub mod measure;
