use proptest::prelude::*;

use super::*;
use crate::knowledge::{Block, PassageId};

fn passage(language: Language, headings: &[&str], blocks: Vec<Block>) -> Passage {
    let headings = headings.iter().map(|heading| (*heading).to_owned()).collect();
    Passage {
        id: PassageId(1),
        file: "horario.md".to_owned(),
        line: 1,
        headings,
        language,
        blocks,
        original: None,
        is_draft: false,
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn list(items: &[&str]) -> Block {
    Block::List { items: owned(items) }
}

fn prose(sentences: &[&str]) -> Block {
    Block::Paragraph { sentences: owned(sentences) }
}

fn table(header: &[&str], rows: &[&[&str]]) -> Block {
    Block::Table { header: owned(header), rows: rows.iter().map(|row| owned(row)).collect() }
}

fn ask<'a>(text: &'a str, language: Language) -> Question<'a> {
    Question { text, context: None, language, today: Some(Weekday::Friday) }
}

fn bakery_hours() -> Passage {
    passage(
        Language::Es,
        &["Panadería La Espiga", "Horario"],
        vec![list(&[
            "Lunes a viernes: 7:00–14:00 y 17:00–20:30",
            "Sábados: 8:00–14:00",
            "Domingos: 9:00–13:00",
            "Salvo festivos, que cerramos",
        ])],
    )
}

fn bakery_prices() -> Passage {
    passage(
        Language::Es,
        &["Precios"],
        vec![table(
            &["Producto", "Precio"],
            &[
                &["Barra de pan", "1,20 €"],
                &["Hogaza integral", "3,50 €"],
                &["Croissant", "1,40 €"],
                &["Tarta de manzana", "18 €"],
                &["Empanada gallega", "12 €"],
            ],
        )],
    )
}

fn hotel() -> Passage {
    passage(
        Language::En,
        &["Your stay"],
        vec![
            prose(&[
                "Check-in is from 15:00 to 22:00 at the reception desk in the main building.",
                "If you arrive later, the night porter opens the door for you.",
                "Check-out is until 11:00, and you may leave your luggage with us until the evening.",
            ]),
            prose(&[
                "Breakfast costs $9 per person and is served in the garden room.",
                "It includes coffee, tea, juice, eggs and homemade bread.",
                "Only guests with a reservation can be seated on Sundays.",
                "Parking costs $12 per night and has to be booked in advance.",
                "Dogs are welcome in the garden rooms for a fee of $15 per stay.",
            ]),
        ],
    )
}

fn clinic() -> Passage {
    passage(
        Language::Pt,
        &["Clínica Sorriso", "Consultas"],
        vec![prose(&[
            "A consulta de avaliação custa R$ 120 e dura cerca de 40 minutos.",
            "Atendemos de segunda a sexta-feira das 8h às 18h e aos sábados das 8h às 12h.",
            "Estamos na Rua das Flores, 45, ao lado da farmácia do centro.",
            "Para marcar, ligue para (11) 3456-7890 ou escreva para contato@sorriso.example.",
            "Aceitamos os convênios Saúde Azul e Vida Plena, mediante apresentação da carteirinha.",
        ])],
    )
}

#[track_caller]
fn check(question: Question, passage: &Passage, units: &[&str]) {
    assert_eq!(quote(&question, passage, 600).units, units, "{}", question.text);
}

#[test]
fn a_question_about_a_day_gets_the_line_of_that_day() {
    let hours = bakery_hours();
    let sunday = ["Domingos: 9:00–13:00", "Salvo festivos, que cerramos"];
    check(ask("abren el domingo??", Language::Es), &hours, &sunday);
    check(ask("a que hora abris los domingos", Language::Es), &hours, &sunday);
    check(ask("Are you open on Sunday?", Language::En), &hours, &sunday);
    check(ask("Habt ihr sonntags auf?", Language::De), &hours, &sunday);
    check(ask("周日开门吗？", Language::Zh), &hours, &sunday);
    check(ask("日曜日は何時からですか", Language::Ja), &hours, &sunday);
    check(ask("هل تفتحون يوم الأحد؟", Language::Ar), &hours, &sunday);
    check(ask("¿y el miércoles?", Language::Es), &hours, &["Lunes a viernes: 7:00–14:00 y 17:00–20:30"]);
    check(ask("¿Abren mañana?", Language::Es), &hours, &["Sábados: 8:00–14:00"]);
    check(ask("open today?", Language::En), &hours, &["Lunes a viernes: 7:00–14:00 y 17:00–20:30"]);
}

#[test]
fn where_every_row_names_the_day_the_other_words_choose() {
    let rows: &[&[&str]] = &[
        &["Piscina", "8:00–22:00", "sábado 9:00–14:00"],
        &["Gimnasio", "7:00–23:00", "sábado 8:00–15:00"],
        &["Sauna", "17:00–21:00", "sábado 10:00–13:00"],
        &["Pádel", "9:00–22:00", "sábado 9:00–20:00"],
    ];
    let table = || table(&["Instalación", "Lunes a viernes", "Sábado"], rows);
    let pool = "Piscina — Lunes a viernes: 8:00–22:00, Sábado: sábado 9:00–14:00";
    let asked = || ask("¿a qué hora abre la piscina el sábado?", Language::Es);
    check(asked(), &passage(Language::Es, &["Horarios"], vec![table()]), &[pool]);
    let led = passage(Language::Es, &["Horarios"], vec![prose(&["Consulte las instalaciones."]), table()]);
    check(asked(), &led, &[pool]);
}

#[test]
fn a_general_question_about_hours_gets_all_of_them() {
    let quote = quote(&ask("¿Qué horario tienen?", Language::Es), &bakery_hours(), 600);
    assert!(quote.whole);
    assert_eq!(quote.coverage, 1.0);
    assert_eq!(
        quote.text,
        "Horario\n• Lunes a viernes: 7:00–14:00 y 17:00–20:30\n• Sábados: 8:00–14:00\n• Domingos: 9:00–13:00\n\
         • Salvo festivos, que cerramos"
    );
}

#[test]
fn a_row_is_chosen_by_its_first_cell() {
    let prices = bakery_prices();
    check(ask("cuanto vale la barra de pan", Language::Es), &prices, &["Barra de pan — 1,20 €"]);
    check(ask("precio croissants?", Language::Es), &prices, &["Croissant — 1,40 €"]);
    check(ask("¿Cuánto cuesta una tarta?", Language::Es), &prices, &["Tarta de manzana — 18 €"]);
    assert!(quote(&ask("¿precios?", Language::Es), &prices, 600).whole);
    let row = quote(&ask("precio croissants?", Language::Es), &prices, 600);
    assert_eq!(row.text, "Precios\nCroissant — 1,40 €");
}

#[test]
fn what_is_not_there_is_missing() {
    let quote = quote(&ask("¿Hacen grabado en las tartas?", Language::Es), &bakery_prices(), 600);
    assert_eq!(quote.missing, ["grabado"]);
    assert_eq!(quote.coverage, 0.5);
}

#[test]
fn sentences_of_a_long_passage_are_chosen_by_what_they_hold() {
    let hotel = hotel();
    check(
        ask("What time is check-out?", Language::En),
        &hotel,
        &["Check-out is until 11:00, and you may leave your luggage with us until the evening."],
    );
    check(
        ask("how much is parking", Language::En),
        &hotel,
        &["Parking costs $12 per night and has to be booked in advance."],
    );
    check(
        ask("Can I bring my dog?", Language::En),
        &hotel,
        &["Dogs are welcome in the garden rooms for a fee of $15 per stay."],
    );
}

#[test]
fn a_sentence_that_leans_on_another_brings_it_along() {
    check(
        ask("Is there homemade bread, juice and eggs?", Language::En),
        &hotel(),
        &[
            "Breakfast costs $9 per person and is served in the garden room.",
            "It includes coffee, tea, juice, eggs and homemade bread.",
            "Only guests with a reservation can be seated on Sundays.",
        ],
    );
}

#[test]
fn the_kind_of_question_finds_the_kind_of_figure() {
    let clinic = clinic();
    let first = |text, language| quote(&ask(text, language), &clinic, 600).units[0].clone();
    assert!(first("Quanto custa?", Language::Pt).contains("R$ 120"));
    assert!(first("Onde ficam?", Language::Pt).contains("Rua das Flores"));
    assert!(first("Where are you located?", Language::En).contains("Rua das Flores"));
    assert!(first("Qual é o telefone?", Language::Pt).contains("3456-7890"));
    assert!(first("¿Cuánto dura?", Language::Es).contains("40 minutos"));
    assert!(first("wie viel kostet das", Language::De).contains("R$ 120"));
    assert!(first("vocês atendem sábado?", Language::Pt).contains("aos sábados das 8h"));
}

#[test]
fn a_follow_up_uses_the_question_before() {
    let prices = bakery_prices();
    let follow_up = Question { context: Some("¿Cuánto cuesta la barra?"), ..ask("¿y la hogaza?", Language::Es) };
    check(follow_up, &prices, &["Hogaza integral — 3,50 €"]);
    let day = Question { context: Some("¿A qué hora abren el sábado?"), ..ask("¿y el domingo?", Language::Es) };
    check(day, &bakery_hours(), &["Domingos: 9:00–13:00", "Salvo festivos, que cerramos"]);
}

#[test]
fn a_short_paragraph_goes_whole() {
    let returns = passage(
        Language::En,
        &["Returns"],
        vec![prose(&["You can return goods within 14 days.", "Please bring the receipt."])],
    );
    let quote = quote(&ask("can I return a drill?", Language::En), &returns, 600);
    assert_eq!(quote.text, "You can return goods within 14 days. Please bring the receipt.");
    assert!(quote.whole);
    assert_eq!(quote.missing, ["drill"]);
}

#[test]
fn the_line_that_introduces_a_list_comes_with_its_items() {
    let payment = passage(
        Language::Es,
        &["¿Cómo puedo pagar?"],
        vec![
            prose(&["Aceptamos estos medios de pago:"]),
            list(&["Efectivo en la tienda", "Tarjeta de crédito o débito", "Bizum al 600 111 222", "Transferencia"]),
        ],
    );
    let quote = quote(&ask("¿puedo pagar con bizum?", Language::Es), &payment, 600);
    assert_eq!(quote.text, "Aceptamos estos medios de pago:\nBizum al 600 111 222");
}

#[test]
fn the_budget_is_kept_but_no_sentence_is_cut() {
    let quote_short = quote(&ask("tell me about your stay", Language::En), &hotel(), 120);
    assert_eq!(quote_short.units.len(), 1);
    assert!(!quote_short.whole);
    let tiny = quote(&ask("tell me about your stay", Language::En), &hotel(), 5);
    assert_eq!(tiny.units.len(), 1);
}

#[test]
fn an_empty_passage_gives_an_empty_quote() {
    let empty = passage(Language::En, &["Nothing"], Vec::new());
    let quote = quote(&ask("hours?", Language::En), &empty, 600);
    assert_eq!((quote.text.as_str(), quote.units.len()), ("", 0));
}

#[test]
fn a_sentence_that_clearly_reads_as_the_answer_is_quoted_with_those_that_the_words_chose() {
    let items = [
        "We only break for lunch on Fridays.",
        "From 2:15 pm on we are back.",
        "Saturdays: till 6 pm.",
        "Closed in May.",
    ];
    let hours = passage(Language::En, &["Opening hours"], vec![list(&items)]);
    let question = ask("what time do u come back from lunch on friday", Language::En);
    let quoted = |log_odds: &[f32], budget: usize| {
        quote_near(&question, &hours, budget, Near { nearness: None, log_odds }).chosen
    };
    let by_words = quoted(&[], 200);
    assert!(by_words.contains(&0) && !by_words.contains(&1), "{by_words:?}");
    assert_eq!(quoted(&[0.0, 2.5, -1.0, -1.0], 200), [by_words.as_slice(), &[1]].concat());
    // Not where it is hardly surer, nor where it does not fit, nor where it speaks of another day.
    assert_eq!(quoted(&[0.0, 1.5, -1.0, -1.0], 200), by_words);
    assert_eq!(quoted(&[0.0, 2.5, -1.0, -1.0], 40), by_words);
    assert_eq!(quoted(&[0.0, -1.0, 2.5, -1.0], 200), by_words);
}

proptest! {
    #[test]
    fn a_quote_is_always_the_owners_words_in_order(text in any::<String>(), budget in 0usize..800) {
        for passage in [bakery_hours(), bakery_prices(), hotel(), clinic()] {
            let all = passage.units();
            let quote = quote(&ask(&text, Language::Es), &passage, budget);
            let mut from = 0;
            for unit in &quote.units {
                let at = all[from..].iter().position(|known| known == unit);
                prop_assert!(at.is_some());
                from += at.unwrap_or(0) + 1;
                prop_assert!(quote.text.contains(unit.as_str()));
            }
            prop_assert!((0.0..=1.0).contains(&quote.coverage) && !quote.units.is_empty());
        }
    }
}
