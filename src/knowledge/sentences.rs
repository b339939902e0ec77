//! Cuts running text into sentences, in every script that the product answers in.
//!
//! Never changes a character: what it returns, joined, is the text without the white space between sentences. When in
//! doubt it does not cut, because a sentence too long is harmless and half a price is not.

/// Abbreviations after which a sentence goes on, whatever follows.
const NEVER_LAST: &[&str] = &[
    "approx", "aprox", "apdo", "art", "av", "avda", "bzgl", "bzw", "ca", "cap", "cca", "cf", "col", "cra", "ctra",
    "dr", "dra", "dott", "ej", "engº", "exmo", "fig", "gral", "gob", "hr", "ing", "inkl", "kl", "lic", "máx", "max",
    "mín", "min", "mme", "mlle", "mr", "mrs", "ms", "mw", "nr", "nro", "núm", "num", "nº", "n°", "ntra", "op", "pag",
    "pág", "pl", "prof", "profa", "pza", "ref", "resp", "sig", "sig.ra", "sr", "sra", "srta", "st", "sta", "sto",
    "str", "tel", "telf", "tfno", "tlf", "ud", "uds", "ul", "ver", "vgl", "vs", "zzgl", "г", "д", "кв", "руб", "тел",
    "ул", "стр", "им", "п.ч", "π.χ", "τηλ", "e.g", "i.e", "z.b", "d.h", "p.ej", "p.ex", "u.a", "v.b", "b.v", "bijv",
    "np", "örn",
];

/// Abbreviations that may end a sentence: it goes on unless a capital or a digit's sentence begins.
const MAY_BE_LAST: &[&str] = &[
    "etc", "usw", "h", "hs", "hrs", "a.m", "p.m", "am", "pm", "co", "ltd", "inc", "jr", "i.t.d", "itd", "т.д", "т.п",
    "vb", "น",
];

const GERMAN_MONTHS: &[&str] = &[
    "jan",
    "januar",
    "feb",
    "februar",
    "märz",
    "april",
    "mai",
    "juni",
    "juli",
    "aug",
    "august",
    "sept",
    "september",
    "okt",
    "oktober",
    "nov",
    "november",
    "dez",
    "dezember",
];

/// Past this many characters an unclosed bracket no longer holds a sentence together.
const LONGEST_BRACKET: usize = 400;

/// A Thai clause is cut at a space once it is this many characters long: Thai writes no full stops.
const THAI_CLAUSE: usize = 40;

/// The sentences of a text, trimmed, none empty.
pub fn sentences(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < characters.len() {
        match cut_after(&characters, start, at) {
            Some(end) => {
                push(&mut found, &characters[start..end]);
                start = end;
                at = end;
            }
            None => at += 1,
        }
    }
    push(&mut found, &characters[start..]);
    found
}

fn push(found: &mut Vec<String>, piece: &[char]) {
    let sentence: String = piece.iter().collect();
    let sentence = sentence.trim();
    if !sentence.is_empty() {
        found.push(sentence.to_owned());
    }
}

/// Where the sentence that began at `start` ends when the character at `at` ends it.
fn cut_after(text: &[char], start: usize, at: usize) -> Option<usize> {
    match text[at] {
        '\n' => Some(at + 1),
        ' ' if ends_thai_clause(text, start, at) => Some(at + 1),
        '。' | '！' | '？' | '｡' => Some(end_of_run(text, at)).filter(|end| is_whole(&text[start..*end])),
        '!' | '?' | '…' | '؟' | '।' | '॥' | '۔' | '\u{37e}' | '.' => {
            let end = end_of_run(text, at);
            (ends_sentence(text, start, at, end) && is_whole(&text[start..end])).then_some(end)
        }
        ';' if at > 0 && is_greek(text[at - 1]) => {
            let end = end_of_run(text, at);
            (starts_anew(text, end)).then_some(end)
        }
        _ => None,
    }
}

/// The end of a run of terminators with the quotes and brackets that close after them.
fn end_of_run(text: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while end < text.len() && is_terminator(text[end]) {
        end += 1;
    }
    while end < text.len() && is_closer(text[end]) {
        end += 1;
    }
    end
}

fn is_terminator(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '｡' | '؟' | '।' | '॥' | '۔')
}

fn is_closer(character: char) -> bool {
    matches!(character, ')' | ']' | '"' | '\'' | '»' | '”' | '’' | '*' | '_' | '`' | '」' | '』' | '）')
}

fn ends_sentence(text: &[char], start: usize, at: usize, end: usize) -> bool {
    if end < text.len() && !text[end].is_whitespace() {
        return false;
    }
    match text[at] {
        '.' if at + 1 < text.len() && text[at + 1] == '.' => starts_anew(text, end),
        '.' => full_stop_ends(text, start, at, end),
        '…' => starts_anew(text, end),
        _ => true,
    }
}

fn full_stop_ends(text: &[char], start: usize, at: usize, end: usize) -> bool {
    let Some(next) = next_letter(text, end) else { return true };
    let word = word_before(text, start, at);
    if word.is_empty() {
        return true;
    }
    let lower = word.to_lowercase();
    if NEVER_LAST.contains(&lower.as_str()) {
        return false;
    }
    if MAY_BE_LAST.contains(&lower.as_str()) || lower.contains('.') {
        return next.is_uppercase();
    }
    let is_number = lower.chars().all(|character| character.is_ascii_digit());
    // An initial ("C. Mayor") and a number that counts ("1. Amasar", "24. Dezember") go on.
    if !is_number && lower.chars().count() == 1 && word.chars().all(char::is_uppercase) {
        return false;
    }
    if is_number && lower.len() <= 2 && (opens_sentence(text, start, at) || month_follows(text, end)) {
        return false;
    }
    !next.is_lowercase()
}

/// Whether the word that ends before `at` is the first of its sentence.
fn opens_sentence(text: &[char], start: usize, at: usize) -> bool {
    !text[start..at].iter().skip_while(|character| character.is_whitespace()).any(|character| character.is_whitespace())
}

fn month_follows(text: &[char], end: usize) -> bool {
    let word: String = text[end..]
        .iter()
        .skip_while(|character| !character.is_alphabetic())
        .take_while(|character| character.is_alphabetic())
        .collect();
    GERMAN_MONTHS.contains(&word.to_lowercase().as_str())
}

/// The word before a full stop, inner full stops included: `p.m`.
fn word_before(text: &[char], start: usize, at: usize) -> String {
    let mut from = at;
    while from > start && (text[from - 1].is_alphanumeric() || matches!(text[from - 1], '.' | 'º' | '°')) {
        from -= 1;
    }
    text[from..at].iter().collect()
}

fn next_letter(text: &[char], end: usize) -> Option<char> {
    text[end..].iter().copied().find(|character| character.is_alphanumeric())
}

/// Whether what follows looks like the beginning of a sentence.
fn starts_anew(text: &[char], end: usize) -> bool {
    (end >= text.len() || text[end].is_whitespace()) && next_letter(text, end).is_none_or(|next| !next.is_lowercase())
}

fn is_greek(character: char) -> bool {
    matches!(character, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

fn is_thai(character: char) -> bool {
    matches!(character, '\u{e00}'..='\u{e7f}')
}

fn ends_thai_clause(text: &[char], start: usize, at: usize) -> bool {
    at > start
        && is_thai(text[at - 1])
        && text.get(at + 1).copied().is_some_and(is_thai)
        && at - start >= THAI_CLAUSE
        && is_whole(&text[start..at])
}

/// Whether no bracket and no bold span is left open, so that a cut here breaks no markup.
fn is_whole(piece: &[char]) -> bool {
    if piece.len() > LONGEST_BRACKET {
        return true;
    }
    let mut depth = 0i32;
    let mut stars = 0;
    let mut pair = false;
    for (index, character) in piece.iter().enumerate() {
        match character {
            '(' | '[' | '（' | '「' => depth += 1,
            ')' | ']' | '）' | '」' => depth = (depth - 1).max(0),
            '*' if !pair && piece.get(index + 1) == Some(&'*') => {
                stars += 1;
                pair = true;
                continue;
            }
            _ => {}
        }
        pair = false;
    }
    depth == 0 && stars % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str, expected: &[&str]) {
        assert_eq!(sentences(text), expected);
    }

    #[test]
    fn plain_sentences_are_cut_in_latin_script() {
        cut("Abrimos a las 9. ¿Y el domingo? ¡También!", &["Abrimos a las 9.", "¿Y el domingo?", "¡También!"]);
        cut("Cerramos a las 14. Abrimos a las 17.", &["Cerramos a las 14.", "Abrimos a las 17."]);
        cut("No cerramos... Casi nunca.", &["No cerramos...", "Casi nunca."]);
        cut("«Vuelvo pronto.» Eso dijo.", &["«Vuelvo pronto.»", "Eso dijo."]);
    }

    #[test]
    fn times_decimals_phone_numbers_and_links_stay_whole() {
        cut("De 9.30 a.m. a 2 p.m. y de 5 a 8 p.m.", &["De 9.30 a.m. a 2 p.m. y de 5 a 8 p.m."]);
        cut("Abre a las 9 a.m. Cierra a las 2.", &["Abre a las 9 a.m.", "Cierra a las 2."]);
        cut("Cuesta 1.50 €. Vale.", &["Cuesta 1.50 €.", "Vale."]);
        cut("Tel. 960 000 000. Llámanos.", &["Tel. 960 000 000.", "Llámanos."]);
        cut("Mira https://example.com/a.b?c=1. Gracias.", &["Mira https://example.com/a.b?c=1.", "Gracias."]);
        cut("Escribe a hola@example.com. Te leemos.", &["Escribe a hola@example.com.", "Te leemos."]);
    }

    #[test]
    fn abbreviations_initials_and_ordinals_go_on() {
        cut("La Sra. Pérez vive en Avda. Blasco 3. Es maja.", &["La Sra. Pérez vive en Avda. Blasco 3.", "Es maja."]);
        cut("Pan, bollos, etc. y café. Todo hoy.", &["Pan, bollos, etc. y café.", "Todo hoy."]);
        cut("Am 24. Dezember ist zu. Danach offen.", &["Am 24. Dezember ist zu.", "Danach offen."]);
        cut("C. Mayor es la calle.", &["C. Mayor es la calle."]);
        cut("1. Amasar bien. Dejar reposar.", &["1. Amasar bien.", "Dejar reposar."]);
    }

    #[test]
    fn every_script_has_its_own_full_stop() {
        cut("我们九点开门。周日休息！可以吗？", &["我们九点开门。", "周日休息！", "可以吗？"]);
        cut("هل تفتحون الأحد؟ نعم. أهلا بكم.", &["هل تفتحون الأحد؟", "نعم.", "أهلا بكم."]);
        cut("हम नौ बजे खोलते हैं। रविवार को बंद।", &["हम नौ बजे खोलते हैं।", "रविवार को बंद।"]);
        cut("Είστε ανοιχτά; Ναι, πάντα.", &["Είστε ανοιχτά;", "Ναι, πάντα."]);
        cut("営業時間は9時です。日曜は休み。", &["営業時間は9時です。", "日曜は休み。"]);
        let thai = sentences("ร้านของเราเปิดทุกวันตั้งแต่เก้าโมงเช้าถึงหกโมงเย็น วันอาทิตย์ปิดครึ่งวันหลังเที่ยง");
        assert_eq!(thai.len(), 2);
    }

    #[test]
    fn markup_is_never_torn() {
        cut("**Ojo. Muy caliente.** Cuidado.", &["**Ojo. Muy caliente.**", "Cuidado."]);
        cut("Hay pan (de hoy. Y de ayer.) siempre.", &["Hay pan (de hoy. Y de ayer.) siempre."]);
        cut("Lunes: cerrado\nMartes: abierto", &["Lunes: cerrado", "Martes: abierto"]);
    }

    fn squeeze(text: &str) -> String {
        text.chars().filter(|character| !character.is_whitespace()).collect()
    }

    proptest! {
        #[test]
        fn no_character_is_lost(text in "[A-Za-zñ0-9 .!?…。？؟।()*\\[\\]\n:;ก-ฮ 中文,€@/+-]{0,120}") {
            let found = sentences(&text);
            prop_assert_eq!(squeeze(&found.concat()), squeeze(&text));
            prop_assert!(found.iter().all(|sentence| !sentence.trim().is_empty()));
        }

        #[test]
        fn numbers_and_links_are_never_cut(
            hour in 0u8..24, minute in 0u8..60, cents in 0u8..100, path in "[a-z]{1,6}\\.[a-z]{2,4}",
        ) {
            let parts = [format!("{hour}.{minute:02}"), format!("{hour}.{cents:02}"), format!("https://example.com/{path}")];
            let text = format!("Antes de {} vale. Son {} euros. Ver {} hoy.", parts[0], parts[1], parts[2]);
            let found = sentences(&text);
            for part in &parts {
                prop_assert!(found.iter().any(|sentence| sentence.contains(part)), "{:?}", found);
            }
        }
    }
}
