//! Customers' words made fit to be shown or written down: one line, no control characters, no numbers to call.

use std::sync::LazyLock;

use regex::Regex;

use crate::knowledge::fold::fold;

/// E-mail addresses, links, and numbers as long as a telephone's, a card's or an account's.
static CONTACT_DATA: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\S+@\S+|(?i:https?://|www\.)\S+|(?i:\b[a-z]{2})?(?:\+\d{1,3}[\s-]?)?\d(?:[\s()./-]{0,2}\d){8,}")
        .expect("the pattern is sound. This is a bug.")
});

/// A text on one line, without control characters, cut at `longest` characters.
pub fn one_line(text: &str, longest: usize) -> String {
    let spaced: String = text.chars().map(|character| if is_unseen(character) { ' ' } else { character }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    let cut: String = line.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// A text without what only one customer can be reached or charged by. It may still name people: a person reads it.
pub fn without_contact_data(text: &str) -> String {
    CONTACT_DATA.replace_all(text, "…").into_owned()
}

/// How two wordings are compared for being the same: words alone, without case, accents and signs.
pub fn folded(text: &str) -> String {
    let folded = fold(text);
    folded
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What moves a terminal's cursor or turns a line's direction around instead of being read.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_line_that_moves_no_cursor() {
        assert_eq!(one_line("hola\n\u{1b}[2J¿tarta\u{202e}?", 100), "hola [2J¿tarta ?");
        assert_eq!(one_line("ñandú ñandú", 8), "ñandú ñ…");
    }

    #[test]
    fn numbers_to_call_and_addresses_are_left_out_and_prices_and_dates_are_not() {
        let cases = [
            ("llamadme al +34 600 111 222, gracias", "llamadme al …, gracias"),
            ("soy rosa@example.com", "soy …"),
            ("mi IBAN es ES9121000418450200051332", "mi IBAN es …"),
            ("mirad https://example.com/x?y", "mirad …"),
            ("¿tarta de 12 personas el 21/11 por 45,50 €?", "¿tarta de 12 personas el 21/11 por 45,50 €?"),
            ("abrís el 06-12-2026?", "abrís el 06-12-2026?"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_contact_data(text), expected);
        }
    }

    #[test]
    fn the_same_words_are_the_same_wording() {
        assert_eq!(folded("¿Tenéis TARTA  vegana?"), folded("teneis tarta vegana"));
        assert_ne!(folded("有纯素蛋糕吗"), folded("有停车场吗"));
    }
}
