//! Trains what the program brings along in weights, and measures it on what was held out: the heads of
//! `understand::heads`, the kinds of `understand::kinds`, the heads of `answer::judge`, the adapter of the search model
//! and what compares its tokens.
//!
//! Runs only for `atiende train-feeling`, `train-intents`, `train-judge`, `train-search`, `train-late` and
//! `eval-intents`; the running product never comes here, and no sentence is kept.

pub mod businesses;
pub mod chance;
pub mod course;
pub mod data;
pub mod fit;
pub mod intents;
pub mod judging;
pub mod lessons;
pub mod measure;
pub mod offers;
pub mod softmax;
pub mod tally;
