use proptest::prelude::*;

use super::to_whatsapp;

fn check(cases: &[(&str, &str)]) {
    for (markdown, expected) in cases {
        assert_eq!(to_whatsapp(markdown), *expected, "from {markdown:?}");
    }
}

#[test]
fn emphasis_takes_whatsapps_markers() {
    check(&[
        ("**Horario**", "*Horario*"),
        ("__Horario__", "*Horario*"),
        ("*quizá*", "_quizá_"),
        ("_quizá_", "_quizá_"),
        ("~~20 €~~ 15 €", "~20 €~ 15 €"),
        ("***muy importante***", "_*muy importante*_"),
        ("**Precio:** 5 € y **IVA:** 1 €", "*Precio:* 5 € y *IVA:* 1 €"),
        ("**a *b* c**", "*a _b_ c*"),
        ("**fuera **dentro** fuera**", "*fuera dentro fuera*"),
        ("**`código`**", "*`código`*"),
        ("***`x`***", "_*`x`*_"),
    ]);
}

#[test]
fn bold_over_two_lines_is_bold_on_each() {
    check(&[("**lunes\nmartes** y más", "*lunes*\n*martes* y más")]);
}

#[test]
fn markers_that_whatsapp_would_show_raw_are_left_out() {
    check(&[
        ("**Hola**amigo", "Holaamigo"),
        ("**a****b**", "*ab*"),
        ("营业时间是**九点**开始", "营业时间是九点开始"),
        ("**Horario: de 9 a 14", "Horario: de 9 a 14"),
        ("** Horario **", "Horario"),
        ("**Precio:**5 €", "Precio:5 €"),
        ("contraseña ****", "contraseña ••••"),
    ]);
}

#[test]
fn prices_addresses_and_names_stay_as_they_are() {
    for text in [
        "$5 * 3 = $15",
        "5*3*2 = 30",
        "2 * 3 * 4",
        "a * b",
        "_",
        "Oferta* válida hoy",
        "snake_case_name y otro_nombre_",
        "juan_perez_garcia@correo.example",
        "https://tienda.example/a_b_c/*x*/~y~/?q=_z_",
        "3~5 días o 6~8 días",
        "¿Sí? ¡Sí! (o no) #1 & <3 > 2",
        "Tel. +34 910 000 111",
        "[Horario]: 9-18",
        "[a]: x\n[a]: y\n[b]: z",
        "+ IVA",
        "1) uno\n2) dos",
        "2. dos\n5. cinco",
        "---",
        "#",
        "😀 👍",
        "línea uno\nlínea dos\n\nlínea tres",
        "Tenemos:\n- pan\n- leche\n\nGracias",
    ] {
        assert_eq!(to_whatsapp(text), text);
    }
    check(&[("2**3", "2^3"), ("2**3**4", "2^3^4"), (r"\*no\* \_es\_ énfasis", "*no* _es_ énfasis")]);
}

#[test]
fn headings_are_bold_lines() {
    check(&[
        ("# Horario\nDe 9 a 14", "*Horario*\nDe 9 a 14"),
        ("## Envíos ##\n\nGratis", "*Envíos*\n\nGratis"),
        ("### **Ya en negrita**", "*Ya en negrita*"),
        ("Título\n=====\ntexto", "*Título*\ntexto"),
    ]);
}

#[test]
fn links_show_their_address_once() {
    check(&[
        ("[la web](https://tienda.example/p)", "la web (https://tienda.example/p)"),
        ("[https://tienda.example](https://tienda.example)", "https://tienda.example"),
        ("[tienda.example](https://www.tienda.example/)", "tienda.example"),
        ("[hola@tienda.example](mailto:hola@tienda.example)", "hola@tienda.example"),
        ("[Llámanos](tel:+34910000111)", "Llámanos (+34910000111)"),
        ("[**la web**](https://tienda.example)", "*la web* (https://tienda.example)"),
        ("<https://tienda.example>", "https://tienda.example"),
        ("[arriba](#top)", "arriba"),
        ("[](https://tienda.example)", "https://tienda.example"),
        ("![foto](https://tienda.example/f.jpg)", "foto (https://tienda.example/f.jpg)"),
    ]);
}

#[test]
fn lists_keep_their_order_and_depth() {
    check(&[
        ("* **pan**: 1 €\n* leche", "- *pan*: 1 €\n- leche"),
        ("- a\n  - b\n    - c\n- d", "- a\n  - b\n    - c\n- d"),
        ("1. uno\n1. dos\n1. tres", "1. uno\n2. dos\n3. tres"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("- a\nsigue\n\n  otro párrafo\n\nfin", "- a\n  sigue\n\n  otro párrafo\n\nfin"),
        ("-\n- b", "-\n- b"),
    ]);
}

#[test]
fn tables_become_lines() {
    check(&[
        (
            "Horario:\n\n| Día | Hora |\n|---|---|\n| **Lunes** | 9–14 |\n| Martes | |\n\nFin",
            "Horario:\n\n*Día: Hora*\n- *Lunes*: 9–14\n- Martes\n\nFin",
        ),
        (
            "| Producto | Precio | Peso |\n|---|---|---|\n| Pan | 2 € | 500 g |\n| Bollo | 1 € | |",
            "- Pan: Precio 2 €, Peso 500 g\n- Bollo: Precio 1 €",
        ),
        ("| a | b | c |\n|---|---|---|", "- a: b, c"),
    ]);
}

#[test]
fn code_and_quotes_keep_their_lines() {
    check(&[
        ("Escribe `BAJA` aquí", "Escribe `BAJA` aquí"),
        ("```rust\nuno\n  dos\n```", "```uno\n  dos```"),
        ("    cuatro espacios\n    otra", "cuatro espacios\n    otra".replace("\n    ", "\n").as_str()),
        ("> uno\n> dos\n>\n> tres\n\nfuera", "> uno\n> dos\n>\n> tres\n\nfuera"),
        ("~~~ Oferta de hoy\n5 €", "Oferta de hoy\n```5 €```"),
        ("Hoy:\n```nota\n```", "Hoy:\nnota"),
        ("> > doble", "> doble"),
        ("uno<br>dos", "uno\ndos"),
        ("<div>\n<p>**x**</p>\n</div>", "<div>\n<p>x</p>\n</div>"),
    ]);
}

#[test]
fn empty_lines_are_never_more_than_one() {
    check(&[("uno\r\n\r\n\r\n\r\ndos  \ntres\\\ncuatro", "uno\n\ndos\ntres\ncuatro"), ("", ""), (" \n ", "")]);
}

proptest! {
    #[test]
    fn anything_is_converted_without_double_stars(
        text in "([-*_~`#>|+\\[\\]()!<\\\\ \n:.0-9a-cé😀]|\\*\\*|\n\n|\\|-\\||\\[a\\]: ){0,120}",
    ) {
        let converted = to_whatsapp(&text);
        prop_assert!(!converted.contains("**"), "{converted:?}");
        let has_words = text.contains(['a', 'b', 'c', 'é', '😀']);
        prop_assert!(!has_words || !converted.is_empty());
    }

    #[test]
    fn any_characters_are_converted(text in "\\PC{0,200}") {
        prop_assert!(!to_whatsapp(&text).contains("**"));
    }

    #[test]
    fn plain_text_stays_itself(
        words in proptest::collection::vec(
            prop_oneof![
                "[a-zñáéA-Z]{1,8}[.,!?]?", Just("*".to_owned()), Just("_".to_owned()), "[a-z]{1,4}_[a-z]{1,4}_[a-z]{1,4}",
                "[a-z]{1,5}_[a-z]{1,5}@[a-z]{1,5}\\.example", "\\$[1-9][0-9]{0,3}", "[0-9]{1,3},[0-9]{2} €",
                "[0-9]\\*[0-9]\\*[0-9]", "😀",
            ],
            1..12,
        ),
        breaks in proptest::collection::vec(prop_oneof![Just(" "), Just(" "), Just("\nx "), Just("\n\nx ")], 12),
    ) {
        let text: String = words.iter().zip(&breaks).flat_map(|(word, gap)| [word.as_str(), gap]).collect();
        let text = format!("x {}", text.trim_end_matches("x ")).trim_end().to_owned();
        prop_assert_eq!(to_whatsapp(&text), text);
    }

    #[test]
    fn no_letter_is_lost(text in "([-*_#> \n.]|~~[a-z]|[0-9]{1,3}|[a-z]{1,5}){0,80}") {
        let letters = |text: &str| text.chars().filter(|letter| letter.is_ascii_lowercase()).collect::<String>();
        prop_assert_eq!(letters(&to_whatsapp(&text)), letters(&text));
    }
}
