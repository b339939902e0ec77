//! Reads JSON that carries broken text: half an emoji, or bytes that are not UTF-8.
//!
//! Phones cut long text in the middle of an emoji, and the half arrives as a lone surrogate escape, which strict JSON
//! refuses. Only the broken character is replaced (by U+FFFD); whatever else is wrong stays an error.

use serde_json::Value;

/// Parses `raw`; on failure parses it again with broken characters replaced.
pub(super) fn from_slice(raw: &[u8]) -> serde_json::Result<Value> {
    let strict = serde_json::from_slice(raw);
    if strict.is_ok() {
        return strict;
    }
    serde_json::from_str(&replace_lone_surrogates(&String::from_utf8_lossy(raw)))
}

fn replace_lone_surrogates(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match surrogate(rest) {
            Some(0xd800..=0xdbff) if rest.get(6..).and_then(surrogate).is_some_and(is_low) => 12,
            Some(0xd800..=0xdfff) => {
                out.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            // A backslash and what it escapes belong together: the second of `\\` escapes nothing.
            _ => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// The code unit of a `\uXXXX` escape at the start of `text`.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

fn is_low(unit: u16) -> bool {
    (0xdc00..=0xdfff).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_emoji_is_replaced_and_whole_ones_are_kept() {
        let raw = br#"{"a":"x\ud83d","b":"\ude00y","c":"\ud83d\ude00","d":"\\ud83d","e":"\ud83d\ud83d\ude00"}"#;
        let value = from_slice(raw).unwrap();
        assert_eq!(value["a"], "x\u{fffd}");
        assert_eq!(value["b"], "\u{fffd}y");
        assert_eq!(value["c"], "😀");
        assert_eq!(value["d"], "\\ud83d");
        assert_eq!(value["e"], "\u{fffd}😀");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(from_slice(b"{\"a\":\"caf\xe9\"}").unwrap()["a"], "caf\u{fffd}");
    }

    #[test]
    fn what_is_not_json_stays_an_error() {
        for raw in [&b""[..], b"{", b"\\", b"\"\\ud8\"", b"\"\\u\xc3\xa1\xc3\xa1\"", b"<html>"] {
            assert!(from_slice(raw).is_err());
        }
    }
}
