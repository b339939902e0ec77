//! Whether a text looks like a translation into its language: script, length, no markup, nothing left over.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

use super::Problem;
use crate::answer::words::Text;
use crate::answer::words::fold::{fold, is_hangul};
use crate::domain::Language;

/// The problems of form.
pub fn problems(original: &str, translated: &str, to: Language) -> Vec<Problem> {
    if translated.trim().is_empty() {
        return vec![Problem::Empty];
    }
    [
        (!is_in_script(original, translated, to), Problem::Script),
        (is_left_over(original, translated), Problem::Untranslated),
        (!has_sane_length(original, translated), Problem::Length),
        (has_markup(original, translated), Problem::Markup),
        (has_preamble(original, translated), Problem::Preamble),
    ]
    .into_iter()
    .filter_map(|(applies, problem)| applies.then_some(problem))
    .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Arabic,
    Devanagari,
    Thai,
    Hangul,
    Kana,
    Han,
    Other,
}

impl Script {
    fn of(character: char) -> Script {
        match character {
            'a'..='z' | 'A'..='Z' | '\u{00AA}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}' => Script::Latin,
            '\u{0370}'..='\u{03FF}' | '\u{1F00}'..='\u{1FFF}' => Script::Greek,
            '\u{0400}'..='\u{052F}' => Script::Cyrillic,
            '\u{0600}'..='\u{06FF}' => Script::Arabic,
            '\u{0900}'..='\u{097F}' => Script::Devanagari,
            '\u{0E00}'..='\u{0E7F}' => Script::Thai,
            '\u{3040}'..='\u{30FF}' => Script::Kana,
            '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' => Script::Han,
            other if is_hangul(other) => Script::Hangul,
            _ => Script::Other,
        }
    }

    fn expected(language: Language) -> &'static [Script] {
        match language {
            Language::Ar => &[Script::Arabic],
            Language::El => &[Script::Greek],
            Language::Hi => &[Script::Devanagari],
            Language::Ja => &[Script::Kana, Script::Han],
            Language::Ko => &[Script::Hangul],
            Language::Ru | Language::Uk => &[Script::Cyrillic],
            Language::Th => &[Script::Thai],
            Language::Zh => &[Script::Han],
            _ => &[Script::Latin],
        }
    }
}

/// Half of the letters are in the language's script (names and brands stay Latin), and no other script appears that the
/// original does not have: small models slip into Chinese.
fn is_in_script(original: &str, translated: &str, to: Language) -> bool {
    let expected = Script::expected(to);
    let scripts: Vec<Script> = translated.chars().filter(|c| c.is_alphabetic()).map(Script::of).collect();
    let own = scripts.iter().filter(|script| expected.contains(script)).count();
    let known: Vec<Script> = original.chars().map(Script::of).collect();
    let is_foreign =
        |script: &Script| !expected.contains(script) && *script != Script::Latin && !known.contains(script);
    let lacks_kana = to == Language::Ja && scripts.len() > 12 && !scripts.contains(&Script::Kana);
    own * 2 >= scripts.len() && !scripts.iter().any(is_foreign) && !lacks_kana
}

/// Whether most of the text, or a whole sentence of it, stands in the original word for word.
fn is_left_over(original: &str, translated: &str) -> bool {
    let known: HashSet<String> = long_words(original).into_iter().collect();
    let share_above = |text: &str, least: usize, tenths: usize| {
        let words = long_words(text);
        let same = words.iter().filter(|word| known.contains(*word)).count();
        words.len() >= least && same * 10 > words.len() * tenths
    };
    // Related languages share a good part of their words.
    share_above(translated, 3, 6) || translated.unicode_sentences().any(|sentence| share_above(sentence, 3, 7))
}

/// Words of four letters and more, which are rarely the same in two languages.
fn long_words(text: &str) -> Vec<String> {
    // A capital inside a sentence marks a name, which stays as it is; the folded text has lost it.
    let words = Text::new(text);
    let lower = words.tokens.iter().filter(|token| !token.original.starts_with(char::is_uppercase));
    lower
        .map(|token| words.folded_token(token).to_owned())
        .filter(|word| word.chars().count() >= 4 && !word.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

fn has_sane_length(original: &str, translated: &str) -> bool {
    let (before, after) = (weight(original), weight(translated));
    // A word or two may well double.
    before < 15 || (after * 10 >= before * 4 && after * 10 <= before * 25)
}

/// The length in letters, where one sign of a dense script counts as the letters it stands for.
fn weight(text: &str) -> usize {
    text.chars()
        .map(|character| match Script::of(character) {
            Script::Han => 3,
            Script::Kana | Script::Hangul => 2,
            _ if character.is_whitespace() => 0,
            _ => 1,
        })
        .sum()
}

/// Control tokens, code fences, headings, tags: the model's own, unless the owner wrote them.
fn has_markup(original: &str, translated: &str) -> bool {
    const MARKS: &[&str] =
        &["<|", "|>", "```", "###", "[inst]", "</", "<s>", "<think", "{{", "}}", "system:", "assistant:", "user:"];
    let (original, translated) = (original.to_lowercase(), translated.to_lowercase());
    MARKS.iter().any(|mark| translated.contains(mark) && !original.contains(mark))
}

/// What models put before a translation: a line that ends its first words in a colon and calls itself a translation, or
/// an assurance. The words are folded.
fn has_preamble(original: &str, translated: &str) -> bool {
    const NAMES: &[&str] = &[
        "translat",
        "traduc",
        "traduit",
        "ubersetz",
        "traduzi",
        "tradott",
        "vertal",
        "vertaal",
        "tlumacz",
        "перевод",
        "переклад",
        "μεταφρασ",
        "cevir",
        "ceviri",
        "terjemah",
        "ban dich",
        "ترجم",
        "अनुवाद",
        "翻译",
        "翻訳",
        "번역",
        "แปล",
    ];
    const ASSURANCES: &[&str] = &["sure,", "sure!", "certainly", "of course", "claro,", "claro!", "as an ai"];
    let (original, translated) = (fold(original), fold(translated));
    let titles = translated.lines().filter_map(|line| line.split_once(':')).map(|(title, _)| title);
    let calls_itself = titles.flat_map(|title| NAMES.iter().filter(move |name| title.contains(**name)));
    // A translator's own text speaks of translations before the colon too.
    let is_named = calls_itself.count() > 0 && !NAMES.iter().any(|name| original.contains(name));
    is_named || ASSURANCES.iter().any(|assurance| translated.trim_start().starts_with(assurance))
}
