//! A stand-in for Meta's servers, so that the demo and the tests take the real way over HTTP.
//!
//! It knows HTTP and Meta's wire format and nothing of the product: what it shows, the product really sent.

pub mod meta;
pub mod page;
pub mod terminal;

#[cfg(test)]
mod support;
