//! What customers asked in vain: questions that were declined or handed over because the knowledge did not answer them.
//!
//! Keeps nothing of its own. Everything is read from turns and messages each time, so that a question whose words were
//! erased, taken back or have expired is gone from here as well. Never writes to the database or to the knowledge folder.

pub mod again;
pub mod cases;
pub mod drafts;
pub mod group;
pub mod likeness;
pub mod plain;
pub mod read;
pub mod show;

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::domain::{ContactId, Language};
use crate::knowledge::dot::dot;
use likeness::Likeness;

/// How many examples of a gap are shown.
const EXAMPLES: usize = 3;

/// One question that was asked in vain.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// By whom.
    pub contact: ContactId,
    /// The customer's words, a message a line.
    pub words: String,
    /// What the same customer asked before, where the words lean on it: "and with nuts?".
    pub context: Option<String>,
    /// The language of the turn.
    pub language: Language,
    /// When the turn was committed.
    pub at: Timestamp,
    /// How it ended.
    pub ending: Ending,
    /// What a person of the business then answered.
    pub answer: Option<String>,
}

/// How a question ended that the knowledge did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The bot said that it does not know, or asked back and got no further.
    Declined,
    /// A person was brought in.
    HandedOver,
}

/// One of the ways in which customers put a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What was asked.
    pub asked: Asked,
    /// In which language the knowledge answers it by now; nothing while it does not.
    pub answered_in: Option<Language>,
}

/// A question that was asked in vain, once or often, with everyone's wordings of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Up to three wordings, the one that stands for the rest first; never empty.
    pub examples: Vec<Example>,
    /// How often it was asked.
    pub count: usize,
    /// How many different customers asked.
    pub customers: usize,
    /// In which languages, the most frequent first.
    pub languages: Vec<Language>,
    /// When it was last asked.
    pub last_asked: Timestamp,
    /// How often it was declined; the other times it was handed over.
    pub declined: usize,
    /// What a person last answered to it.
    pub answer: Option<String>,
    /// Every wording, for recognising the gap in files that were written for it.
    pub wordings: Vec<Vec<String>>,
    /// The drafts, by their place in the list that was given, that are about it.
    pub drafts: Vec<usize>,
}

impl Asked {
    /// The customer's messages as one would send them again.
    pub fn messages(&self) -> Vec<String> {
        self.context.iter().cloned().chain([self.words.clone()]).collect()
    }

    /// The question as one text that can be understood by itself.
    pub fn text(&self) -> String {
        self.messages().join("\n")
    }
}

impl Gap {
    /// The wording that stands for the rest.
    pub fn question(&self) -> &Asked {
        &self.examples[0].asked
    }

    /// Whether the knowledge answers every example by now.
    pub fn is_answered(&self) -> bool {
        self.examples.iter().all(|example| example.answered_in.is_some())
    }
}

/// Groups questions by meaning, the most frequent first. `likeness` compares the questions, in their order, and after
/// them the drafts; wordings in `preferred` are the first choice to stand for the rest.
pub fn gaps(asked: &[Asked], likeness: &Likeness, preferred: Language) -> Vec<Gap> {
    let groups = group::group(&likeness.vectors[..asked.len()], likeness.threshold);
    let means: Vec<Vec<f32>> = groups.iter().map(|group| likeness.mean(group)).collect();
    let mut gaps: Vec<Gap> =
        groups.iter().zip(&means).map(|(group, mean)| gap(asked, group, mean, likeness, preferred)).collect();
    for draft in asked.len()..likeness.vectors.len() {
        let nearness = |mean: &Vec<f32>| dot(mean, &likeness.vectors[draft]);
        let nearest = (0..means.len()).max_by(|one, other| nearness(&means[*one]).total_cmp(&nearness(&means[*other])));
        if let Some(index) = nearest.filter(|index| nearness(&means[*index]) >= likeness.threshold) {
            gaps[index].drafts.push(draft - asked.len());
        }
    }
    gaps.sort_by_key(|gap| std::cmp::Reverse((gap.count, gap.customers, gap.last_asked)));
    gaps
}

fn gap(asked: &[Asked], group: &[usize], mean: &[f32], likeness: &Likeness, preferred: Language) -> Gap {
    let members: Vec<&Asked> = group.iter().map(|index| &asked[*index]).collect();
    let answered = members.iter().filter(|asked| asked.answer.is_some()).max_by_key(|asked| asked.at);
    let mut order: Vec<usize> = group.to_vec();
    let nearness = |index: usize| dot(&likeness.vectors[index], mean);
    order.sort_by(|one, other| nearness(*other).total_cmp(&nearness(*one)).then(one.cmp(other)));
    // The wording that a person answered belongs with that answer; else the owner's own language reads best.
    order.sort_by_key(|index| {
        let asked = &asked[*index];
        (answered.is_some_and(|answered| *answered != asked), asked.language != preferred, asked.context.is_some())
    });
    let mut wordings: Vec<Vec<String>> = members.iter().map(|asked| asked.messages()).collect();
    wordings.sort();
    wordings.dedup();
    Gap {
        examples: examples(asked, &order),
        count: members.len(),
        customers: members.iter().map(|asked| asked.contact).collect::<HashSet<_>>().len(),
        languages: languages(&members),
        last_asked: members.iter().map(|asked| asked.at).max().unwrap_or_default(),
        declined: members.iter().filter(|asked| asked.ending == Ending::Declined).count(),
        answer: answered.and_then(|asked| asked.answer.clone()),
        wordings,
        drafts: Vec::new(),
    }
}

/// The first wording and further ones that differ from it, those in other languages first.
fn examples(asked: &[Asked], order: &[usize]) -> Vec<Example> {
    let mut chosen: Vec<&Asked> = Vec::new();
    let mut folded = HashSet::new();
    let all: Vec<&Asked> = order.iter().map(|index| &asked[*index]).collect();
    let different: Vec<&Asked> = all.into_iter().filter(|asked| folded.insert(plain::folded(&asked.text()))).collect();
    for only_new_languages in [true, false] {
        for asked in &different {
            let is_new = !chosen.iter().any(|known| known.language == asked.language);
            if chosen.len() < EXAMPLES && !chosen.contains(asked) && (is_new || !only_new_languages) {
                chosen.push(asked);
            }
        }
    }
    chosen.into_iter().map(|asked| Example { asked: asked.clone(), answered_in: None }).collect()
}

fn languages(members: &[&Asked]) -> Vec<Language> {
    let mut counts: BTreeMap<Language, usize> = BTreeMap::new();
    members.iter().for_each(|asked| *counts.entry(asked.language).or_default() += 1);
    let mut languages: Vec<(Language, usize)> = counts.into_iter().collect();
    languages.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    languages.into_iter().map(|(language, _)| language).collect()
}

#[cfg(test)]
mod tests;
