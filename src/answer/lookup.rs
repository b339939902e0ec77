//! From a question to a finding: searches, judges how sure it is that the best passage answers, and drafts the reply.
//!
//! Never decides whether to send the draft. When the first search is not sure and the question leans on what was said
//! before, the model words it anew once and the search is repeated.

use std::time::Instant;

use jiff::civil::Weekday;

use crate::decide::confidence::{Evidence, confidence};
use crate::decide::grounding;
use crate::domain::{Author, Language, Line};
use crate::knowledge::{Hit, Knowledge, Query};
use crate::llm::{ChatMessage, GenerateRequest, Role};
use crate::prompts::Task;

use super::finding::{Finding, agreement, is_tie, margin};
use super::judge::judge;
use super::ladder::draft;
use super::model::ModelUse;
use super::quote::{QUESTION_MARKS, Question, Quote, fit, leans, quote, stands_alone};
use super::words::content_words;

/// How many questions in a row are answered one by one; more than that is no way to be read.
const MOST_QUESTIONS: usize = 3;
/// How many passages are looked at, ...
const LOOKED_AT: usize = 50;
/// ... and how many of them are kept.
const HITS: usize = 8;
/// What speaking of the day that was asked for adds to a passage's score, ...
const DAY_WORTH: f32 = 0.1;
/// ... what being about that day does, ...
const DAY_SUBJECT_WORTH: f32 = 0.2;
/// ... what showing the kind of answer does, ...
const KIND_WORTH: f32 = 0.04;
/// ... and what it does where few passages show it: an address, a phone number.
const RARE_KIND_WORTH: f32 = 0.2;
/// Between these the model is asked to judge; outside, its word would change nothing.
const JUDGED: std::ops::Range<f32> = 0.15..0.75;
/// The same across languages, where the words cannot confirm what the vectors say.
const JUDGED_ACROSS: std::ops::Range<f32> = 0.15..0.97;
/// What holding the one thing that is asked for is worth, whatever the searches say: "where are you?" shares no word with
/// an address.
const WHOLE_ANSWER: f32 = 0.6;
/// What an address itself is worth above a passage that is only headed "where".
const WHOLE_ANSWER_SHOWN: f32 = 0.1;
/// How sure such an answer is at least.
const WHOLE_ANSWER_CONFIDENCE: f32 = 0.8;
/// Below this the question is worded anew, if it leans on what was said before.
const UNSURE: f32 = 0.5;
/// A question of at most this many content words may lean on the one before it.
const ELLIPTIC: usize = 3;
/// No search found anything that resembles the question: it is not about the business.
const OFF_TOPIC_DENSE: f32 = 0.25;
const OFF_TOPIC_COVERAGE: f32 = 0.1;
/// Stands in for the similarity of meaning where there is no embedder: neither for nor against.
const NO_DENSE: f32 = 0.45;
/// Tokens of conversation in the prompt that words a question anew.
const HISTORY_TOKENS: usize = 300;
const REWRITTEN_TOKENS: usize = 48;

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
    /// From which confidence on a reply will be sent.
    pub min_confidence: f32,
    /// How long a reply may be, in characters.
    pub budget_chars: usize,
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
        self.run_one(&self.texts.join("\n"), model).await
    }

    /// Quoting costs nothing and suggests an answer to a person; translating takes seconds that only a reply is worth.
    fn is_worth_writing(&self, finding: &Finding) -> bool {
        let is_quote = finding.hits.first().is_some_and(|best| best.same_language);
        finding.confidence >= if is_quote { JUDGED.start } else { self.min_confidence }
    }

    /// One finding for several questions; nothing when one of them has no sure answer.
    async fn run_each(&self, questions: &[String], model: &mut ModelUse<'_>) -> Option<Finding> {
        let mut together: Option<Finding> = None;
        for text in questions {
            let finding = self.run_one(text, model).await;
            if finding.confidence < UNSURE || finding.draft.is_none() {
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
        let mut finding = self.search(text.to_owned(), self.context_of(text).map(str::to_owned)).await;
        self.rate(&mut finding, text, model).await;
        if finding.confidence < UNSURE && self.leans_on_context(text) {
            self.try_again(&mut finding, text, model).await;
        }
        if self.is_worth_writing(&finding) {
            self.write(&mut finding, text, model).await;
        }
        finding.tokens = model.tokens;
        finding
    }

    /// The best passage's own words, found without the model: a suggestion for a person.
    pub async fn suggest(&self) -> Option<String> {
        let text = self.texts.join("\n");
        let finding = self.search(text.clone(), self.context.map(str::to_owned)).await;
        let best = finding.hits.first().filter(|hit| hit.score >= UNSURE)?;
        Some(quote(&self.question(&text), &best.passage, self.budget_chars).text)
    }

    fn question<'q>(&'q self, text: &'q str) -> Question<'q> {
        Question { text, context: self.context_of(text), language: self.language, today: Some(self.today) }
    }

    /// What was asked before, where the text leans on it: "do you have parking?" has nothing to do with Sunday's hours.
    fn context_of(&self, text: &str) -> Option<&str> {
        self.context.filter(|_| leans(text, self.language))
    }

    async fn search(&self, text: String, context: Option<String>) -> Finding {
        let began = Instant::now();
        let knowledge = self.knowledge.clone();
        let query = Query { text, context, language: self.language };
        // Embedding the question takes milliseconds of pure computation: not on the server's own threads.
        let hits = tokio::task::spawn_blocking(move || knowledge.search(&query, LOOKED_AT)).await.unwrap_or_default();
        Finding { hits, searching: began.elapsed(), ..Finding::default() }
    }

    /// Whether the words only make sense after what was said before: there is something before, and they are few.
    fn leans_on_context(&self, text: &str) -> bool {
        self.context.is_some() && content_words(text, self.language).len() <= ELLIPTIC
    }

    /// Puts passages first that speak of the day and show the kind of answer that were asked for: to the vectors, Saturday
    /// and Sunday are nearly the same.
    fn prefer_fitting(&self, hits: &mut Vec<Hit>, text: &str) {
        let question = self.question(text);
        for hit in hits.iter_mut() {
            let fits = fit(&question, &hit.passage);
            let worth = |whether: Option<bool>, worth: f32| if whether == Some(true) { worth } else { 0.0 };
            let kind_worth = if fits.is_rare_kind { RARE_KIND_WORTH } else { KIND_WORTH };
            if fits.is_whole_answer() {
                let shown = if fits.kind_is_shown { WHOLE_ANSWER_SHOWN } else { 0.0 };
                hit.score = hit.score.max(WHOLE_ANSWER + shown + hit.score / 10.0);
            }
            let day_worth = if fits.day_is_subject { DAY_SUBJECT_WORTH } else { DAY_WORTH };
            hit.score = (hit.score + worth(fits.day, day_worth) + worth(fits.kind, kind_worth)).min(1.0);
        }
        hits.sort_by(|one, other| other.score.total_cmp(&one.score));
        hits.truncate(HITS);
    }

    /// How sure it is that the best passage answers.
    async fn rate(&self, finding: &mut Finding, text: &str, model: &mut ModelUse<'_>) {
        self.prefer_fitting(&mut finding.hits, text);
        let Some(best) = finding.hits.first() else {
            finding.off_topic = true;
            return;
        };
        let fits = fit(&self.question(text), &best.passage);
        let quoted = quote(&self.question(text), &best.passage, self.budget_chars);
        let mut evidence = Evidence {
            score: best.score,
            dense: best.dense.unwrap_or(NO_DENSE),
            lexical: best.lexical,
            coverage: coverage(best, &quoted),
            margin: margin(&finding.hits),
            agreement: agreement(&finding.hits),
            day: fits.day,
            kind: fits.kind,
            judge: None,
        };
        finding.quoted = quoted.text;
        finding.evidence = Some(evidence);
        finding.confidence = confidence(&evidence);
        if fits.is_whole_answer() {
            finding.confidence = finding.confidence.max(WHOLE_ANSWER_CONFIDENCE);
            return;
        }
        finding.off_topic = evidence.dense < OFF_TOPIC_DENSE && best.coverage < OFF_TOPIC_COVERAGE;
        finding.ambiguous = is_tie(&finding.hits);
        finding.trail.extend(
            finding
                .hits
                .iter()
                .take(3)
                .map(|hit| format!("found {} › {}: {:.2}", hit.passage.file, hit.passage.heading(), hit.score)),
        );
        finding.trail.push(format!(
            "search: score {:.2}, dense {:.3}, lexical {:.2}, coverage {:.2}, margin {:.2}, confidence {:.2}",
            evidence.score,
            evidence.dense,
            evidence.lexical,
            evidence.coverage.unwrap_or(-1.0),
            evidence.margin,
            finding.confidence
        ));
        let is_doubtful = if best.same_language { JUDGED } else { JUDGED_ACROSS }.contains(&finding.confidence);
        if is_doubtful && model.is_available() {
            let passage = format!("{}\n{}", best.passage.heading(), best.passage.text());
            evidence.judge = judge(model, text, &passage, self.language, &mut finding.trail).await;
            finding.confidence = confidence(&evidence);
            finding.evidence = Some(evidence);
        }
    }

    /// Words the question anew and takes the second finding where it is the better one.
    async fn try_again(&self, finding: &mut Finding, text: &str, model: &mut ModelUse<'_>) {
        let Some(rewritten) = self.rewrite(finding, text, model).await else { return };
        let mut second = self.search(rewritten.clone(), None).await;
        self.rate(&mut second, &rewritten, model).await;
        let searching = finding.searching + second.searching;
        finding.trail.push(format!("worded anew: confidence {:.2}", second.confidence));
        if second.confidence > finding.confidence {
            let mut trail = std::mem::take(&mut finding.trail);
            trail.append(&mut second.trail);
            *finding = Finding { trail, ..second };
        }
        finding.searching = searching;
    }

    async fn rewrite(&self, finding: &mut Finding, text: &str, model: &mut ModelUse<'_>) -> Option<String> {
        let instruction = model.prompts.instruction(Task::RewriteQuery, self.language, &[]).ok()?;
        let mut left = HISTORY_TOKENS;
        let mut lines: Vec<String> = Vec::new();
        for line in self.history.iter().rev().take(self.history_turns) {
            let who = if line.author == Author::Customer { "Customer" } else { "Business" };
            let line = format!("{who}: {}", line.words);
            left = left.saturating_sub(model.count_tokens(&line));
            if left == 0 {
                break;
            }
            lines.push(line);
        }
        lines.extend(self.summary.filter(|summary| model.count_tokens(summary) <= left).map(str::to_owned));
        lines.reverse();
        lines.push(format!("Customer: {text}"));
        let messages =
            vec![ChatMessage::new(Role::System, instruction), ChatMessage::new(Role::User, lines.join("\n"))];
        let mut request = GenerateRequest::new(messages, REWRITTEN_TOKENS);
        request.stop = vec!["\n".into()];
        model.generate(request, &mut finding.trail).await
    }

    async fn write(&self, finding: &mut Finding, text: &str, model: &mut ModelUse<'_>) {
        let question = self.question(text);
        let mut trail = Vec::new();
        let drafted = draft(model, &question, &finding.hits, self.budget_chars, &mut trail).await;
        finding.draft = drafted.filter(|draft| draft.text.chars().count() <= LONGEST_DRAFT);
        if let Some(draft) = &finding.draft {
            let evidence: Vec<&str> = draft.evidence.iter().chain(self.own_facts).map(String::as_str).collect();
            let problems = grounding::unsupported(&draft.text, &evidence);
            trail.extend(problems.iter().map(|problem| format!("not in the evidence: {problem}")));
            finding.problems = problems.len();
        }
        finding.trail.append(&mut trail);
    }
}

/// The share of what is asked that the passage holds; a text that asks for nothing is confirmed by nothing.
fn coverage(best: &Hit, quoted: &Quote) -> Option<f32> {
    match (best.same_language, quoted.asked) {
        (false, _) => None,
        (true, 0) => Some(0.0),
        (true, _) => Some((best.coverage + quoted.coverage) / 2.0),
    }
}

/// The messages, those with several question marks cut after each.
fn questions(texts: &[String]) -> Vec<String> {
    let parts = texts.iter().flat_map(|text| text.split_inclusive(QUESTION_MARKS));
    parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
