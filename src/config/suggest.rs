//! Finds what somebody probably meant by a misspelt name.

/// How alike two names must be, from 0 to 1, before one is suggested for the other.
const ALIKE: f64 = 0.8;

/// The candidate most like `word`, if any is alike enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour_and_nonsense_finds_none() {
        let names = ["token", "verify_token", "phone_number_id"];
        assert_eq!(nearest("tokn", names), Some("token"));
        assert_eq!(nearest("phone_id", names), Some("phone_number_id"));
        assert_eq!(nearest("Token", names), Some("token"));
        assert_eq!(nearest("zzz", names), None);
    }
}
