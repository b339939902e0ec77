//! Lenient access to JSON of uncertain shape: what is not as expected counts as absent.

use jiff::Timestamp;
use serde_json::Value;

/// The string under `key`, unless it is empty or only spaces.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.trim().is_empty())
}

/// The string or number under `key` as text, unless it is empty.
pub(super) fn text_or_number(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::Number(number) => Some(number.to_string()),
        _ => text(value, key).map(str::to_owned),
    }
}

/// The finite number under `key`, written as a number or as a string.
pub(super) fn number(value: &Value, key: &str) -> Option<f64> {
    match value.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// The whole number under `key`, written as a number or as a string.
pub(super) fn integer(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether `key` says true, as a boolean or as the word.
pub(super) fn flag(value: &Value, key: &str) -> bool {
    match value.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// The elements under `key`: none when it is absent, one when it is a lone object.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    match value.get(key) {
        Some(Value::Array(elements)) => elements,
        Some(object @ Value::Object(_)) => std::slice::from_ref(object),
        _ => &[],
    }
}

/// The time under `key`: Unix seconds as a string or a number.
///
/// A time that is missing, or outside the years 2009 (when WhatsApp began) to 2099, becomes the Unix epoch, so that
/// callers take the message for a late one: it is stored, and not answered as if it were new.
pub(super) fn timestamp(value: &Value, key: &str) -> Timestamp {
    const PLAUSIBLE: std::ops::Range<i64> = 1_230_768_000..4_102_444_800;
    integer(value, key)
        .filter(|seconds| PLAUSIBLE.contains(seconds))
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_and_numbers_are_alike() {
        let value = json!({"a": "7", "b": 7, "c": " 7.5 ", "d": 7.5, "e": "x", "f": "NaN", "g": null});
        assert_eq!((integer(&value, "a"), integer(&value, "b"), integer(&value, "e")), (Some(7), Some(7), None));
        assert_eq!((number(&value, "c"), number(&value, "d"), number(&value, "f")), (Some(7.5), Some(7.5), None));
        assert_eq!(text_or_number(&value, "b").as_deref(), Some("7"));
        assert_eq!(text_or_number(&value, "g"), None);
    }

    #[test]
    fn empty_text_counts_as_absent() {
        let value = json!({"a": "", "b": "  ", "c": "x", "d": 1});
        assert_eq!(["a", "b", "c", "d", "e"].map(|key| text(&value, key)), [None, None, Some("x"), None, None]);
        assert_eq!(text(&json!("x"), "c"), None);
    }

    #[test]
    fn absurd_times_become_the_epoch() {
        let times = json!({"ok": "1790000000", "int": 1_790_000_000, "milli": 1_790_000_000_000_i64, "neg": "-5",
            "zero": 0, "word": "soon", "huge": "999999999999999999999999", "float": 1.5});
        let expected = Timestamp::from_second(1_790_000_000).unwrap();
        assert_eq!((timestamp(&times, "ok"), timestamp(&times, "int")), (expected, expected));
        for key in ["milli", "neg", "zero", "word", "huge", "float", "missing"] {
            assert_eq!(timestamp(&times, key), Timestamp::UNIX_EPOCH, "{key}");
        }
    }
}
