//! Words a question anew: complete by itself, spelt right, in the language of the owner's words.
//!
//! What comes out is only searched with and matched against passages; no customer ever reads it. A wrong wording finds
//! nothing, or a passage that the judge refuses.

use crate::domain::{Author, Language, Line};
use crate::knowledge::dot::dot;
use crate::llm::{ChatMessage, GenerateRequest, Role};
use crate::prompts::Task;

use super::model::ModelUse;
use super::words::days::days_of_question;
use super::words::{Bag, Text, content_words, lexicon};

/// Tokens of conversation in the prompt.
const HISTORY_TOKENS: usize = 300;
/// A question takes no more.
const QUESTION_TOKENS: usize = 48;
/// Longer messages tell a story; they are searched with as they are.
const LONGEST: usize = 300;

/// What was said before, as far as a question leans on it.
pub struct Before<'a> {
    /// The conversation, oldest first.
    pub history: &'a [Line],
    /// What was said before that, in short.
    pub summary: Option<&'a str>,
}

/// What the model reads: an instruction, and the conversation with the customer's message last.
pub fn prompt(instruction: &str, lines: &[String]) -> Vec<ChatMessage> {
    vec![ChatMessage::own(Role::System, instruction), ChatMessage::new(Role::User, lines.join("\n"))]
}

/// The customer's last message as one complete question in the language `to`; nothing without a model or in time.
pub async fn restate(
    model: &mut ModelUse<'_>,
    text: &str,
    before: Option<Before<'_>>,
    to: Language,
    trail: &mut Vec<String>,
) -> Option<String> {
    if text.chars().count() > LONGEST {
        return None;
    }
    let instruction = model.prompts.instruction(Task::RewriteQuery, to, &[]).ok()?;
    let mut lines = before.map(|before| conversation(model, &before)).unwrap_or_default();
    lines.push(format!("Customer: {}", text.split_whitespace().collect::<Vec<_>>().join(" ")));
    let mut request = GenerateRequest::new(prompt(&instruction, &lines), QUESTION_TOKENS);
    request.stop = vec!["\n".into()];
    let restated = model.generate(request, trail).await?;
    let restated = restated.trim().trim_start_matches("Customer:").trim();
    (!restated.is_empty()).then(|| restated.to_owned())
}

/// Whether a text is in the language that it was to be in, as its small words tell: a small model often answers in the
/// language that it was spoken to in.
pub fn reads_as(text: &str, to: Language, from: Language) -> bool {
    let read = Text::new(text);
    let small = |language: Language| {
        let words = lexicon(language);
        [&words.stop, &words.time, &words.price, &words.place].iter().map(|list| list.find(&read).len()).sum::<usize>()
    };
    from == to || small(to) > 0 && small(to) >= small(from)
}

/// Whether the new wording names the same days and the same numbers: "on Friday" for "on Sunday" would find a true line
/// that answers another question. Words that lean on what was said before may gain more from there, and never lose what they name.
pub fn keeps_days_and_numbers(restated: (&str, Language), text: (&str, Language), leans: bool) -> bool {
    let days = |(text, language): (&str, Language)| days_of_question(&Text::new(text), lexicon(language), None);
    let numbers = |(text, _): (&str, Language)| -> Vec<String> {
        let is_number = |run: &&str| run.chars().next().is_some_and(char::is_numeric);
        let runs = text.split(|letter: char| !letter.is_numeric()).filter(is_number);
        runs.map(|run| run.chars().filter_map(|digit| digit.to_digit(10)).map(|digit| digit.to_string()).collect())
            .collect()
    };
    let (asked, now) = (days(text), days(restated));
    let (said, known) = (numbers(text), numbers(restated));
    let days_stay = asked == now || leans && asked.is_empty();
    let none_lost = said.iter().all(|number| known.contains(number));
    let none_made_up = leans || known.iter().all(|number| said.contains(number));
    days_stay && none_lost && none_made_up
}

/// Whether the new wording asks for more than what was asked `before`. A small model that is at a loss repeats that
/// question, and its answer would be a true one that nobody wants now. Words that name nothing may well mean it again.
pub fn asks_something_new(restated: (&str, Language), before: Option<&str>, text: (&str, Language)) -> bool {
    let Some(before) = before else { return true };
    let asked = Bag::new(&Text::new(before));
    let names_nothing = content_words(text.0, text.1).is_empty();
    names_nothing || content_words(restated.0, restated.1).iter().any(|word| !asked.holds(word))
}

/// How much nearer to the question before than to the customer's words a wording may lie: those are often in another
/// language.
const LEEWAY: f32 = 0.03;

/// Whether the first of three vectors of length one, that of a new wording, lies no further from the second, that of the
/// customer's words, than from the third, that of the question before.
pub fn is_nearer(vectors: &[Vec<f32>]) -> bool {
    let [restated, text, before] = vectors else { return true };
    dot(restated, text) + LEEWAY >= dot(restated, before)
}

/// The newest lines that fit the budget, oldest first.
fn conversation(model: &ModelUse<'_>, before: &Before<'_>) -> Vec<String> {
    let mut left = HISTORY_TOKENS;
    let mut lines: Vec<String> = Vec::new();
    for line in before.history.iter().rev() {
        let who = if line.author == Author::Customer { "Customer" } else { "Business" };
        let line = format!("{who}: {}", line.words);
        let tokens = model.count_tokens(&line);
        if tokens > left {
            // Nor is there room for what was before.
            left = 0;
            break;
        }
        left -= tokens;
        lines.push(line);
    }
    lines.extend(before.summary.filter(|summary| model.count_tokens(summary) <= left).map(str::to_owned));
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::llm::fake::FakeModel;
    use crate::prompts::Prompts;

    /// What the model is asked when a customer says `text` after `history`. A token of this model is a byte.
    async fn asked(history: &[Line], summary: Option<&str>, text: &str) -> Vec<ChatMessage> {
        let (prompts, model) = (Prompts::load(None).unwrap(), Arc::new(FakeModel::writing("¿Abren los domingos?")));
        let mut using =
            ModelUse::new(&prompts, Some(model.clone()), Duration::from_secs(60), CancellationToken::default());
        let before = Some(Before { history, summary });
        assert!(restate(&mut using, text, before, Language::Es, &mut Vec::new()).await.is_some());
        let mut asked = model.asked.lock().unwrap();
        asked.pop().unwrap()
    }

    fn line(author: Author, words: &str) -> Line {
        Line { author, words: words.to_owned(), at: "2026-03-05T10:00:00Z".parse().unwrap() }
    }

    /// Lines of fifty bytes with the name of who says them.
    fn long_history() -> Vec<Line> {
        let author = |number: usize| if number.is_multiple_of(2) { Author::Customer } else { Author::Bot };
        (0..200).map(|number| line(author(number), &format!("line {number:03} {}", "x".repeat(31)))).collect()
    }

    #[tokio::test]
    async fn of_a_long_history_the_oldest_lines_go_and_never_the_instruction_or_the_message() {
        let prompt = asked(&long_history(), Some("They talked about bread."), "y los domingos?").await;
        let instruction = asked(&[], None, "y los domingos?").await.swap_remove(0);
        assert_eq!((prompt[0].role, &prompt[0].content), (Role::System, &instruction.content));
        let lines: Vec<&str> = prompt[1].content.lines().collect();
        let (last, history) = lines.split_last().unwrap();
        assert_eq!(*last, "Customer: y los domingos?");
        // A line takes 50 bytes of 300.
        let expected = ["194", "195", "196", "197", "198", "199"];
        assert_eq!(history.len(), expected.len(), "{history:?}");
        for (line, number) in history.iter().zip(expected) {
            assert!(line.contains(&format!("line {number}")), "{line}");
        }
    }

    #[tokio::test]
    async fn a_line_longer_than_the_budget_takes_everything_before_it_along_and_not_the_message() {
        let history = [line(Author::Customer, "before"), line(Author::Bot, &"x".repeat(HISTORY_TOKENS))];
        let prompt = asked(&history, Some("in short"), "y los domingos?").await;
        assert_eq!(prompt[1].content, "Customer: y los domingos?");
        let fitting = line(Author::Customer, &"x".repeat(HISTORY_TOKENS - "Customer: ".len()));
        let prompt = asked(&[fitting], Some("in short"), "y los domingos?").await;
        assert_eq!(prompt[1].content.lines().count(), 2);
    }

    #[tokio::test]
    async fn what_was_said_before_the_history_stands_above_it_where_there_is_room() {
        let history = [line(Author::Customer, "hola"), line(Author::Bot, "Hola.")];
        let prompt = asked(&history, Some("They talked about bread."), "y los domingos?").await;
        assert_eq!(
            prompt[1].content,
            "They talked about bread.\nCustomer: hola\nBusiness: Hola.\nCustomer: y los domingos?"
        );
    }

    #[test]
    fn a_wording_that_names_another_day_or_number_is_none() {
        use Language::{Es, Zh};
        let keeps = keeps_days_and_numbers;
        assert!(!keeps(("¿Abren los viernes?", Es), ("你们星期天开门吗", Zh), false));
        assert!(keeps(("¿Abren los domingos?", Es), ("你们星期天开门吗", Zh), false));
        assert!(!keeps(("¿Cuánto cuesta la tarta?", Es), ("y la de 20?", Es), true));
        assert!(keeps(("¿Cuánto cuesta la tarta de 20?", Es), ("y la de 20?", Es), true));
        assert!(keeps(("¿A qué hora abrís el sábado?", Es), ("y a qué hora?", Es), true));
        assert!(!keeps(("¿A qué hora abrís el sábado?", Es), ("a q ora abrís", Es), false));
    }

    #[test]
    fn a_wording_that_only_repeats_the_question_before_is_none() {
        use Language::{En, Es, Pt};
        let before = "a q hora abren el domingo?";
        let is_new = |restated, text| asks_something_new((restated, Es), Some(before), text);
        assert!(!is_new("¿A qué hora abren el domingo?", ("tem janta?", Pt)));
        assert!(!is_new("¿Abren el domingo?", ("any vegan cake?", En)));
        assert!(is_new("¿Tienen cena?", ("tem janta?", Pt)));
        assert!(is_new("¿A qué hora abren el sábado?", ("and saturday?", En)));
        assert!(is_new("¿A qué hora abren el domingo?", ("a qué?", Es)));
    }

    #[test]
    fn a_wording_that_rather_means_the_question_before_is_none() {
        let vectors = |text: [f32; 2], before: [f32; 2]| vec![vec![1.0, 0.0], text.to_vec(), before.to_vec()];
        assert!(!is_nearer(&vectors([0.79, 0.61], [0.95, 0.31])));
        assert!(is_nearer(&vectors([0.93, 0.37], [0.95, 0.31])));
        assert!(is_nearer(&vectors([0.95, 0.31], [0.79, 0.61])));
    }

    #[test]
    fn an_answer_in_the_customers_language_is_told_from_one_in_the_owners() {
        assert!(reads_as("Was kostet es, ein Fahrrad zu mieten?", Language::De, Language::Es));
        assert!(!reads_as("Сколько стоит замена колодок?", Language::De, Language::Ru));
        assert!(!reads_as("¿Y si llego a las 11 de la noche?", Language::Pt, Language::Es));
        assert!(reads_as("¿Hasta qué hora abrís?", Language::Es, Language::Es));
    }
}
