//! Says when a person answers, in the customer's language: a day's name and a time, which every language can read.

use jiff::Zoned;

use crate::domain::Language;

/// `17:00`.
pub fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

/// `lunes 09:00`; beyond a week with the date: `lunes 2026-12-28 09:00`.
pub fn day_and_time(at: &Zoned, now: &Zoned, language: Language) -> String {
    let day = days(language)[usize::from(at.weekday().to_monday_zero_offset().unsigned_abs())];
    let is_near = now.date().until(at.date()).is_ok_and(|span| span.get_days() < 7);
    if is_near { format!("{day} {}", time(at)) } else { format!("{day} {} {}", at.date(), time(at)) }
}

/// The days of the week, Monday first.
fn days(language: Language) -> [&'static str; 7] {
    match language {
        Language::Ar => ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"],
        Language::Ca => ["dilluns", "dimarts", "dimecres", "dijous", "divendres", "dissabte", "diumenge"],
        Language::De => ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
        Language::El => ["Δευτέρα", "Τρίτη", "Τετάρτη", "Πέμπτη", "Παρασκευή", "Σάββατο", "Κυριακή"],
        Language::En => ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        Language::Es => ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        Language::Fr => ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        Language::Hi => ["सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"],
        Language::Id => ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"],
        Language::It => ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
        Language::Ja => ["月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"],
        Language::Ko => ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"],
        Language::Nl => ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
        Language::Pl => ["poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"],
        Language::Pt => {
            ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"]
        }
        Language::Ro => ["luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică"],
        Language::Ru => ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"],
        Language::Th => ["วันจันทร์", "วันอังคาร", "วันพุธ", "วันพฤหัสบดี", "วันศุกร์", "วันเสาร์", "วันอาทิตย์"],
        Language::Tr => ["Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar"],
        Language::Uk => ["понеділок", "вівторок", "середа", "четвер", "п’ятниця", "субота", "неділя"],
        Language::Vi => ["thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"],
        Language::Zh => ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Zoned {
        text.parse::<jiff::civil::DateTime>().expect("a time").in_tz("Europe/Madrid").expect("a zone")
    }

    #[test]
    fn a_near_day_is_named_and_a_far_one_dated() {
        let now = at("2026-11-22T03:00");
        assert_eq!(day_and_time(&at("2026-11-23T09:00"), &now, Language::Es), "lunes 09:00");
        assert_eq!(day_and_time(&at("2026-11-23T09:00"), &now, Language::Ja), "月曜日 09:00");
        assert_eq!(day_and_time(&at("2026-12-07T09:00"), &now, Language::En), "Monday 2026-12-07 09:00");
    }
}
