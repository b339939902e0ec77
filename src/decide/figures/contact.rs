//! Links, e-mail addresses and phone numbers.

use std::sync::LazyLock;

use regex::Regex;

use super::Figure;
use super::scan::{Scan, ends_word};
use super::tables::compile;

/// Takes e-mail addresses and links.
pub fn take_addresses(scan: &mut Scan) {
    static EMAIL: LazyLock<Regex> = LazyLock::new(|| compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"));
    // A bare domain needs a known ending, or every missing blank after a full stop would be a link.
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r#"(?:https?://|www\.)[^\s<>()\[\]"]+"#,
            r"|(?:[a-z0-9][a-z0-9-]+\.)+(?:com|net|org|info|shop|app|io|eu|es|cat|fr|de|it|pt|br|mx|ar|cl|co|uk|nl|ro",
            r"|pl|ru|ua|gr|tr|vn|jp|kr|cn|th)\b",
            r#"(?:/[^\s<>()\[\]"]*)?"#,
        ))
    });
    let text = scan.text().to_owned();
    for found in EMAIL.find_iter(&text) {
        scan.take(found.range(), [Figure::Email(found.as_str().to_owned())]);
    }
    let text = scan.text().to_owned();
    for found in LINK.find_iter(&text) {
        let link = found.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', '\'']);
        let range = found.start()..found.start() + link.len();
        if !link.is_empty() && ends_word(&text, range.end) {
            scan.take(range, [Figure::Link(normal_link(link))]);
        }
    }
}

fn normal_link(link: &str) -> String {
    let link = link.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    link.trim_end_matches('/').to_owned()
}

/// Takes phone numbers that begin with `+`: nothing else does.
pub fn take_marked_phones(scan: &mut Scan) {
    static PHONE: LazyLock<Regex> = LazyLock::new(|| compile(r"\+\s?\(?\d[\d ().\-/\u{a0}]{5,}\d"));
    let text = scan.text().to_owned();
    for found in PHONE.find_iter(&text) {
        let digits = digits(found.as_str());
        if (7..=15).contains(&digits.len()) {
            scan.take(found.range(), [Figure::Phone(digits)]);
        }
    }
}

/// Takes phone numbers without a country code, after dates, times and money were taken.
pub fn take_plain_phones(scan: &mut Scan) {
    static PHONE: LazyLock<Regex> = LazyLock::new(|| compile(r"\(?\d[\d ().\-/]{4,}\d"));
    let text = scan.text().to_owned();
    for found in PHONE.find_iter(&text) {
        if is_phone(found.as_str()) {
            scan.take(found.range(), [Figure::Phone(digits(found.as_str()))]);
        }
    }
}

/// A phone number has 7 to 15 digits, begins with zero or holds a group of three, and is no grouped amount.
fn is_phone(text: &str) -> bool {
    let groups: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let length: usize = groups.iter().map(|group| group.len()).sum();
    if !(7..=15).contains(&length) {
        return false;
    }
    let is_grouped = groups.len() > 1 && groups[1..].iter().all(|group| group.len() == 3) && groups[0].len() <= 3;
    let is_amount = is_grouped && !text.starts_with('0') && (length < 9 || !text.contains([' ', '-', '/']));
    let is_years = groups.len() == 2 && groups.iter().all(|year| year.len() == 4 && year.starts_with(['1', '2']));
    !is_amount && !is_years && (text.starts_with(['0', '(']) || groups.iter().any(|group| group.len() >= 3))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
