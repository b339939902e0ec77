//! Which days of the week a text speaks of, ranges and "every day" included.

use std::ops::Range;

use jiff::civil::Weekday;

use super::fold::is_word_char;
use super::lexicon::Lexicon;
use super::text::Text;

/// A set of days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaySet(u8);

impl DaySet {
    /// Monday to Friday.
    pub const WORKDAYS: DaySet = DaySet(0b001_1111);
    /// Saturday and Sunday.
    pub const WEEKEND: DaySet = DaySet(0b110_0000);
    /// All seven.
    pub const ALL: DaySet = DaySet(0b111_1111);

    /// The set of one day.
    pub fn one(day: Weekday) -> Self {
        DaySet(1 << day.to_monday_zero_offset())
    }

    /// Whether there is no day in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether both sets have a day in common.
    pub fn meets(self, other: DaySet) -> bool {
        self.0 & other.0 != 0
    }

    /// The days of both sets.
    pub fn with(self, other: DaySet) -> DaySet {
        DaySet(self.0 | other.0)
    }

    fn span(from: usize, to: usize) -> DaySet {
        let length = (to + 7 - from) % 7;
        DaySet((0..=length).fold(0, |days, step| days | 1 << ((from + step) % 7)))
    }
}

/// The days that a line of a business's text speaks of; short forms count, "Mon–Fri" and "lunes a sábado" are filled.
pub fn days_of_line(text: &Text, lexicon: &Lexicon) -> DaySet {
    let mentions = mentions(text, lexicon, ShortForms::Count);
    let ranges = mentions.windows(2).filter(|pair| {
        let gap = pair[0].0.end.min(pair[1].0.start)..pair[1].0.start;
        joins(&text.folded[gap], lexicon)
    });
    let filled = ranges.fold(DaySet::default(), |days, pair| days.with(DaySet::span(pair[0].1, pair[1].1)));
    let single = mentions.iter().fold(filled, |days, (_, day)| days.with(DaySet(1 << day)));
    single.with(groups(text, lexicon))
}

/// The days that a question asks about, "today" and "tomorrow" included when it is known which day today is.
pub fn days_of_question(text: &Text, lexicon: &Lexicon, today: Option<Weekday>) -> DaySet {
    let named = mentions(text, lexicon, ShortForms::Ignore)
        .iter()
        .fold(groups(text, lexicon), |days, (_, day)| days.with(DaySet(1 << day)));
    let Some(today) = today.filter(|_| named.is_empty()) else { return named };
    // "Mañana" is tomorrow, "por la mañana" is a part of the day.
    let parts = lexicon.morning.find(text);
    let is_part = |range: &Range<usize>| parts.iter().any(|part| part.start <= range.start && range.end <= part.end);
    if lexicon.tomorrow.find(text).iter().any(|range| !is_part(range)) {
        return DaySet::one(today.wrapping_add(1));
    }
    if lexicon.today.occurs(text) { DaySet::one(today) } else { named }
}

/// Where the question names days, so that these words need not occur in the answer literally.
pub fn day_words(text: &Text, lexicon: &Lexicon) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> =
        mentions(text, lexicon, ShortForms::Ignore).into_iter().map(|(range, _)| range).collect();
    for patterns in [&lexicon.weekend, &lexicon.workdays, &lexicon.daily, &lexicon.today, &lexicon.tomorrow] {
        found.extend(patterns.find(text));
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ShortForms {
    Count,
    Ignore,
}

/// Each named day with its place, by position; of overlapping names the longest counts.
fn mentions(text: &Text, lexicon: &Lexicon, short_forms: ShortForms) -> Vec<(Range<usize>, usize)> {
    let mut found: Vec<(Range<usize>, usize)> = Vec::new();
    let mut short: Vec<(Range<usize>, usize)> = Vec::new();
    for day in 0..7 {
        found.extend(lexicon.weekdays[day].find(text).into_iter().map(|range| (range, day)));
        short.extend(lexicon.short_weekdays[day].find(text).into_iter().map(|range| (range, day)));
    }
    // "Mi" is Wednesday in a table of hours and "my" elsewhere: one that looks like a table vouches for the others.
    if short_forms == ShortForms::Count && short.iter().any(|(range, _)| stands_in_table(&text.folded, range)) {
        found.extend(short);
    }
    for (range, _) in &mut found {
        *range = without_marks(text, range);
    }
    found.sort_by_key(|(range, day)| (range.start, std::cmp::Reverse(range.end), *day));
    let mut kept: Vec<(Range<usize>, usize)> = Vec::new();
    for (range, day) in found {
        match kept.last() {
            Some((last, known)) if last.contains(&range.start) && (range.end <= last.end || *known == day) => {}
            _ => kept.push((range, day)),
        }
    }
    kept
}

/// Whether a dash, a colon, a slash or a figure stands beside a short form.
fn stands_in_table(folded: &str, range: &Range<usize>) -> bool {
    let after = folded[range.end..].trim_start_matches(['.', ' ']);
    let before = folded[..range.start].trim_end();
    folded[range.clone()].contains(|c| !is_word_char(c))
        || after.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '~' | ':' | '/' | '&' | '+'))
        || before.ends_with(['-', '~', '/', '&', '+'])
}

/// Short forms such as `月~` carry the mark that tells them from other words; it is not part of the name.
fn without_marks(text: &Text, range: &Range<usize>) -> Range<usize> {
    let name = &text.folded[range.clone()];
    let start = range.start + (name.len() - name.trim_start_matches(|c| !is_word_char(c)).len());
    start..start + name.trim_matches(|c| !is_word_char(c)).len()
}

/// Whether what stands between two days makes them a range: a dash or "to", with nothing but small words beside it.
fn joins(gap: &str, lexicon: &Lexicon) -> bool {
    if gap.chars().any(|character| character.is_ascii_digit() || matches!(character, ',' | ';' | '.' | ':' | '\n')) {
        return false;
    }
    let text = Text::new(gap);
    let known: Vec<Range<usize>> = [lexicon.to.find(&text), lexicon.stop.find(&text)].concat();
    let all_small = text.tokens.iter().all(|token| {
        known.iter().any(|range| range.start < token.range.end && token.range.start < range.end)
            || text.folded_token(token) == "feira"
    });
    all_small && (gap.contains(['-', '~']) || lexicon.to.occurs(&text))
}

fn groups(text: &Text, lexicon: &Lexicon) -> DaySet {
    [(&lexicon.weekend, DaySet::WEEKEND), (&lexicon.workdays, DaySet::WORKDAYS), (&lexicon.daily, DaySet::ALL)]
        .into_iter()
        .filter(|(patterns, _)| patterns.occurs(text))
        .fold(DaySet::default(), |days, (_, more)| days.with(more))
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::lexicon;
    use super::*;
    use crate::domain::Language;

    fn line(text: &str, language: Language) -> DaySet {
        days_of_line(&Text::new(text), lexicon(language))
    }

    fn question(text: &str, language: Language) -> DaySet {
        days_of_question(&Text::new(text), lexicon(language), Some(Weekday::Friday))
    }

    #[test]
    fn ranges_are_filled_in_many_languages() {
        let to_saturday = DaySet(0b011_1111);
        for (text, language) in [
            ("Lunes a viernes: 7:00–14:00", Language::Es),
            ("De lunes a viernes de 9 a 14", Language::Es),
            ("L-V 9-14, lun–vie", Language::Es),
            ("Mon–Fri 9am–5pm", Language::En),
            ("Monday through Friday", Language::En),
            ("Segunda a sexta-feira: 8h às 18h", Language::Pt),
            ("segunda-feira a sexta-feira", Language::Pt),
            ("Mo–Fr 8–18 Uhr", Language::De),
            ("montags bis freitags", Language::De),
            ("Du lundi au vendredi", Language::Fr),
            ("dal lunedì al venerdì", Language::It),
            ("De dilluns a divendres", Language::Ca),
            ("maandag t/m vrijdag", Language::Nl),
            ("Luni–Vineri", Language::Ro),
            ("Poniedziałek - piątek", Language::Pl),
            ("Пн–Пт", Language::Ru),
            ("с понедельника по пятницу", Language::Ru),
            ("понеділок – п’ятниця", Language::Uk),
            ("Δευτέρα έως Παρασκευή", Language::El),
            ("Pazartesi - Cuma", Language::Tr),
            ("Senin sampai Jumat", Language::Id),
            ("Thứ Hai đến Thứ Sáu", Language::Vi),
            ("من الاثنين إلى الجمعة", Language::Ar),
            ("सोमवार से शुक्रवार", Language::Hi),
            ("周一至周五", Language::Zh),
            ("月曜日〜金曜日", Language::Ja),
            ("월요일부터 금요일까지", Language::Ko),
            ("จันทร์ถึงศุกร์", Language::Th),
        ] {
            assert_eq!(line(text, language), DaySet::WORKDAYS, "{text}");
        }
        assert_eq!(line("martes a domingo", Language::Es), DaySet(0b111_1110));
        assert_eq!(line("Mo-Sa", Language::De), to_saturday);
        assert_eq!(line("Fri to Mon", Language::En), DaySet(0b111_0001));
    }

    #[test]
    fn separate_days_are_no_range() {
        assert_eq!(line("Lunes 9:00-14:00, miércoles 10:00-13:00", Language::Es), DaySet(0b000_0101));
        assert_eq!(line("Saturday and Sunday", Language::En), DaySet::WEEKEND);
        assert_eq!(line("samedi, dimanche", Language::Fr), DaySet::WEEKEND);
    }

    #[test]
    fn every_language_names_sunday() {
        for (text, language) in [
            ("¿Abren los domingos?", Language::Es),
            ("are u open on sunday", Language::En),
            ("Abrem ao domingo?", Language::Pt),
            ("Ouvert le dimanche ?", Language::Fr),
            ("Habt ihr am Sonntag auf?", Language::De),
            ("Siete aperti la domenica?", Language::It),
            ("Obriu diumenge?", Language::Ca),
            ("Zijn jullie zondag open?", Language::Nl),
            ("Sunteți deschiși duminică?", Language::Ro),
            ("Czy w niedzielę jest otwarte?", Language::Pl),
            ("Работаете в воскресенье?", Language::Ru),
            ("Ви працюєте в неділю?", Language::Uk),
            ("Είστε ανοιχτά την Κυριακή;", Language::El),
            ("Pazar günü açık mısınız?", Language::Tr),
            ("Hari Minggu buka?", Language::Id),
            ("Chủ nhật có mở cửa không?", Language::Vi),
            ("هل تفتحون يوم الأحد؟", Language::Ar),
            ("क्या रविवार को खुला है?", Language::Hi),
            ("周日开门吗", Language::Zh),
            ("日曜日は開いていますか", Language::Ja),
            ("일요일에 여나요?", Language::Ko),
            ("วันอาทิตย์เปิดไหม", Language::Th),
        ] {
            assert_eq!(question(text, language), DaySet::one(Weekday::Sunday), "{text}");
        }
    }

    #[test]
    fn relative_days_need_to_know_today() {
        assert_eq!(question("¿Abren mañana?", Language::Es), DaySet::one(Weekday::Saturday));
        assert_eq!(question("¿Abren por la mañana?", Language::Es), DaySet::default());
        assert_eq!(question("are you open today?", Language::En), DaySet::one(Weekday::Friday));
        assert_eq!(question("Habt ihr morgen offen?", Language::De), DaySet::one(Weekday::Saturday));
        let unknown = days_of_question(&Text::new("open today?"), lexicon(Language::En), None);
        assert!(unknown.is_empty());
    }
}
