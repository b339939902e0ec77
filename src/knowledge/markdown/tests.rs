//! Markdown as owners write it.

use super::*;
use proptest::prelude::*;

fn blocks(body: &str) -> Vec<Block> {
    read(body, 1)
        .into_iter()
        .filter_map(|element| match element {
            Element::Body { block, .. } => Some(block),
            _ => None,
        })
        .collect()
}

fn paragraph(sentences: &[&str]) -> Block {
    Block::Paragraph { sentences: sentences.iter().map(|text| (*text).to_owned()).collect() }
}

fn list(items: &[&str]) -> Block {
    Block::List { items: items.iter().map(|text| (*text).to_owned()).collect() }
}

#[test]
fn inline_markup_stays_and_images_and_comments_go() {
    let body =
        "Abre **a las 9** y _nunca_ [tarde](https://example.com). ![foto](x.png)\nDe <!-- ojo -->`verdad` &amp; ya.";
    assert_eq!(
        blocks(body),
        [paragraph(&["Abre **a las 9** y _nunca_ [tarde](https://example.com).", "De `verdad` & ya."])]
    );
    assert_eq!(blocks("<!-- nada -->\n\n<div>Hola</div>"), [paragraph(&["Hola"])]);
}

#[test]
fn hard_breaks_part_sentences_and_soft_breaks_do_not() {
    assert_eq!(
        blocks("Lunes: cerrado  \nMartes: abierto\nhasta las 8"),
        [paragraph(&["Lunes: cerrado", "Martes: abierto hasta las 8"])]
    );
    assert_eq!(blocks("Lunes<br>Martes"), [paragraph(&["Lunes", "Martes"])]);
}

#[test]
fn quotations_lose_their_signs() {
    assert_eq!(
        blocks("> Solo **hoy\n> y mañana**.\n> - uno"),
        [paragraph(&["Solo **hoy y mañana**."]), list(&["uno"])]
    );
}

#[test]
fn nested_items_carry_their_parent() {
    let body = "- Pan\n- Tartas:\n  - de **queso**\n  - de [manzana](m)\n- Café\n\n  y té";
    assert_eq!(blocks(body), [list(&["Pan", "Tartas: de **queso**", "Tartas: de [manzana](m)", "Café y té"])]);
}

#[test]
fn tables_keep_header_and_rows() {
    let body = "| Pan | Precio |\n|---|--:|\n| Barra **rústica** | 1,10 € |\n| Hogaza |\n|  |  |";
    assert_eq!(
        blocks(body),
        [Block::Table {
            header: vec!["Pan".into(), "Precio".into()],
            rows: vec![vec!["Barra **rústica**".into(), "1,10 €".into()], vec!["Hogaza".into(), String::new()]],
        }]
    );
}

#[test]
fn headings_are_plain_and_know_their_line() {
    let elements = read("\n# **Horario** de `verano`\n\ntexto\n\n---\n\nmás", 5);
    assert_eq!(elements[0], Element::Heading { level: 1, text: "Horario de verano".into(), line: 6 });
    assert_eq!(elements[1], Element::Body { block: paragraph(&["texto"]), line: 8 });
    assert_eq!(elements[2], Element::Ruler);
    assert_eq!(elements[3], Element::Body { block: paragraph(&["más"]), line: 12 });
}

proptest! {
    #[test]
    fn any_text_is_read_and_words_are_kept(body in "([#>*|`\\[\\]()<!~-]{0,3} ?[a-zé]{0,6}[ .\n|*]{0,3}){0,14}") {
        let elements = read(&body, 1);
        let lines = body.lines().count() as u32 + 1;
        for element in elements {
            if let Element::Body { line, .. } | Element::Heading { line, .. } = element {
                prop_assert!(line >= 1 && line <= lines);
            }
        }
    }

    #[test]
    fn plain_words_come_back_unchanged(words in "[a-zñ]{1,8}( [a-zñ]{1,8}){0,8}") {
        prop_assert_eq!(blocks(&words), vec![paragraph(&[&words])]);
    }
}
