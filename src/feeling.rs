//! Trains the heads of `understand::heads` and the kinds of `understand::kinds` from labelled sentences and measures them on
//! those held out.
//!
//! Runs only for `atiende train-feeling`, `train-intents` and `eval-intents`; the running product never comes here, and no sentence is kept.

pub mod data;
pub mod fit;
pub mod intents;
pub mod measure;
pub mod softmax;
pub mod tally;
