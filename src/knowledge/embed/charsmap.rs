//! SentencePiece's precompiled map of characters to what they are normalised to, read from untrusted bytes.
//!
//! The format is a double-array trie over UTF-8: a unit holds its own label in bits 0–7, in bit 8 whether a key ends
//! here, in bits 10–30 the way to its children (times 256 when bit 9 is set); a unit with bit 31 holds a value, which is
//! where the zero-ended replacement begins.

/// A map from the beginnings of texts to replacements.
#[derive(Debug)]
pub(super) struct Charsmap {
    units: Vec<u32>,
    replacements: String,
}

impl Charsmap {
    /// Reads the map; nothing when the bytes are no such map.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if length == 0 || !length.is_multiple_of(4) || length > rest.len() {
            return None;
        }
        let (units, replacements) = rest.split_at(length);
        let units =
            units.chunks_exact(4).map(|unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]])).collect();
        let replacements = String::from_utf8(replacements.to_vec()).ok()?;
        Some(Charsmap { units, replacements })
    }

    /// The text with the longest known beginning replaced at every place.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut normalised = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let found = self.longest(rest.as_bytes()).and_then(|(length, value)| {
                // A damaged map may cut a character in two: it is then as if nothing had been found.
                Some((rest.get(length..)?, self.replacement(value)?))
            });
            match found {
                Some((after, replacement)) => {
                    normalised.push_str(replacement);
                    rest = after;
                }
                None => {
                    normalised.push(character);
                    rest = &rest[character.len_utf8()..];
                }
            }
        }
        normalised
    }

    /// The length of the longest key that `text` begins with, and its value.
    fn longest(&self, text: &[u8]) -> Option<(usize, usize)> {
        let mut place = offset(*self.units.first()?);
        let mut found = None;
        for (index, &byte) in text.iter().enumerate() {
            place ^= usize::from(byte);
            let Some(&unit) = self.units.get(place) else { break };
            if byte == 0 || unit & (1 << 31 | 0xff) != u32::from(byte) {
                break;
            }
            place ^= offset(unit);
            if unit >> 8 & 1 == 1 {
                let value = self.units.get(place)? & !(1 << 31);
                found = Some((index + 1, value as usize));
            }
        }
        found
    }

    fn replacement(&self, start: usize) -> Option<&str> {
        self.replacements.get(start..)?.split('\0').next()
    }
}

fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::e5;

    fn map(rules: &[(char, &str)]) -> Charsmap {
        let rules: Vec<_> = rules.iter().map(|(from, to)| (*from, (*to).to_owned())).collect();
        Charsmap::parse(&e5::charsmap::build(&rules)).expect("a map")
    }

    #[test]
    fn characters_of_every_length_are_replaced_and_others_kept() {
        let map = map(&[('\t', " "), ('\u{7f}', ""), ('ﬁ', "fi"), ('Ａ', "A"), ('𝒜', "A"), ('㎞', "km")]);
        assert_eq!(map.apply("ﬁn\tde\u{7f} 5㎞ Ａ𝒜 ñandú 中国 🙂"), "fin de 5km AA ñandú 中国 🙂");
    }

    #[test]
    fn a_map_without_rules_changes_nothing() {
        assert_eq!(map(&[]).apply("¡Hola!\0"), "¡Hola!\0");
    }

    #[test]
    fn bytes_that_are_no_map_are_refused() {
        for bytes in [&b""[..], b"abc", &[0, 0, 0, 0], &[8, 0, 0, 0, 1, 2, 3, 4], &[3, 0, 0, 0, 1, 2, 3]] {
            assert!(Charsmap::parse(bytes).is_none(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn every_rule_is_found_again(rules in prop::collection::btree_map(any::<char>(), "[a-zé中]{0,3}", 0..300)) {
            let rules: Vec<_> = rules.into_iter().filter(|(from, _)| *from != '\0').collect();
            let map = Charsmap::parse(&e5::charsmap::build(&rules)).expect("a map");
            for (from, to) in &rules {
                prop_assert_eq!(&map.apply(&from.to_string()), to);
            }
        }

        #[test]
        fn a_damaged_map_never_panics(changes in prop::collection::vec((0_usize..1_100, any::<u8>()), 1..20), text in ".{0,40}") {
            let rules = [('é', "e".to_owned()), ('中', "zhong".to_owned()), ('a', String::new())];
            let mut bytes = e5::charsmap::build(&rules);
            for (place, value) in changes {
                let length = bytes.len();
                bytes[place % length] = value;
            }
            if let Some(map) = Charsmap::parse(&bytes) {
                map.apply(&text);
            }
        }
    }
}
