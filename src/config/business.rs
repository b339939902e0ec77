//! `[business]`: who the business is.

use jiff::tz::TimeZone;

use super::section::{Check, require, section};
use crate::domain::Language;

section! {
    /// Who you are. The bot introduces itself with these facts, and they are the only ones beside `knowledge/`
    /// that it may state.
    pub struct Business in "business" {
        /// The name that customers know you by.
        name: String = String::new(),
        /// What you do, in one line: "Artisan bakery in Seville". It tells the bot which questions are its own.
        description: String = String::new(),
        /// The languages in which your knowledge folder is written: ["es", "en"]. Customers are answered in their
        /// own language whatever you list here. Empty: the default language alone.
        languages: Vec<Language> = Vec::new(),
        /// The language for a customer whose language cannot be told, for example after a single emoji.
        default_language: Language = Language::Es,
        /// The time zone of your hours and dates, by its IANA name.
        timezone: TimeZone = TimeZone::get("Europe/Madrid").expect("the time zones are bundled. This is a bug."),
        /// The two-letter code of your country: "ES", "MX". Phone numbers without a prefix are read as that country's.
        country: Option<String> = None,
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

impl Business {
    /// The languages in which the owner writes, never empty.
    pub fn written_languages(&self) -> Vec<Language> {
        if self.languages.is_empty() { vec![self.default_language] } else { self.languages.clone() }
    }
}

impl Check for Business {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let two_letters = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let valid = self.country.as_ref().is_none_or(two_letters);
        require(&mut problems, "country", valid, "expected two capital letters such as \"ES\"");
        require(&mut problems, "description", !self.description.contains('\n'), "expected a single line");
        require(&mut problems, "name", !self.name.contains('\n'), "expected a single line");
        problems
    }
}
