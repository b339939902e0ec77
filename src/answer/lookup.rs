//! From a question to a finding: searches, judges how sure it is that the best passage answers, and drafts the reply.
//!
//! Never decides whether to send the draft. When the first search is not sure, the model words the question anew once
//! and the search is repeated; across languages the model also chooses among the first few passages.

mod judging;
mod offering;
mod rating;

use std::time::Instant;

use jiff::civil::Weekday;

use crate::decide::grounding;
use crate::domain::{Language, Line};
use crate::knowledge::{Knowledge, Query};

use self::judging::SURE_ACROSS;
use super::finding::{Asked, Finding, Subject};
use super::ladder::{Rung, Writing, draft};
use super::model::ModelUse;
use super::nearness::nearness;
use super::quote::{Near, QUESTION_MARKS, Question, leans, quote_near, stands_alone};
use super::restate::{self, Before, asks_something_new, keeps_days_and_numbers, reads_as, restate};
use super::words::content_words;

/// How many questions in a row are answered one by one; more than that is no way to be read.
const MOST_QUESTIONS: usize = 3;
/// How many passages are looked at, ...
const LOOKED_AT: usize = 50;
/// ... and how many of them are kept.
const HITS: usize = 8;
/// From here on a person is shown what the bot would have quoted.
const SUGGESTED: f32 = 0.1;
/// The score from which on a passage is shown to a person without the model's word.
const SUGGESTED_SCORE: f32 = 0.5;
/// A question of at most this many content words may lean on the one before it.
const ELLIPTIC: usize = 3;
/// How sure it is that what a customer chose by hand is what is meant.
const CHOSEN: f32 = 0.95;
/// Longer than this no channel takes a message with everything that is put around it.
const LONGEST_DRAFT: usize = 3_500;

/// A question and what it is to be looked up in.
pub struct Lookup<'a> {
    /// The passages.
    pub knowledge: &'a Knowledge,
    /// The customer's words, a message each.
    pub texts: Vec<String>,
    /// What the customer asked before, or quotes.
    pub context: Option<&'a str>,
    /// What was said before the history, in short.
    pub summary: Option<&'a str>,
    /// What was said before, oldest first.
    pub history: &'a [Line],
    /// The customer's language.
    pub language: Language,
    /// Which day it is at the business.
    pub today: Weekday,
    /// From which confidence on a reply will be sent, ...
    pub min_confidence: f32,
    /// ... and from which on the customer is asked back what is meant.
    pub clarify_confidence: f32,
    /// How long a reply may be, in characters.
    pub budget_chars: usize,
    /// How far down the ladder of translations an answer may go.
    pub furthest_rung: Rung,
    /// How many earlier messages may reach a prompt.
    pub history_turns: usize,
    /// What replies may state although no passage holds it.
    pub own_facts: &'a [String],
}

impl Lookup<'_> {
    /// Looks the question up. `model` judges, words anew and translates, as far as it is there.
    ///
    /// Messages that are questions of their own are answered one by one, if each can be.
    pub async fn run(&self, model: &mut ModelUse<'_>) -> Finding {
        let questions = questions(&self.texts);
        if (2..=MOST_QUESTIONS).contains(&questions.len())
            && questions.iter().all(|text| stands_alone(text, self.language))
            && let Some(finding) = self.run_each(&questions, model).await
        {
            return finding;
        }
        let mut finding = self.run_one(&self.texts.join("\n"), model).await;
        self.offer(&mut finding, model).await;
        finding.tokens = model.tokens;
        finding
    }

    /// Quoting costs nothing and suggests an answer to a person; translating takes seconds that only a reply is worth.
    fn is_worth_writing(&self, finding: &Finding) -> bool {
        let is_quote = finding.hits.first().is_some_and(|best| best.passage.language == self.language);
        finding.confidence >= if is_quote { SUGGESTED } else { self.min_confidence }
    }

    /// One finding for several questions; nothing when one of them has no sure answer.
    async fn run_each(&self, questions: &[String], model: &mut ModelUse<'_>) -> Option<Finding> {
        let mut together: Option<Finding> = None;
        for text in questions {
            let finding = self.run_one(text, model).await;
            if finding.confidence < self.min_confidence || finding.draft.is_none() {
                return None;
            }
            together = Some(match together {
                None => finding,
                Some(before) => before.and(finding),
            });
        }
        together
    }

    async fn run_one(&self, text: &str, model: &mut ModelUse<'_>) -> Finding {
        let asked =
            Asked { text: text.to_owned(), context: self.context_of(text).map(str::to_owned), language: self.language };
        let mut finding = self.search(asked).await;
        self.rate(&mut finding);
        if finding.is_across() {
            self.let_judge_choose(&mut finding, model).await;
        }
        if finding.confidence < if finding.is_across() { SURE_ACROSS } else { self.min_confidence } {
            self.try_other_words(&mut finding, text, model).await;
        }
        self.ask_judge(&mut finding, model).await;
        if !model.is_available() {
            finding.rely_on_search();
        }
        if self.is_worth_writing(&finding) {
            self.write(&mut finding, model).await;
        }
        finding.tokens = model.tokens;
        finding
    }

    /// Answers from the passage that the customer chose, whose words may have changed since it was offered; where nothing
    /// stands under its heading any more, from what words and heading find.
    pub async fn run_chosen(&self, subject: &Subject, model: &mut ModelUse<'_>) -> Finding {
        let words = self.texts.join("\n");
        if let Some(mut finding) = self.find_chosen(subject, &words).await {
            finding.confidence = CHOSEN.max(self.min_confidence);
            finding.trail.push("the customer chose the subject".to_owned());
            self.write(&mut finding, model).await;
            finding.tokens = model.tokens;
            return finding;
        }
        let text = if words == subject.title { words } else { format!("{words}\n{}", subject.title) };
        let mut finding = self.run_one(&text, model).await;
        self.offer(&mut finding, model).await;
        finding
    }

    /// The chosen passage alone, or else what stands under its heading now.
    async fn find_chosen(&self, subject: &Subject, words: &str) -> Option<Finding> {
        let title = || subject.title.clone();
        let by_words = Asked { text: words.to_owned(), context: Some(title()), language: self.language };
        let by_title = Asked { text: title(), context: None, language: self.language };
        let mut found = Vec::new();
        for asked in [by_words, by_title] {
            let mut finding = self.search(asked).await;
            if finding.keep(|hit| hit.passage.id == subject.passage) {
                return Some(finding);
            }
            found.push(finding);
        }
        found.into_iter().find_map(|mut finding| finding.keep(|hit| subject.is_heading_of(hit)).then_some(finding))
    }

    /// The best passage's own words, found without the model: a suggestion for a person.
    pub async fn suggest(&self) -> Option<String> {
        let asked =
            Asked { text: self.texts.join("\n"), context: self.context.map(str::to_owned), language: self.language };
        let finding = self.search(asked).await;
        let best = finding.hits.first().filter(|hit| hit.score >= SUGGESTED_SCORE)?;
        let near = nearness(&best.units);
        let near = Near { nearness: near.as_deref(), log_odds: &best.log_odds };
        Some(quote_near(&self.question(&finding.asked), &best.passage, self.budget_chars, near).text)
    }

    fn question<'q>(&'q self, asked: &'q Asked) -> Question<'q> {
        let context = asked.context.as_deref();
        Question { text: &asked.text, context, language: asked.language, today: Some(self.today) }
    }

    /// What was asked before, where the text leans on it: "do you have parking?" has nothing to do with Sunday's hours.
    fn context_of(&self, text: &str) -> Option<&str> {
        self.context.filter(|_| leans(text, self.language))
    }

    async fn search(&self, asked: Asked) -> Finding {
        let began = Instant::now();
        let knowledge = self.knowledge.clone();
        let query = Query { text: asked.text.clone(), context: asked.context.clone(), language: asked.language };
        // Embedding the question takes milliseconds of pure computation: not on the server's own threads.
        let hits = tokio::task::spawn_blocking(move || knowledge.search(&query, LOOKED_AT)).await.unwrap_or_default();
        Finding::new(asked, hits, began.elapsed())
    }

    /// Words the question anew, in the language of the best passage, and looks that up.
    async fn try_other_words(&self, finding: &mut Finding, text: &str, model: &mut ModelUse<'_>) {
        let Some(to) = finding.hits.first().map(|best| best.passage.language) else { return };
        let history = &self.history[self.history.len().saturating_sub(self.history_turns)..];
        let leans = self.leans_on_context(text);
        let before = leans.then_some(Before { history, summary: self.summary });
        let asked_before = self.context.filter(|_| leans);
        let restated = restate(model, text, before, to, &mut finding.trail).await;
        let Some(restated) = restated.filter(|restated| {
            reads_as(restated, to, self.language)
                && keeps_days_and_numbers((restated, to), (text, self.language), leans)
                && asks_something_new((restated, to), asked_before, (text, self.language))
        }) else {
            return;
        };
        if !self.means_these_words(&restated, text, asked_before).await {
            finding.trail.push("worded anew: rather the question before, and thrown away".to_owned());
            return;
        }
        let mut second = self.search(Asked { text: restated, context: None, language: to }).await;
        self.rate(&mut second);
        finding.trail.push(format!("worded anew: confidence {:.2}", second.confidence));
        // The customer's own words were no such question: the new ones ask for less.
        if second.is_whole_answer {
            second.confidence = 0.0;
        }
        let searching = finding.searching + second.searching;
        if second.confidence > finding.confidence {
            let mut trail = std::mem::take(&mut finding.trail);
            trail.append(&mut second.trail);
            *finding = Finding { trail, ..second };
        }
        finding.searching = searching;
    }

    /// Whether a new wording means what the customer wrote, and not rather what was asked before: a small model that does
    /// not understand a few words asks that question again in others, and its answer would be a true one that nobody
    /// wants. Words that name nothing, or begin with "and", may well mean it again.
    async fn means_these_words(&self, restated: &str, text: &str, before: Option<&str>) -> bool {
        let Some(before) = before.filter(|_| !leans(text, self.language)) else { return true };
        let knowledge = self.knowledge.clone();
        let texts = [restated, text, before].map(str::to_owned);
        let vectors = tokio::task::spawn_blocking(move || knowledge.vectors(&texts)).await;
        let Ok(Ok(vectors)) = vectors else { return true };
        restate::is_nearer(&vectors)
    }

    /// Whether the words only make sense after what was said before: there is something before, and they are few.
    fn leans_on_context(&self, text: &str) -> bool {
        self.context.is_some() && content_words(text, self.language).len() <= ELLIPTIC
    }

    async fn write(&self, finding: &mut Finding, model: &mut ModelUse<'_>) {
        let question = self.question(&finding.asked);
        let mut trail = Vec::new();
        let nearness = finding.hits.first().and_then(|hit| nearness(&hit.units));
        let log_odds = finding.hits.first().map_or(&[][..], |hit| &hit.log_odds);
        let near = Near { nearness: nearness.as_deref(), log_odds };
        let writing =
            Writing { question, to: self.language, budget_chars: self.budget_chars, furthest: self.furthest_rung };
        let drafted = draft(model, writing, &finding.hits, near, &mut trail).await;
        finding.draft = drafted.filter(|draft| draft.text.chars().count() <= LONGEST_DRAFT);
        // A translation was checked against its original, which knows what "3" is years of.
        if let Some(draft) = finding.draft.as_ref().filter(|draft| draft.translation.is_none()) {
            let evidence: Vec<&str> = draft.evidence.iter().chain(self.own_facts).map(String::as_str).collect();
            let problems = grounding::unsupported(&draft.text, &evidence);
            trail.extend(problems.iter().map(|problem| format!("not in the evidence: {problem}")));
            finding.problems = problems.len();
        }
        finding.trail.append(&mut trail);
    }
}

/// The messages, those with several question marks cut after each.
fn questions(texts: &[String]) -> Vec<String> {
    let parts = texts.iter().flat_map(|text| text.split_inclusive(QUESTION_MARKS));
    parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
