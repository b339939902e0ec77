use proptest::prelude::*;

use super::*;

const HOTEL: &str = "Check-in from 15:00 to 22:00. Check-out until 11:00. Rooms from $80 per night, breakfast $9 per person. \
                     We have no pool. Call +34 612 345 678 or see https://hotel.example/rooms.";

fn check_supported(reply: &str, evidence: &str) {
    assert_eq!(unsupported(reply, &[evidence]), [], "{reply}");
}

fn check_unsupported(reply: &str, evidence: &str, expected: &str) {
    let problems: Vec<String> = unsupported(reply, &[evidence]).iter().map(ToString::to_string).collect();
    assert!(problems.iter().any(|problem| problem.contains(expected)), "{reply}: {problems:?}");
}

#[test]
fn a_reply_may_write_the_same_figure_otherwise() {
    check_supported("You can check in from 3 pm.", HOTEL);
    check_supported("Salida hasta las 11.", HOTEL);
    check_supported("La habitación cuesta 80 $ por noche.", HOTEL);
    check_supported("Llame al 612345678 o mire hotel.example/rooms", HOTEL);
    check_supported("Abrimos de 9 a 14", "Lunes: 9:00-14:00");
    check_supported("Tarda 3 días", "El encargo tarda tres días.");
    check_supported("La barra cuesta 1,20 €", "Precio (€)\nBarra — 1,20");
    check_supported("1.200 unidades", "1,200 units");
}

#[test]
fn a_reply_may_not_change_or_add_a_figure() {
    check_unsupported("Check-out until 11 PM.", HOTEL, "time 23:00");
    check_unsupported("Rooms from 80 €.", HOTEL, "amount 80 EUR");
    check_unsupported("Breakfast costs $10.", HOTEL, "amount 10 $");
    check_unsupported("Call 612 345 679", HOTEL, "phone number");
    check_unsupported("See hotel.example/offers.com", HOTEL, "link");
    check_unsupported("10 % off", "10 rooms", "percentage");
    check_unsupported("Tarda 3 semanas", "Tarda 3 días", "3 weeks");
}

#[test]
fn a_reply_may_not_turn_a_sentence_around() {
    check_unsupported("We have a pool here.", "We have no pool here.", "says no");
    check_unsupported("No abrimos los domingos por la tarde.", "Abrimos los domingos por la tarde.", "says no");
    check_supported("We have no pool.", HOTEL);
}

fn translated(original: &str, from: Language, translation: &str, to: Language) -> Vec<Problem> {
    translation_problems(original, from, translation, to)
}

#[test]
fn faithful_translations_pass() {
    use Language::*;
    for (original, from, translation, to) in [
        (
            "Abrimos de lunes a viernes de 7:00 a 14:00 y los sábados de 8:00 a 13:00.",
            Es,
            "We open Monday to Friday from 7:00 to 14:00 and on Saturdays from 8:00 to 13:00.",
            En,
        ),
        ("La habitación doble cuesta 80 € por noche.", Es, "The double room costs 80 € per night.", En),
        ("Le petit-déjeuner coûte 9 € par personne et par jour.", Fr, "Breakfast costs €9 per person and per day.", En),
        ("Der Check-in ist ab 15:00 Uhr möglich.", De, "El registro es posible a partir de las 15:00.", Es),
        ("No se admiten mascotas.", Es, "Haustiere sind nicht erlaubt.", De),
        ("O café da manhã é servido das 7h às 10h.", Pt, "Breakfast is served from 7:00 to 10:00.", En),
        ("Tartas por encargo con tres días de antelación.", Es, "Kuchen auf Bestellung drei Tage im Voraus.", De),
        ("Cerramos los domingos.", Es, "Мы закрыты по воскресеньям.", Ru),
        ("La barra de pan cuesta 1,20 €.", Es, "法棍面包的价格是1.20欧元。", Zh),
        ("El parking cuesta 12 € al día.", Es, "Parking costs 12 € per day.", En),
        ("Urgencias: +34 600 111 222, todos los días.", Es, "Emergencies: +34 600 111 222, every day.", En),
        ("Se puede pagar por transferencia.", Es, "Можно оплатить переводом на карту.", Ru),
        ("Cerramos del 10 al 24 de agosto.", Es, "We close from August 10 to August 24.", En),
        ("Niños de 5 a 12 años.", Es, "Children aged 5 to 12.", En),
        ("Las visitas duran 45 minutos.", Es, "La visite dure 45 minutes environ.", Fr),
    ] {
        assert_eq!(translated(original, from, translation, to), [], "{translation}");
    }
}

#[test]
fn what_small_models_break_is_seen() {
    use Language::*;
    let amount = |text: &str| figures(text)[0].figure.clone();
    for (original, from, translation, to, problem) in [
        ("Le départ est à 11h00.", Fr, "Check-out is at 11:00 PM.", En, Problem::Added(amount("23:00"))),
        ("Double room: $80 per night.", En, "Habitación doble: 80 € por noche.", Es, Problem::Lost(amount("$80"))),
        ("The cleaning fee is $20 per stay.", En, "La limpieza cuesta $20 por noche.", Es, Problem::PerUnit("stay")),
        ("La taxe est de 2 € par nuit.", Fr, "The tax is 2 € per stay.", En, Problem::PerUnit("night")),
        ("We do not accept cards.", En, "Aceptamos tarjetas aquí.", Es, Problem::Negation),
        ("Abrimos los martes.", Es, "We open on Thursdays.", En, Problem::Days),
        (
            "Lunes de 9:00 a 14:00, sábados de 10:00 a 13:00.",
            Es,
            "Monday from 10:00 to 13:00, Saturday from 9:00 to 14:00.",
            En,
            Problem::Reordered,
        ),
        ("El pan se hornea cada mañana.", Es, "Here is the translation: bread is baked daily.", En, Problem::Preamble),
        ("El pan se hornea cada mañana.", Es, "Sure, bread is baked every morning.", En, Problem::Preamble),
        ("El pan se hornea cada mañana.", Es, "Bread is baked every morning.<|im_end|>", En, Problem::Markup),
        ("El pan se hornea cada mañana.", Es, "每天早上都烤面包。", En, Problem::Script),
        ("El pan se hornea cada mañana.", Es, "Bread is 新鲜 baked every morning.", En, Problem::Script),
        (
            "Hacemos tartas por encargo para cumpleaños y bodas.",
            Es,
            "Hacemos tartas por encargo para cumpleaños y bodas.",
            En,
            Problem::Untranslated,
        ),
        (
            "El desayuno se sirve en el comedor de la planta baja. También lo llevamos a la habitación.",
            Es,
            "Breakfast.",
            En,
            Problem::Length,
        ),
        ("Tarda tres días.", Es, "It takes two days.", En, Problem::Lost(amount("3 días"))),
        ("Cerramos el 24 de agosto.", Es, "We close on August 25.", En, Problem::Added(amount("August 25"))),
        ("Abrimos.", Es, "  ", En, Problem::Empty),
    ] {
        let problems = translated(original, from, translation, to);
        assert!(problems.contains(&problem), "{translation}: {problems:?}");
    }
}

#[test]
fn prices_per_unit_are_found_in_many_languages() {
    for (text, language, unit) in [
        ("80 € por noche", Language::Es, "night"),
        ("80 € la noche", Language::Es, "night"),
        ("80 €/noche", Language::Es, "night"),
        ("$80 a night", Language::En, "night"),
        ("80 € pro Nacht", Language::De, "night"),
        ("80 € par nuit", Language::Fr, "night"),
        ("80 € a notte", Language::It, "night"),
        ("R$ 80 por pessoa", Language::Pt, "person"),
        ("80 € per nit", Language::Ca, "night"),
        ("80 € per persoon", Language::Nl, "person"),
        ("80 lei pe noapte", Language::Ro, "night"),
        ("80 zł za noc", Language::Pl, "night"),
        ("80 руб. за ночь", Language::Ru, "night"),
        ("80 грн за особу", Language::Uk, "person"),
        ("80 € ανά διανυκτέρευση", Language::El, "night"),
        ("kişi başı 80 TL", Language::Tr, "person"),
        ("Rp 80.000 per malam", Language::Id, "night"),
        ("80.000đ mỗi đêm", Language::Vi, "night"),
        ("80 ريال لكل ليلة", Language::Ar, "night"),
        ("₹80 प्रति रात", Language::Hi, "night"),
        ("每晚80元", Language::Zh, "night"),
        ("1泊あたり8000円", Language::Ja, "night"),
        ("1인당 80,000원", Language::Ko, "person"),
        ("800 บาทต่อคืน", Language::Th, "night"),
    ] {
        assert!(per_unit::per_units(text, lexicon(language)).contains(unit), "{text}");
    }
    assert!(per_unit::per_units("a las 9 de la noche", lexicon(Language::Es)).is_empty());
    assert!(per_unit::per_units("La habitación tiene baño", lexicon(Language::Es)).is_empty());
}

#[test]
fn problems_describe_themselves_without_the_text() {
    let problems = unsupported("Señora García: 21:00", &["9:00"]);
    assert_eq!(problems[0].to_string(), "the evidence does not hold the time 21:00");
}

proptest! {
    #[test]
    fn the_evidence_supports_itself(text in r"[a-z0-9:.,€$% \-]{0,60}") {
        prop_assert_eq!(unsupported(&text, &[&text]), []);
    }

    #[test]
    fn checking_never_panics(reply in any::<String>(), evidence in any::<String>()) {
        let _ = unsupported(&reply, &[&evidence]);
        let _ = translation_problems(&evidence, Language::Ja, &reply, Language::Tr);
    }
}
