//! The tables of each language, read once from `data/` and kept for the life of the process.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::pattern::Patterns;
use crate::domain::Language;

/// What is known of one language's words. Every table is folded.
#[derive(Debug)]
pub struct Lexicon {
    /// Words without content of their own: articles, prepositions, question words, courtesies.
    pub stop: Patterns,
    /// The names of the days, Monday first.
    pub weekdays: [Patterns; 7],
    /// Short forms that are ordinary words elsewhere ("mar", "sun"): only for reading opening hours.
    pub short_weekdays: [Patterns; 7],
    /// The names of the months, January first.
    pub months: [Patterns; 12],
    /// "Today", "tonight", "now".
    pub today: Patterns,
    /// "Tomorrow".
    pub tomorrow: Patterns,
    /// Saturday and Sunday together.
    pub weekend: Patterns,
    /// Monday to Friday together.
    pub workdays: Patterns,
    /// Every day.
    pub daily: Patterns,
    /// What joins two days or times to a range.
    pub to: Patterns,
    /// Words that ask for a time or for opening hours.
    pub time: Patterns,
    /// Words that ask for a price.
    pub price: Patterns,
    /// Words that ask how long something takes.
    pub duration: Patterns,
    /// Words that ask for a place.
    pub place: Patterns,
    /// Words that ask for a phone number or an address to write to.
    pub contact: Patterns,
    /// Words that negate.
    pub not: Patterns,
    /// Words that begin an exception or a condition.
    pub except: Patterns,
    /// Words that lean on the sentence before: pronouns, "also", "otherwise".
    pub leans: Patterns,
    /// The number words from one to twelve; empty where the word is ordinary in other uses.
    pub numbers: [Patterns; 12],
    /// What may stand around the number of an option: articles, "option", courtesies.
    pub choosing: Patterns,
    /// The ordinals of one word from the first to the fourth, as options are chosen with them.
    pub ordinals: [Patterns; 4],
    /// Parts of the day before noon.
    pub morning: Patterns,
    /// Parts of the day after noon.
    pub afternoon: Patterns,
    /// The night, which spans midnight.
    pub night: Patterns,
    /// What stands before an hour: "at".
    pub at: Patterns,
    /// What adds half an hour.
    pub half: Patterns,
    /// "Per" before its unit.
    pub per: Patterns,
    /// Articles that mean "per" after a price: "80 € la noche".
    pub per_price: Patterns,
    /// "Per" after its unit.
    pub per_after: Patterns,
    /// The names of units.
    pub units: HashMap<String, Patterns>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stop: String,
    weekdays: Vec<String>,
    short: Vec<String>,
    months: Vec<String>,
    today: String,
    tomorrow: String,
    weekend: String,
    workdays: String,
    daily: String,
    to: String,
    time: String,
    price: String,
    duration: String,
    place: String,
    contact: String,
    not: String,
    except: String,
    leans: String,
    numbers: Vec<String>,
    choosing: String,
    ordinals: Vec<String>,
    am: String,
    pm: String,
    night: String,
    at: String,
    half: String,
    per: String,
    per_price: String,
    per_after: String,
    units: HashMap<String, String>,
}

macro_rules! data_files {
    ($($variant:ident $file:literal,)*) => {
        fn source(language: Language) -> &'static str {
            match language { $(Language::$variant => include_str!(concat!("data/", $file, ".toml")),)* }
        }
    };
}

data_files! {
    Ar "ar", Ca "ca", De "de", El "el", En "en", Es "es", Fr "fr", Hi "hi", Id "id", It "it", Ja "ja", Ko "ko",
    Nl "nl", Pl "pl", Pt "pt", Ro "ro", Ru "ru", Th "th", Tr "tr", Uk "uk", Vi "vi", Zh "zh",
}

/// The tables of a language.
pub fn lexicon(language: Language) -> &'static Lexicon {
    static ALL: LazyLock<HashMap<Language, Lexicon>> =
        LazyLock::new(|| Language::ALL.iter().map(|language| (*language, Lexicon::load(*language))).collect());
    ALL.get(&language).expect("every language has its tables. This is a bug.")
}

impl Lexicon {
    fn load(language: Language) -> Self {
        let file: File = toml::from_str(source(language)).expect("the built-in tables parse. This is a bug.");
        let all = |entry: &str| Patterns::read(entry);
        Lexicon {
            stop: all(&file.stop),
            weekdays: array(&file.weekdays),
            short_weekdays: array(&file.short),
            months: array(&file.months),
            today: all(&file.today),
            tomorrow: all(&file.tomorrow),
            weekend: all(&file.weekend),
            workdays: all(&file.workdays),
            daily: all(&file.daily),
            to: all(&file.to),
            time: all(&file.time),
            price: all(&file.price),
            duration: all(&file.duration),
            place: all(&file.place),
            contact: all(&file.contact),
            not: all(&file.not),
            except: all(&file.except),
            leans: all(&file.leans),
            numbers: array(&file.numbers),
            choosing: all(&file.choosing),
            ordinals: array(&file.ordinals),
            morning: all(&file.am),
            afternoon: all(&file.pm),
            night: all(&file.night),
            at: all(&file.at),
            half: all(&file.half),
            per: all(&file.per),
            per_price: all(&file.per_price),
            per_after: all(&file.per_after),
            units: file.units.iter().map(|(name, entry)| (name.clone(), all(entry))).collect(),
        }
    }
}

fn array<const COUNT: usize>(entries: &[String]) -> [Patterns; COUNT] {
    let patterns: Vec<Patterns> = entries.iter().map(|entry| Patterns::read(entry)).collect();
    patterns.try_into().expect("the built-in tables have every day, month, number and ordinal. This is a bug.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_tables() {
        for language in Language::ALL {
            let tables = lexicon(*language);
            for (name, patterns) in [
                ("stop", &tables.stop),
                ("tomorrow", &tables.tomorrow),
                ("daily", &tables.daily),
                ("weekend", &tables.weekend),
                ("time", &tables.time),
                ("price", &tables.price),
                ("duration", &tables.duration),
                ("place", &tables.place),
                ("contact", &tables.contact),
                ("not", &tables.not),
                ("except", &tables.except),
                ("leans", &tables.leans),
                ("morning", &tables.morning),
                ("choosing", &tables.choosing),
            ] {
                assert!(!patterns.is_empty(), "{language}: `{name}` is empty");
            }
            assert!(tables.weekdays.iter().chain(&tables.months).all(|names| !names.is_empty()), "{language}");
            assert_eq!(tables.units.len(), 13, "{language}");
        }
    }
}
