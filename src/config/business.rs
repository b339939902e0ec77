//! `[business]`: who the business is.

use jiff::tz::TimeZone;

use super::section::{Check, require, section};
use crate::domain::Language;

section! {
    /// Who you are. The bot introduces itself by this name, and these are the only facts beside `knowledge/` that it
    /// may state.
    pub struct Business in "business" {
        /// The name that customers know you by.
        name: String = String::new(),
        /// The language for a customer whose language cannot be told, for example after a single emoji.
        default_language: Language = Language::Es,
        /// The time zone of your hours and dates, by its IANA name.
        timezone: TimeZone = TimeZone::get("Europe/Madrid").expect("the time zones are bundled. This is a bug."),
        /// A telephone number that the bot may give to customers.
        phone: Option<String> = None,
        /// An e-mail address that the bot may give to customers.
        email: Option<String> = None,
        /// A website that the bot may give to customers.
        website: Option<String> = None,
        /// The street address that the bot may give to customers.
        address: Option<String> = None,
    }
}

impl Check for Business {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        require(&mut problems, "name", !self.name.contains('\n'), "expected a single line");
        problems
    }
}
