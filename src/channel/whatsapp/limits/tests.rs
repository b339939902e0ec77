use proptest::prelude::*;

use super::*;

fn choices(titles: &[&str]) -> Vec<Choice> {
    let choice = |(index, title): (usize, &&str)| Choice {
        id: format!("c{index}"),
        title: (*title).to_owned(),
        description: None,
    };
    titles.iter().enumerate().map(choice).collect()
}

#[test]
fn three_choices_are_buttons_ten_are_a_list_and_eleven_are_text() {
    let many = ["a"; 11];
    for (count, expected) in [
        (0, Err(NotTappable::Count)),
        (1, Ok(Shape::Buttons)),
        (3, Ok(Shape::Buttons)),
        (4, Ok(Shape::List)),
        (10, Ok(Shape::List)),
        (11, Err(NotTappable::Count)),
    ] {
        assert_eq!(shape("body", &choices(&many[..count]), "Open"), expected, "{count}");
    }
}

#[test]
fn options_that_need_more_words_than_a_button_has_are_a_list() {
    let long = choices(&["Con cuánto tiempo hay que pedirlas", "Una persona"]);
    assert_eq!(shape("body", &long, "Open"), Ok(Shape::List));
    assert_eq!(shape("body", &long, ""), Ok(Shape::Buttons));
    assert_eq!(shape("body", &long[..1], "Open"), Ok(Shape::Buttons));
    let mut described = choices(&["a", "b"]);
    described[1].description = Some("below".into());
    assert_eq!(shape("body", &described, "Open"), Ok(Shape::List));
}

#[test]
fn options_that_meta_would_refuse_are_not_tappable() {
    let with_id = |id: &str| vec![Choice { id: id.to_owned(), title: "t".into(), description: None }];
    for id in ["", " a", "a ", &"x".repeat(BUTTON_ID + 1)] {
        assert_eq!(shape("body", &with_id(id), ""), Err(NotTappable::Id), "{id}");
    }
    assert_eq!(shape("body", &[with_id("a"), with_id("a")].concat(), ""), Err(NotTappable::Id));
    assert_eq!(shape(" ", &choices(&["a"]), ""), Err(NotTappable::Body));
    assert_eq!(shape(&"é".repeat(INTERACTIVE_BODY), &choices(&["a"]), ""), Ok(Shape::Buttons));
    assert_eq!(shape(&"é".repeat(INTERACTIVE_BODY + 1), &choices(&["a"]), ""), Err(NotTappable::Body));
    assert_eq!(shape("body", &choices(&["**"]), ""), Err(NotTappable::Title));
    assert_eq!(shape("body", &choices(&["a", "b", "c", "d"]), " "), Err(NotTappable::Title));
}

#[test]
fn a_message_is_measured_as_it_will_be_sent() {
    assert_eq!(check(&Outbound::text("x".repeat(TEXT))), Ok(()));
    assert_eq!(check(&Outbound::text("x".repeat(TEXT + 1))), Err(LimitError::TextTooLong { length: TEXT + 1 }));
    assert_eq!(check(&Outbound::text(" \n")), Err(LimitError::Empty));
    let body = "x".repeat(TEXT - 4);
    let with_choice = Outbound::Choices { body, choices: choices(&["a"]), button_label: String::new() };
    assert_eq!(check(&with_choice), Err(LimitError::TextTooLong { length: TEXT + 2 }));
}

#[test]
fn titles_are_cut_between_words() {
    assert_eq!(titles(["Falar com atendente humano"], BUTTON_TITLE), ["Falar com atendente…"]);
    assert_eq!(titles(["*Horarios* de `tienda`"], BUTTON_TITLE), ["Horarios de tienda"]);
    assert_eq!(titles(["Donaudampfschifffahrtsgesellschaft"], BUTTON_TITLE), ["Donaudampfschifffah…"]);
    assert_eq!(titles(["営業時間を教えてください、お願いします。今日は"], BUTTON_TITLE)[0].chars().count(), 20);
}

#[test]
fn titles_that_become_alike_get_a_number() {
    let cut = titles(["Pedido grande para empresas", "Pedido grande para particulares", "pedido grande…"], 14);
    assert_eq!(cut, ["Pedido grande…", "Pedido… 2", "pedido… 3"]);
}

#[test]
fn visible_characters_are_never_cut() {
    let family = "👨‍👩‍👧‍👦";
    assert_eq!(truncate(&family.repeat(20), 30).trim_end_matches('…').replace(family, ""), "");
}

proptest! {
    #[test]
    fn cut_titles_fit_and_differ(words in proptest::collection::vec("[ a-zA-Zéñ*_👍]{1,40}", 1..10)) {
        let cut = titles(words.iter().map(String::as_str), ROW_TITLE);
        prop_assert!(cut.iter().all(|title| length(title) <= ROW_TITLE));
        let unique: HashSet<_> = cut.iter().collect();
        prop_assert_eq!(unique.len(), cut.len());
    }
}
