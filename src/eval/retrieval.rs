//! Measures search alone: how often the file that holds the answer comes first, among the first three, and how early.

use serde::{Deserialize, Serialize};

use super::report::{Latency, percentile};

/// How many files count at all.
pub const DEPTH: usize = 10;

/// A question and the file that answers it, relative to the knowledge folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrievalCase {
    /// Its name in reports.
    pub id: String,
    /// The customer's words.
    pub text: String,
    /// The file.
    pub file: String,
}

/// Reads a file of questions, one JSON object a line; empty lines are passed over.
pub fn read(name: &str, text: &str) -> Result<Vec<RetrievalCase>, String> {
    let mut cases = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        cases.push(serde_json::from_str(line).map_err(|error| format!("{name}, line {}: {error}", index + 1))?);
    }
    if cases.is_empty() { Err(format!("{name} holds no questions")) } else { Ok(cases) }
}

/// The figures over all questions.
#[derive(Clone, Debug, Serialize)]
pub struct RetrievalSummary {
    /// How many questions there were.
    pub queries: usize,
    /// The share whose file came first.
    pub hit1: f64,
    /// The share whose file came among the first three.
    pub hit3: f64,
    /// The mean of one divided by the file's place, 0 beyond the tenth.
    pub mrr10: f64,
    /// Milliseconds for each search, the question's embedding included.
    pub ms: Latency,
}

/// Sums up: for each question the place of its file, from 1, and the milliseconds.
pub fn summarise(found: &[(Option<usize>, f64)]) -> RetrievalSummary {
    let share = |worth: fn(usize) -> f64| {
        let total: f64 = found.iter().filter_map(|(place, _)| place.filter(|place| *place <= DEPTH)).map(worth).sum();
        if found.is_empty() { 0.0 } else { total / found.len() as f64 }
    };
    let mut times: Vec<f64> = found.iter().map(|(_, ms)| *ms).collect();
    times.sort_by(f64::total_cmp);
    RetrievalSummary {
        queries: found.len(),
        hit1: share(|place| if place == 1 { 1.0 } else { 0.0 }),
        hit3: share(|place| if place <= 3 { 1.0 } else { 0.0 }),
        mrr10: share(|place| 1.0 / place as f64),
        ms: Latency { p50: percentile(&times, 0.50), p95: percentile(&times, 0.95) },
    }
}

/// The place of a file among the files of the hits, each file counted where it first comes.
pub fn place_of<'a>(file: &str, hits: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut seen: Vec<&str> = Vec::new();
    for hit in hits {
        if !seen.contains(&hit) {
            seen.push(hit);
        }
    }
    seen.iter().position(|hit| *hit == file).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_where_it_first_comes() {
        let hits = ["a.md", "a.md", "b.md", "a.md", "c.md"];
        assert_eq!(place_of("b.md", hits.into_iter()), Some(2));
        assert_eq!(place_of("d.md", hits.into_iter()), None);
    }

    #[test]
    fn the_figures_are_shares_of_all_questions() {
        let summary = summarise(&[(Some(1), 4.0), (Some(2), 6.0), (Some(11), 8.0), (None, 2.0)]);
        assert_eq!((summary.hit1, summary.hit3, summary.mrr10), (0.25, 0.5, 0.375));
        assert_eq!((summary.ms.p50, summary.ms.p95), (4.0, 8.0));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = read("q.jsonl", "{\"id\":\"1\",\"text\":\"x\",\"file\":\"a.md\"}\n{}").expect_err("refused");
        assert!(error.starts_with("q.jsonl, line 2:"), "{error}");
    }
}
