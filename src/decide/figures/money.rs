//! Amounts of money and percentages.

use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Figure;
use super::amount::{Amount, NUMBER};
use super::scan::{Scan, ends_word, starts_number, starts_word};
use super::tables::{compile, connector, join};
use crate::answer::words::fold;

/// A currency by its ISO 4217 code; `$`, `¥`, `peso` and the like where the text does not say which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(&'static str);

/// The code and how it is written. What is written alike by several currencies has a code of its own.
const CURRENCIES: &[(&str, &str)] = &[
    ("EUR", "€|eur|euro|euros|eurο|ευρω|евро|євро|欧元|ユーロ|유로|ยูโร|يورو|यूरो"),
    ("USD", "us$|usd|u$s|美元|米ドル"),
    (
        "$",
        "$|dolar|dolares|dollar|dollars|dollari|dollaro|dolari|dolarow|доллар|долларов|доллара|долар|доларів|دولار|डॉलर|ドル|달러|ดอลลาร์",
    ),
    ("MXN", "mx$|mxn"),
    ("ARS", "ar$|ars"),
    ("CLP", "clp|clp$"),
    ("COP", "cop|cop$"),
    ("peso", "peso|pesos"),
    ("BRL", "r$|brl|real|reais|reales"),
    ("PEN", "s/|s/.|pen|soles"),
    ("GBP", "£|gbp|pound|pounds|libra|libras|pfund"),
    ("CHF", "chf|sfr|fr.|franken|francs|francos|franchi"),
    ("JPY", "jpy|円|yen|yenes"),
    ("CNY", "cny|rmb|元|块钱|块|人民币"),
    ("¥", "¥"),
    ("KRW", "₩|krw|원|won"),
    ("INR", "₹|inr|rs|rs.|रुपये|रुपए|रुपया|rupee|rupees"),
    ("IDR", "rp|rp.|idr|rupiah"),
    ("THB", "฿|thb|บาท|baht"),
    ("VND", "₫|vnd|d|dong"),
    ("TRY", "₺|try|tl|lira|liralik"),
    ("RUB", "₽|rub|руб|руб.|рубль|рубля|рублей|р."),
    ("UAH", "₴|uah|грн|грн.|гривень|гривня|гривні"),
    ("PLN", "zl|pln|zloty|zlotych|zlote"),
    ("RON", "lei|leu|ron"),
    ("CZK", "kc|czk"),
    ("AED", "aed|درهم|dirham|dirhams"),
    ("SAR", "sar|ريال|riyal"),
    ("EGP", "egp|جنيه"),
];

/// Signs that several currencies share, with those that they may stand for.
const SHARED: &[(&str, &[&str])] = &[
    ("$", &["USD", "MXN", "ARS", "CLP", "COP", "peso"]),
    ("peso", &["MXN", "ARS", "CLP", "COP", "$"]),
    ("¥", &["JPY", "CNY"]),
];

impl Currency {
    /// Whether both may be the same: `$` may be a peso, but never a euro.
    pub fn agrees(self, other: Currency) -> bool {
        let may_be = |one: Currency, other: Currency| {
            SHARED.iter().any(|(sign, codes)| *sign == one.0 && codes.contains(&other.0))
        };
        self == other || may_be(self, other) || may_be(other, self)
    }

    fn read(written: &str) -> Option<Currency> {
        let is_written = |forms: &str| forms.split('|').any(|form| fold(form) == written);
        CURRENCIES.iter().find(|(_, forms)| is_written(forms)).map(|(code, _)| Currency(code))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// The currencies that a text mentions anywhere, a table's header included.
pub fn currencies(text: &str) -> Vec<Currency> {
    static SIGN: LazyLock<Regex> = LazyLock::new(|| compile(&signs()));
    let text = fold(text);
    let clear = SIGN.find_iter(&text).filter(|sign| starts_word(&text, sign.start()) && ends_word(&text, sign.end()));
    clear.filter_map(|sign| Currency::read(sign.as_str())).collect()
}

fn signs() -> String {
    join(CURRENCIES.iter().flat_map(|(_, forms)| forms.split('|')).map(fold))
}

/// Takes every amount of money and every percentage, both ends of a range included.
pub fn take(scan: &mut Scan) {
    static AFTER: LazyLock<Regex> = LazyLock::new(|| {
        let to = connector();
        compile(&format!(r"(?:({NUMBER})\s?(?:{to})\s?)?({NUMBER})(?:,-|\.-)?\s?({})", signs()))
    });
    static BEFORE: LazyLock<Regex> =
        LazyLock::new(|| compile(&format!(r"({})\s?({NUMBER})(?:\s?[-~]\s?({NUMBER}))?", signs())));
    static PERCENT: LazyLock<Regex> = LazyLock::new(|| {
        let words = "%|٪|por ciento|por cento|per cent|percent|pour cent|per cento|prozent|procent|процентов|процента|процент|відсотків";
        compile(&format!(r"(?:({NUMBER})\s?[-~]\s?)?({NUMBER})\s?(?:{words})"))
    });
    take_shape(scan, &AFTER, |captures| money(captures, [1, 2], 3));
    take_shape(scan, &BEFORE, |captures| money(captures, [2, 3], 1));
    take_shape(scan, &PERCENT, |captures| {
        let amounts = [1, 2].into_iter().filter_map(|index| captures.get(index));
        Some(amounts.filter_map(|amount| Amount::read(amount.as_str())).map(Figure::Percent).collect())
    });
}

fn money(captures: &Captures, amounts: [usize; 2], currency: usize) -> Option<Vec<Figure>> {
    let currency = Currency::read(captures.get(currency)?.as_str())?;
    let amounts = amounts.into_iter().filter_map(|index| captures.get(index));
    let amounts = amounts.filter_map(|amount| Amount::read(amount.as_str()));
    Some(amounts.map(|amount| Figure::Money { amount, currency }).collect())
}

fn take_shape(scan: &mut Scan, expression: &Regex, read: impl Fn(&Captures) -> Option<Vec<Figure>>) {
    let text = scan.text().to_owned();
    for captures in expression.captures_iter(&text) {
        let whole = captures.get(0).expect("a match has its whole. This is a bug.").range();
        let is_clear = if text[whole.clone()].starts_with(|c: char| c.is_ascii_digit()) {
            starts_number(&text, whole.start)
        } else {
            starts_word(&text, whole.start)
        };
        if let Some(figures) = read(&captures).filter(|_| is_clear && ends_word(&text, whole.end)) {
            scan.take(whole, figures);
        }
    }
}
