//! Translations made ahead, in a folder as an owner has it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::domain::Language;
use crate::knowledge::{Hit, Knowledge, Options, Query, Report};

const HOURS: &str = "# Horario\n\nAbrimos los martes de 9:00 a 14:00.\n\nLos domingos descansamos todo el día.\n\n| Pan | Precio |\n|---|---|\n| Barra | 1,20 € |\n";

const PAIRS: &str = "# hours.md → English\n\n- [x] Horario\n  → Opening hours\n- [x] Abrimos los martes de 9:00 a 14:00.\n  → We open on Tuesdays from 9:00 to 14:00.\n- [ ] Los domingos descansamos todo el día.\n  → On Sundays we rest all day.\n- [?] Barra\n  → Baguette\n";

struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new(knowledge: &str, english: &str) -> Shop {
        let folder = TempDir::new().unwrap();
        let shop = Shop { folder };
        shop.write("knowledge/hours.md", knowledge);
        shop.write("translations/en/hours.md", english);
        shop
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
    }

    fn open(&self) -> (Knowledge, Report) {
        Knowledge::open(Options {
            dir: self.path("knowledge"),
            translations: Some(self.path("translations")),
            index_dir: Some(self.path("index")),
            embedder: None,
            examples: Default::default(),
        })
        .unwrap()
    }
}

fn hits(knowledge: &Knowledge, text: &str, language: Language) -> Vec<Hit> {
    knowledge.search(&Query { text: text.into(), context: None, language }, 5)
}

#[test]
fn a_customer_finds_the_translation_and_it_knows_its_original() {
    let (knowledge, report) = Shop::new(HOURS, PAIRS).open();
    assert_eq!((report.files, report.passages, report.problems.len()), (1, 1, 0));
    let found = hits(&knowledge, "are you open on tuesdays?", Language::En);
    assert_eq!(found.len(), 1);
    let passage = &found[0].passage;
    assert_eq!((passage.language, passage.file.as_str()), (Language::En, "hours.md"));
    assert!(passage.text().contains("We open on Tuesdays from 9:00 to 14:00."));
    assert!(passage.text().contains("Barra (Baguette) — 1,20 €"), "{}", passage.text());
    assert_eq!(passage.original.as_ref().map(|original| original.language), Some(Language::Es));
    assert!(passage.is_draft);
}

#[test]
fn readers_of_other_languages_get_the_owner_s_own_words() {
    let (knowledge, _) = Shop::new(HOURS, PAIRS).open();
    for (text, language) in [("¿abrís los martes?", Language::Es), ("horario?", Language::Pt)] {
        let found = hits(&knowledge, text, language);
        assert!(found.iter().all(|hit| hit.passage.original.is_none()), "{text}");
        assert_eq!(found.len(), 1, "{text}");
    }
}

#[test]
fn a_wrong_figure_is_never_used_whoever_approved_it() {
    let wrong = PAIRS.replace("→ We open on Tuesdays from 9:00", "→ We open on Tuesdays from 10:00");
    let (knowledge, report) = Shop::new(HOURS, &wrong).open();
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].file.ends_with("translations/en/hours.md"));
    assert_eq!(report.problems[0].line, 5);
    let all = knowledge.passages();
    assert!(all.iter().all(|passage| !passage.text().contains("10:00")));
}

#[test]
fn what_did_not_pass_or_is_too_little_is_not_used() {
    let (knowledge, report) = Shop::new(HOURS, &PAIRS.replace("[x] Abrimos", "[!] Abrimos")).open();
    assert!(report.problems.is_empty());
    assert!(knowledge.passages().iter().all(|passage| !passage.text().contains("Tuesdays")));
}

#[test]
fn a_broken_file_is_named_and_costs_only_itself() {
    let (knowledge, report) = Shop::new(HOURS, "- [x] Horario\n  Opening hours\n").open();
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].to_string().contains("translations/en/hours.md:2:"), "{}", report.problems[0]);
    assert_eq!(knowledge.passages().len(), 1);
}

#[test]
fn a_changed_original_loses_its_translation_until_there_is_a_new_one() {
    let shop = Shop::new(HOURS, PAIRS);
    let (knowledge, _) = shop.open();
    shop.write("knowledge/hours.md", &HOURS.replace("9:00", "10:00"));
    knowledge.reload();
    let said = |word: &str| knowledge.passages().iter().any(|passage| passage.text().contains(word));
    assert!(!said("9:00"));
    shop.write("translations/en/hours.md", &PAIRS.replace("9:00", "10:00"));
    knowledge.reload();
    assert!(said("We open on Tuesdays from 10:00"));
}

#[test]
fn a_restart_takes_translations_from_the_index_and_a_removed_file_out_of_it() {
    let shop = Shop::new(HOURS, PAIRS);
    let english = |knowledge: &Knowledge| !hits(knowledge, "open on tuesdays", Language::En).is_empty();
    assert!(english(&shop.open().0));
    assert!(english(&shop.open().0));
    fs::remove_file(shop.path("translations/en/hours.md")).unwrap();
    let (knowledge, _) = shop.open();
    assert!(knowledge.passages().iter().all(|passage| passage.language == Language::Es));
}

#[test]
fn what_the_owner_wrote_in_a_language_is_not_translated_into_it() {
    let shop = Shop::new(HOURS, PAIRS);
    fs::rename(shop.path("knowledge/hours.md"), shop.path("knowledge/hours.es.md")).unwrap();
    fs::rename(shop.path("translations/en/hours.md"), shop.path("translations/en/hours.es.md")).unwrap();
    shop.write("knowledge/hours.en.md", "# Hours\n\nOpen on Tuesdays.\n");
    let (knowledge, _) = shop.open();
    assert!(knowledge.passages().iter().all(|passage| passage.original.is_none()));
}
