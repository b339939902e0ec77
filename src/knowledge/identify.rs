//! Identifies the language of a text of some length.
//!
//! The only place that names the identification library. Meant for files; a customer's few words need more care.

use std::sync::OnceLock;

use lingua::{LanguageDetector, LanguageDetectorBuilder};

use crate::domain::Language;

/// Reading further does not make it surer.
const ENOUGH_CHARACTERS: usize = 3000;

/// Below this many letters any answer would be a guess.
const FEWEST_LETTERS: usize = 12;

/// The language of a text, none when it has too few letters or shows no language of the product.
pub fn identify(text: &str) -> Option<Language> {
    let part: String = text.chars().take(ENOUGH_CHARACTERS).collect();
    if part.chars().filter(|character| character.is_alphabetic()).count() < FEWEST_LETTERS {
        return None;
    }
    let found = detector().detect_language_of(part)?;
    found.iso_code_639_1().to_string().parse().ok()
}

fn detector() -> &'static LanguageDetector {
    static DETECTOR: OnceLock<LanguageDetector> = OnceLock::new();
    DETECTOR.get_or_init(|| {
        // Sequences of up to three letters tell languages apart on whole files, at a fraction of the memory.
        let codes: Vec<lingua::IsoCode639_1> =
            Language::ALL.iter().filter_map(|language| language.code().to_uppercase().parse().ok()).collect();
        LanguageDetectorBuilder::from_iso_codes_639_1(&codes).with_low_accuracy_mode().build()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_languages_are_told_apart() {
        let samples = [
            (Language::Es, "Abrimos de lunes a viernes por la mañana y también los domingos hasta las dos."),
            (
                Language::Ca,
                "Obrim de dilluns a divendres al matí i també els diumenges fins a les dues. Tenim pa amb nous.",
            ),
            (Language::Pt, "Abrimos de segunda a sexta pela manhã e também aos domingos até às duas. Não fechamos."),
            (Language::It, "Siamo aperti dal lunedì al venerdì e anche la domenica fino alle due."),
            (Language::Uk, "Ми відчинені з понеділка до п'ятниці, а також у неділю до другої години."),
            (Language::Zh, "我们星期一到星期五开门，星期天也开到下午两点，欢迎光临。"),
        ];
        for (language, text) in samples {
            assert_eq!(identify(text), Some(language), "{text}");
        }
    }

    #[test]
    fn too_little_text_has_no_language() {
        assert_eq!(identify("960 000 000 — 1,10 €"), None);
    }
}
