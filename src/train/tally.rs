//! Counts how well the intents of labelled messages are found.
//!
//! Finds none itself.

use std::collections::BTreeMap;
use std::fmt;

use super::intents::Sample;
use crate::understand::kinds::Kind;
use crate::understand::{Intent, Understanding};

/// From which score on an intent counts as found.
const SURE: f32 = 0.5;

/// Of one intent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many messages show it.
    pub wanted: usize,
    /// In how many of those it was found.
    pub found: usize,
    /// In how many other messages it was found.
    pub wrong: usize,
    /// In how many of these, questions to the business and answers to its questions.
    pub wrong_in_ordinary: usize,
}

/// Of every intent that a set of messages shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By intent.
    pub counts: BTreeMap<Intent, Count>,
    /// How many messages are ordinary.
    pub ordinary: usize,
}

impl Count {
    /// Of the messages in which it was found, the share that shows it, 0 to 1; 1 where it was found in none.
    pub fn precision(&self) -> f32 {
        let all = self.found + self.wrong;
        if all == 0 { 1.0 } else { self.found as f32 / all as f32 }
    }

    /// Of the messages that show it, the share in which it was found, 0 to 1.
    pub fn recall(&self) -> f32 {
        if self.wanted == 0 { 0.0 } else { self.found as f32 / self.wanted as f32 }
    }
}

impl Tally {
    /// Counts what was understood of each message.
    pub fn of<'a>(all: impl Iterator<Item = (&'a Sample, &'a Understanding)>) -> Tally {
        let mut tally = Tally::default();
        let mut found = Vec::new();
        for (sample, understanding) in all {
            tally.ordinary += usize::from(sample.kind == Kind::Ordinary);
            if let Kind::Wants(intent) = sample.kind {
                tally.counts.entry(intent).or_default().wanted += 1;
            }
            let sure = understanding.intents.iter().filter(|scored| scored.score >= SURE);
            found.extend(sure.map(|scored| (sample.kind, scored.intent)));
        }
        // What the messages do not show is not measured.
        for (kind, intent) in found {
            let Some(count) = tally.counts.get_mut(&intent) else { continue };
            match kind == Kind::Wants(intent) {
                true => count.found += 1,
                false => count.wrong += 1,
            }
            count.wrong_in_ordinary += usize::from(kind == Kind::Ordinary);
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (title, ordinary) = ("intent", self.ordinary);
        writeln!(
            formatter,
            "{title:<12} {:>6} {:>5} {:>6} {:>6}   wrong in {ordinary} ordinary",
            "wanted", "found", "prec", "recall"
        )?;
        for (intent, count) in &self.counts {
            let name = serde_json::to_value(intent).ok();
            let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
            let Count { wanted, found, wrong_in_ordinary, .. } = count;
            let (precision, recall) = (count.precision(), count.recall());
            writeln!(
                formatter,
                "{name:<12} {wanted:>6} {found:>5} {precision:>6.2} {recall:>6.2}   {wrong_in_ordinary}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Language;
    use crate::understand::{Scored, Sentiment};

    fn understood(intents: &[Intent]) -> Understanding {
        Understanding {
            language: Language::En,
            language_is_sure: true,
            intents: intents.iter().map(|&intent| Scored { intent, score: 0.9 }).collect(),
            sentiment: Sentiment { negativity: 0.0, warmth: 0.0, signals: Vec::new() },
            has_question: true,
        }
    }

    #[test]
    fn what_is_found_where_it_is_not_counts_against_precision() {
        let sample = |kind| Sample { kind, text: String::new(), weight: 1.0 };
        let (thanks, ordinary) = (sample(Kind::Wants(Intent::Thanks)), sample(Kind::Ordinary));
        let (right, nothing) = (understood(&[Intent::Thanks, Intent::Yes]), understood(&[]));
        let all = [(&thanks, &right), (&thanks, &nothing), (&ordinary, &right), (&ordinary, &nothing)];
        let tally = Tally::of(all.into_iter());
        let count = Count { wanted: 2, found: 1, wrong: 1, wrong_in_ordinary: 1 };
        assert_eq!((tally.ordinary, tally.counts[&Intent::Thanks]), (2, count));
        assert_eq!((count.precision(), count.recall(), tally.counts.len()), (0.5, 0.5, 1));
        assert!(tally.to_string().contains("thanks            2     1   0.50   0.50   1"), "{tally}");
    }
}
