use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> Vec<String> {
    figures(text).into_iter().map(|found| found.figure.to_string()).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(shown(text), expected, "{text}");
}

#[test]
fn times_are_read_however_they_are_written() {
    for (text, time) in [
        ("abrimos a las 9:00", "09:00"),
        ("a las 9", "09:00"),
        ("a las 9 y media", "09:30"),
        ("ab 9.30 Uhr", "09:30"),
        ("um 9 Uhr", "09:00"),
        ("à 11h00", "11:00"),
        ("à 11h", "11:00"),
        ("a partir das 8h30", "08:30"),
        ("alle 9", "09:00"),
        ("ore 18", "18:00"),
        ("at 11 AM", "11:00"),
        ("at 11:00 p.m.", "23:00"),
        ("12 am", "00:00"),
        ("12 pm", "12:00"),
        ("a las 8 de la mañana", "08:00"),
        ("a las 8 de la tarde", "20:00"),
        ("a las 11 de la noche", "23:00"),
        ("8 in the evening", "20:00"),
        ("às 8 da noite", "20:00"),
        ("8 heures du soir", "20:00"),
        ("um 8 Uhr abends", "20:00"),
        ("alle 8 di sera", "20:00"),
        ("в 8 вечера", "20:00"),
        ("o 8 wieczorem", "20:00"),
        ("下午3点", "15:00"),
        ("晚上8点半", "20:30"),
        ("午後3時", "15:00"),
        ("오후 3시", "15:00"),
        ("शाम 6 बजे", "18:00"),
        ("الساعة 8 مساءً", "20:00"),
        ("الساعة ٩", "09:00"),
        ("９：３０", "09:30"),
        ("8 giờ tối", "20:00"),
        ("akşam 8'de", "20:00"),
    ] {
        check(text, &[&format!("time {time}")]);
    }
}

#[test]
fn both_ends_of_a_range_are_times() {
    check("Lunes a viernes: 7:00–14:00 y 17:00–20:30", &["time 07:00", "time 14:00", "time 17:00", "time 20:30"]);
    check("9.30–14.00", &["time 09:30", "time 14:00"]);
    check("de 9 a 14 h", &["time 09:00", "time 14:00"]);
    check("5-8 pm", &["time 17:00", "time 20:00"]);
    check("9am-5pm", &["time 09:00", "time 17:00"]);
    check("9-5 pm", &["time 09:00", "time 17:00"]);
    check("8 bis 18 Uhr", &["time 08:00", "time 18:00"]);
    check("8h às 18h", &["time 08:00", "time 18:00"]);
    check("上午9点至下午6点", &["time 09:00", "time 18:00"]);
    check("de 9 de la mañana a 2 de la tarde", &["time 09:00", "time 14:00"]);
}

#[test]
fn money_keeps_its_currency() {
    for (text, amount) in [
        ("1,20 €", "amount 1.20 EUR"),
        ("€1.20", "amount 1.20 EUR"),
        ("9.30 €", "amount 9.30 EUR"),
        ("12 euros", "amount 12 EUR"),
        ("$1,200", "amount 1200 $"),
        ("US$ 12.50", "amount 12.50 USD"),
        ("R$ 8,50", "amount 8.50 BRL"),
        ("120 pesos", "amount 120 peso"),
        ("S/ 15", "amount 15 PEN"),
        ("£3.50", "amount 3.50 GBP"),
        ("25 zł", "amount 25 PLN"),
        ("150 грн", "amount 150 UAH"),
        ("500 руб.", "amount 500 RUB"),
        ("₹250", "amount 250 INR"),
        ("30元", "amount 30 CNY"),
        ("1,500円", "amount 1500 JPY"),
        ("12,000원", "amount 12000 KRW"),
        ("120 บาท", "amount 120 THB"),
        ("50.000đ", "amount 50000 VND"),
        ("Rp 25.000", "amount 25000 IDR"),
        ("80 lei", "amount 80 RON"),
        ("5,- €", "amount 5 EUR"),
        ("45 TL", "amount 45 TRY"),
    ] {
        check(text, &[amount]);
    }
    check("10–15 €", &["amount 10 EUR", "amount 15 EUR"]);
    check("10 % de descuento", &["percentage 10 %"]);
}

#[test]
fn addresses_and_phones_are_not_numbers() {
    check("Llame al +34 612 345 678.", &["phone number 34612345678"]);
    check("Tel. 612 34 56 78", &["phone number 612345678"]);
    check("01 23 45 67 89", &["phone number 0123456789"]);
    check("(030) 1234567", &["phone number 0301234567"]);
    check(
        "hola@pan.example, https://www.pan.example/Carta/.",
        &["e-mail address hola@pan.example", "link pan.example/carta"],
    );
    check("panaderia.es", &["link panaderia.es"]);
    check("1.200.000", &["number 1200000"]);
    check("2020-2024", &["number 2020", "number 2024"]);
}

#[test]
fn dates_are_read_in_every_order() {
    for (text, date) in [
        ("25/12", "25/12"),
        ("12/25/2026", "25/12/2026"),
        ("2026-12-25", "25/12/2026"),
        ("am 25.12.", "25/12"),
        ("el 25 de diciembre", "25/12"),
        ("December 25th", "25/12"),
        ("25 décembre", "25/12"),
        ("25. Dezember", "25/12"),
        ("25 декабря", "25/12"),
        ("12月25日", "25/12"),
        ("12월 25일", "25/12"),
        ("25 tháng 12", "25/12"),
    ] {
        check(text, &[&format!("date {date}")]);
    }
}

#[test]
fn quantities_convert_to_a_base() {
    check("1 kg", &["quantity 1000 g"]);
    check("500 gramos", &["quantity 500 g"]);
    check("2–3 días", &["quantity 2 days", "quantity 3 days"]);
    check("45 minutes", &["quantity 45 min"]);
    check("48 horas", &["quantity 2880 min"]);
    check("3小时", &["quantity 180 min"]);
    check("2 Nächte", &["quantity 2 nights"]);
    check("para 8 personas", &["quantity 8 people"]);
    check("a 300 m", &["quantity 300000 mm"]);
    check("24 h", &["quantity 1440 min"]);
}

#[test]
fn figures_agree_where_they_mean_the_same() {
    let agrees = |one: &str, other: &str| figures(one)[0].figure.agrees(&figures(other)[0].figure);
    for (one, other) in [
        ("9", "9:00"),
        ("9.30", "9:30"),
        ("11 AM", "11:00"),
        ("$5", "US$5"),
        ("120 pesos", "$120"),
        ("1.200", "1,200"),
        ("612 345 678", "+34 612 345 678"),
        ("3/4", "4/3"),
        ("1 kg", "1000 g"),
        ("2 h", "120 min"),
    ] {
        assert!(agrees(one, other), "{one} / {other}");
    }
    for (one, other) in
        [("11:00", "23:00"), ("$5", "5 €"), ("9", "21:00"), ("3 días", "3 noches"), ("10 %", "10"), ("2,50", "25")]
    {
        assert!(!agrees(one, other), "{one} / {other}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics(text in any::<String>()) {
        let _ = figures(&text);
    }

    #[test]
    fn reading_crowded_text_never_panics(text in r"[0-9:.,/ €$%h半点時月日ampm+()\-–à]{0,40}") {
        let _ = figures(&text);
    }

    #[test]
    fn every_clock_time_reads_back(hour in 0u16..24, minute in 0u16..60) {
        let text = format!("abre a las {hour:02}:{minute:02} h");
        prop_assert_eq!(figures(&text)[0].figure.clone(), Figure::Time { minutes: hour * 60 + minute });
    }
}
