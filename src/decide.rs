//! What to do with a turn. Pure: no IO, no clock, no model.

pub mod figures;

pub mod grounding;

pub mod confidence;

pub mod policy;

pub use confidence::{Evidence, confidence};
pub use grounding::{Problem, translation_problems, unsupported};
pub use policy::{Action, Decision, Features, MessageKind, Reason, Thresholds, decide, needs_evidence};
