//! Whatever moment the product is killed at, each message is answered in the end, and answered once.

#[path = "../support/channel.rs"]
mod channel;
#[path = "../support/model.rs"]
mod model;
#[path = "../support/stage.rs"]
mod stage;

mod disk;
mod killed;
mod process;
mod steps;
