//! Trains what the program brings along in weights, and measures it on what was held out: the heads of
//! `understand::heads`, the kinds of `understand::kinds`, and the heads of `answer::judge`.
//!
//! Runs only for `atiende train-feeling`, `train-intents`, `train-judge` and `eval-intents`; the running product never
//! comes here, and no sentence is kept.

pub mod data;
pub mod fit;
pub mod intents;
pub mod judging;
pub mod measure;
pub mod softmax;
pub mod tally;
