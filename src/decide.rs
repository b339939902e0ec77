//! What to do with a turn. Pure: no IO, no clock, no model.

pub mod figures;

pub mod grounding;

pub mod confidence;

pub mod features;
pub mod outcome;
pub mod policy;

pub use confidence::{Evidence, confidence};
pub use features::{Features, MessageKind, OnOffer};
pub use grounding::{Problem, translation_problems, unsupported};
pub use outcome::{Action, Reason};
pub use policy::{Decision, Thresholds, decide, needs_evidence};
