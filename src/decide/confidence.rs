//! How sure it is that the quoted passage answers the question: one number out of everything that search and judge saw.
//!
//! Never decides anything. The weights are fitted on the cases of several businesses: `atiende eval-suite --evidence`
//! writes what was seen, `atiende fit-confidence` prints the weights.

use serde::{Deserialize, Serialize};

/// What is known about the best passage. Every value is better when larger.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The combined search score, 0 to 1.
    pub score: f32,
    /// How well the meanings fit, 0 to 1: the cosine, rescaled so that unrelated texts lie at about 0.2.
    pub dense: f32,
    /// How probable it is, by the meanings of all that the owner wrote, that this passage answers and that something does;
    /// absent without vectors.
    #[serde(default)]
    pub meant: Option<f32>,
    /// The log-odds, token by token, of the most probable unit that would be quoted, against that nothing answers; absent
    /// where the search model does not tell.
    #[serde(default)]
    pub read: Option<f32>,
    /// How far they lie above those of the most probable unit that would not be quoted.
    #[serde(default)]
    pub lead: Option<f32>,
    /// The lexical score, normalised to 0 to 1; 0 when question and passage share no word.
    pub lexical: f32,
    /// The share of the question's content words that the quote holds; absent across languages, where it tells nothing.
    pub coverage: Option<f32>,
    /// How far the best score lies above that of the next passage on another subject, 0 to 1.
    pub margin: f32,
    /// Whether dense and lexical search put the same passage first.
    pub agreement: bool,
    /// Whether the passage speaks of the day that was asked for; absent when none was.
    pub day: Option<bool>,
    /// Whether the passage shows the kind of answer that was asked for; absent when the question does not tell.
    pub kind: Option<bool>,
    /// The model's probability that the passage holds the answer; absent when it was not asked.
    pub judge: Option<f32>,
}

/// How many inputs the logistic model has.
pub const INPUTS: usize = 16;

/// What each input adds to the log-odds, in the order of [`inputs`]. None but the first is negative, which keeps the
/// result monotone. Fitted by `atiende fit-confidence` on the tuning half of
/// `tests/cases` and on plain questions (`tests/cases/plain.toml`), each with a language model and without; before
/// the exception for `TOLD`, with which a fit says .004 bits less and is surer of what nothing answers.
pub const WEIGHTS: [f32; INPUTS] =
    [-0.19, 0.18, 0.37, 0.00, 0.34, 0.63, 0.14, 0.22, 0.63, 0.99, 0.00, 0.00, 1.17, 0.47, 0.38, 0.57];

/// What the log-odds gain where there is no model: with one, the best of several wordings and passages is chosen, which makes
/// what was chosen look better than it is, and the weights are fitted to both. As large as lets no more of what nothing
/// answers through without a model than with one; a fit says .66.
const WITHOUT_MODEL: f32 = 0.3;

/// From this share on, all that is asked for stands in the owner's words.
const TOLD: f32 = 0.99;

/// One number made ready for the model: `(value − centre) / spread`, held within ±`reach`.
struct Scale {
    /// The value that speaks neither for nor against; what is not a number counts as this.
    centre: f32,
    /// The distance from the centre that counts as one.
    spread: f32,
    /// How many spreads count at most, so that no single input decides alone.
    reach: f32,
}

const SCORE: Scale = Scale { centre: 0.5, spread: 0.25, reach: 2.0 };
const DENSE: Scale = Scale { centre: 0.45, spread: 0.2, reach: 2.0 };
const LEXICAL: Scale = Scale { centre: 0.3, spread: 0.35, reach: 2.0 };
// A question of one or two words swings far, hence the small reach upwards of full coverage: (1 − 0.6) / 0.25 = 1.6.
const COVERAGE: Scale = Scale { centre: 0.6, spread: 0.25, reach: 2.4 };
const MARGIN: Scale = Scale { centre: 0.05, spread: 0.08, reach: 2.0 };
// In log-odds: a judge who says .88 is one spread above undecided.
const JUDGE: Scale = Scale { centre: 0.0, spread: 2.0, reach: 2.0 };
// In log-odds: .88 of all that may answer is one spread above undecided.
const MEANT: Scale = Scale { centre: 0.0, spread: 2.0, reach: 2.0 };

// In log-odds already.
const READ: Scale = Scale { centre: 0.0, spread: 3.0, reach: 3.0 };
const LEAD: Scale = Scale { centre: 0.0, spread: 3.0, reach: 2.0 };

impl Scale {
    fn of(&self, value: f32) -> f32 {
        let value = if value.is_finite() { value } else { self.centre };
        ((value - self.centre) / self.spread).clamp(-self.reach, self.reach)
    }
}

/// The inputs of the logistic model: bias, score, dense, lexical, coverage, no coverage (across languages the words
/// cannot confirm what the vectors say), margin, agreement, the day shown, the day not shown, the kind of answer shown,
/// not shown, the judge, the share of the passage in all that may answer by its meaning, what reading token by token tells
/// of the quoted units and by how much they lead.
pub fn inputs(evidence: &Evidence) -> [f32; INPUTS] {
    let yes = |whether: Option<bool>| if whether == Some(true) { 1.0 } else { 0.0 };
    let no = |whether: Option<bool>| if whether == Some(false) { -1.0 } else { 0.0 };
    // The search model has never heard of "fartons": where the very words stand there, that it finds no counterpart for
    // them is nothing against them.
    let is_told = evidence.coverage.is_some_and(|coverage| coverage >= TOLD);
    let unless_told = |input: f32| if is_told { input.max(0.0) } else { input };
    [
        1.0,
        SCORE.of(evidence.score),
        DENSE.of(evidence.dense),
        LEXICAL.of(evidence.lexical),
        evidence.coverage.map_or(0.0, |coverage| COVERAGE.of(coverage)),
        if evidence.coverage.is_none() { -1.0 } else { 0.0 },
        MARGIN.of(evidence.margin),
        if evidence.agreement { 1.0 } else { -1.0 },
        yes(evidence.day),
        no(evidence.day),
        yes(evidence.kind),
        no(evidence.kind),
        evidence.judge.map_or(0.0, |judge| JUDGE.of(logit(judge))),
        evidence.meant.map_or(0.0, |meant| MEANT.of(logit(meant))),
        evidence.read.map_or(0.0, |read| unless_told(READ.of(read))),
        evidence.lead.map_or(0.0, |lead| unless_told(LEAD.of(lead))),
    ]
}

/// The probability, 0 to 1, that quoting the passage answers the question. It never falls when an input rises.
pub fn confidence(evidence: &Evidence) -> f32 {
    probability(&WEIGHTS, &inputs(evidence))
}

/// The same where there is no model to judge and to word the question anew.
pub fn confidence_without_model(evidence: &Evidence) -> f32 {
    let mut inputs = inputs(evidence);
    inputs[0] += WITHOUT_MODEL / WEIGHTS[0];
    probability(&WEIGHTS, &inputs)
}

/// The confidence with a judge who is sure that it does not answer, and with one who is sure that it does.
pub fn span_of_judge(evidence: &Evidence) -> (f32, f32) {
    let with = |judge| confidence(&Evidence { judge: Some(judge), ..*evidence });
    (with(0.0), with(1.0))
}

/// The logistic model.
pub fn probability(weights: &[f32; INPUTS], inputs: &[f32; INPUTS]) -> f32 {
    let log_odds: f32 = weights.iter().zip(inputs).map(|(weight, input)| weight * input).sum();
    1.0 / (1.0 + (-log_odds).exp())
}

fn logit(probability: f32) -> f32 {
    if !probability.is_finite() {
        return 0.0;
    }
    let probability = probability.clamp(0.001, 0.999);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: Evidence = Evidence {
        score: 0.9,
        dense: 0.75,
        meant: Some(0.9),
        read: Some(4.0),
        lead: Some(3.0),
        lexical: 0.8,
        coverage: Some(1.0),
        margin: 0.15,
        agreement: true,
        day: None,
        kind: None,
        judge: Some(0.95),
    };

    #[test]
    fn a_clear_hit_is_likely_and_a_stray_one_is_not() {
        assert!(confidence(&GOOD) > 0.95);
        let stray = Evidence {
            score: 0.3,
            dense: 0.25,
            meant: Some(0.02),
            read: Some(-4.0),
            lead: Some(-3.0),
            lexical: 0.0,
            coverage: Some(0.0),
            margin: 0.0,
            agreement: false,
            day: None,
            kind: None,
            judge: Some(0.1),
        };
        assert!(confidence(&stray) < 0.05);
    }

    #[test]
    fn without_a_model_as_much_evidence_is_worth_a_little_more() {
        let doubtful = Evidence { judge: None, coverage: Some(0.5), read: Some(0.5), ..GOOD };
        let (with, without) = (confidence(&doubtful), confidence_without_model(&doubtful));
        assert!(with < without && without < with + 0.08, "{with} {without}");
    }

    #[test]
    fn the_right_topic_without_the_very_thing_is_doubtful() {
        let engraving =
            Evidence { coverage: Some(0.0), meant: Some(0.3), read: Some(0.0), judge: Some(0.2), lexical: 0.2, ..GOOD };
        assert!(confidence(&engraving) < 0.6, "{}", confidence(&engraving));
    }

    #[test]
    fn words_that_stand_there_need_no_counterpart_that_the_search_model_knows() {
        let fartons = Evidence { coverage: Some(1.0), read: Some(-4.0), lead: Some(-1.0), ..GOOD };
        let neither = Evidence { read: None, lead: None, ..fartons };
        assert_eq!(confidence(&fartons), confidence(&neither));
        let half = Evidence { coverage: Some(0.5), ..fartons };
        assert!(confidence(&half) < confidence(&Evidence { read: None, lead: None, ..half }));
    }

    #[test]
    fn a_hit_in_another_language_needs_neither_words_nor_agreement() {
        let other = Evidence { lexical: 0.0, coverage: None, agreement: false, ..GOOD };
        assert!(confidence(&other) > 0.7, "{}", confidence(&other));
    }

    fn evidence() -> impl Strategy<Value = Evidence> {
        (
            0.0f32..=1.0,
            0.0f32..=1.0,
            0.0f32..=1.0,
            proptest::option::of(0.0f32..=1.0),
            0.0f32..=1.0,
            any::<bool>(),
            proptest::option::of(any::<bool>()),
            proptest::option::of(0.0f32..=1.0),
        )
            .prop_map(|(score, dense, lexical, coverage, margin, agreement, day, judge)| Evidence {
                score,
                dense,
                meant: Some(dense),
                read: Some(dense * 8.0 - 4.0),
                lead: Some(lexical * 8.0 - 4.0),
                lexical,
                coverage,
                margin,
                agreement,
                day,
                kind: None,
                judge,
            })
    }

    proptest! {
        #[test]
        fn more_evidence_never_lowers_the_confidence(base in evidence(), more in 0.0f32..1.0) {
            let raised = [
                Evidence { score: base.score + more, ..base },
                Evidence { dense: base.dense + more, ..base },
                Evidence { lexical: base.lexical + more, ..base },
                Evidence { coverage: base.coverage.map(|value| value + more), ..base },
                Evidence { margin: base.margin + more, ..base },
                Evidence { agreement: true, ..base },
                Evidence { judge: base.judge.map(|value| value + more), ..base },
                Evidence { read: base.read.map(|value| value + 4.0 * more), ..base },
                Evidence { lead: base.lead.map(|value| value + 4.0 * more), ..base },
            ];
            for better in raised {
                prop_assert!(confidence(&better) >= confidence(&base) - 1e-6);
            }
        }

        #[test]
        fn it_is_a_probability_even_for_broken_input(base in evidence(), broken in any::<f32>()) {
            let value = confidence(&Evidence { dense: broken, judge: Some(broken), read: Some(broken), lead: Some(broken), ..base });
            prop_assert!((0.0..=1.0).contains(&value));
        }
    }
}
