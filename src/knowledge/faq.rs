//! Finds questions that stand with their answers in running text: `**P:** … **R:** …`, bold questions, lists of both.
//!
//! A heading that is a question needs nothing of this: every heading begins a passage anyway.

use super::passage::Block;
use super::sentences::sentences;

/// What marks a question and what its answer, in the languages that have such a custom.
const MARKS: &[(&str, &str)] = &[
    ("Q", "A"),
    ("P", "R"),
    ("Q", "R"),
    ("F", "A"),
    ("D", "R"),
    ("V", "A"),
    ("S", "C"),
    ("P", "O"),
    ("Î", "R"),
    ("H", "Đ"),
    ("T", "J"),
    ("В", "О"),
    ("П", "В"),
    ("Ε", "Α"),
    ("س", "ج"),
    ("问", "答"),
    ("問", "答"),
    ("質問", "回答"),
    ("질문", "답변"),
    ("ถาม", "ตอบ"),
    ("प्रश्न", "उत्तर"),
    ("Question", "Answer"),
    ("Pregunta", "Respuesta"),
    ("Pregunta", "Resposta"),
    ("Pergunta", "Resposta"),
    ("Question", "Réponse"),
    ("Frage", "Antwort"),
    ("Domanda", "Risposta"),
    ("Vraag", "Antwoord"),
    ("Întrebare", "Răspuns"),
    ("Pytanie", "Odpowiedź"),
    ("Вопрос", "Ответ"),
    ("Питання", "Відповідь"),
    ("Soru", "Cevap"),
    ("Hỏi", "Đáp"),
    ("Tanya", "Jawab"),
    ("Ερώτηση", "Απάντηση"),
];

/// A part of a section: a question with its answer, or what stands around such pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The question without its markup.
    pub question: Option<String>,
    /// The answer, or the rest, with the line of each block.
    pub blocks: Vec<(Block, u32)>,
}

/// Whether a text asks something.
pub fn is_question(text: &str) -> bool {
    let text = text.trim_matches(|character: char| character.is_whitespace() || matches!(character, '*' | '_' | '"'));
    let greek = text
        .strip_suffix(';')
        .and_then(|rest| rest.chars().last())
        .is_some_and(|last| matches!(last, '\u{370}'..='\u{3ff}'));
    text.ends_with(['?', '？', '؟', '\u{37e}']) || text.starts_with('¿') || greek
}

/// Parts a section's blocks at its questions.
pub fn split(blocks: Vec<(Block, u32)>) -> Vec<Part> {
    let mut parts = vec![Part { question: None, blocks: Vec::new() }];
    let mut awaited: Option<&str> = None;
    for (index, (block, line)) in blocks.iter().enumerate() {
        let next = blocks.get(index + 1).map(|(block, _)| block);
        match read(block, next, awaited) {
            Reading::Pairs(pairs) => {
                awaited = None;
                for (question, answer) in pairs {
                    let blocks = paragraph(&answer).map(|block| (block, *line)).into_iter().collect();
                    parts.push(Part { question: Some(question), blocks });
                }
            }
            Reading::Question(question, mark) => {
                parts.push(Part { question: Some(question), blocks: Vec::new() });
                awaited = Some(mark);
            }
            Reading::Answer(answer) => {
                awaited = None;
                push(&mut parts, paragraph(&answer), *line);
            }
            Reading::Plain => push(&mut parts, Some(block.clone()), *line),
        }
    }
    parts.retain(|part| part.question.is_some() || !part.blocks.is_empty());
    parts
}

fn push(parts: &mut [Part], block: Option<Block>, line: u32) {
    if let (Some(part), Some(block)) = (parts.last_mut(), block) {
        part.blocks.push((block, line));
    }
}

fn paragraph(text: &str) -> Option<Block> {
    let sentences = sentences(text);
    (!sentences.is_empty()).then_some(Block::Paragraph { sentences })
}

enum Reading<'a> {
    /// Whole pairs.
    Pairs(Vec<(String, String)>),
    /// A question whose answer follows under this mark; empty when it follows without one.
    Question(String, &'a str),
    /// The answer that was awaited, without its mark.
    Answer(String),
    Plain,
}

fn read(block: &Block, next: Option<&Block>, awaited: Option<&str>) -> Reading<'static> {
    let text = match block {
        Block::Paragraph { sentences } => sentences.join(" "),
        Block::List { items } => return read_list(items),
        Block::Table { .. } => return Reading::Plain,
    };
    if let Some(answer) = awaited.filter(|mark| !mark.is_empty()).and_then(|mark| after_mark(&text, mark)) {
        return Reading::Answer(answer.to_owned());
    }
    if let Some((question, answer)) = bold_question(&text) {
        return if answer.is_empty() {
            Reading::Question(question, "")
        } else {
            Reading::Pairs(vec![(question, answer)])
        };
    }
    for (question_mark, answer_mark) in MARKS {
        let Some(question) = after_mark(&text, question_mark) else { continue };
        let pairs = marked_pairs(&text, question_mark, answer_mark);
        if !pairs.is_empty() {
            return Reading::Pairs(pairs);
        }
        let follows = matches!(next, Some(Block::Paragraph { sentences }) if after_mark(&sentences.join(" "), answer_mark).is_some());
        if follows {
            return Reading::Question(plain(question), answer_mark);
        }
    }
    Reading::Plain
}

/// A list in which every item is a question with its answer.
fn read_list(items: &[String]) -> Reading<'static> {
    let pairs: Option<Vec<_>> =
        items.iter().map(|item| bold_question(item).filter(|(_, answer)| !answer.is_empty())).collect();
    pairs.filter(|pairs| !pairs.is_empty()).map_or(Reading::Plain, Reading::Pairs)
}

/// What follows `**P:**`, `P:`, `P1.:` and the like at the start of a text.
fn after_mark<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let rest = text.trim_start().trim_start_matches(['*', '_']);
    let rest =
        rest.strip_prefix(mark)?.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let rest = rest.trim_start_matches(['*', '_', ' ']).strip_prefix([':', '：'])?;
    // A colon before a digit is a time or a ratio, not a mark.
    let rest = rest.strip_prefix("**").or_else(|| rest.strip_prefix("__")).unwrap_or(rest).trim_start();
    (!rest.starts_with(|character: char| character.is_ascii_digit()) || text.starts_with("**")).then_some(rest)
}

fn marked_pairs(text: &str, question_mark: &str, answer_mark: &str) -> Vec<(String, String)> {
    let starts = std::iter::once(0).chain(text.match_indices([' ', '\n']).map(|(at, _)| at + 1));
    let mut cuts: Vec<(usize, bool, &str)> = Vec::new();
    for at in starts {
        let wants_answer = cuts.last().is_some_and(|(_, is_question, _)| *is_question);
        let mark = if wants_answer { answer_mark } else { question_mark };
        if let Some(rest) = after_mark(&text[at..], mark) {
            cuts.push((at, !wants_answer, rest));
        }
    }
    let piece = |index: usize| {
        let rest = cuts[index].2;
        let from = text.len() - rest.len();
        let end = cuts.get(index + 1).map_or(text.len(), |next| next.0);
        text.get(from..end).unwrap_or_default().trim()
    };
    (0..cuts.len() / 2).map(|pair| (plain(piece(pair * 2)), piece(pair * 2 + 1).to_owned())).collect()
}

/// A bold question at the start of a text, and what follows it.
fn bold_question(text: &str) -> Option<(String, String)> {
    let inner = text.trim().strip_prefix("**")?;
    let (question, answer) = inner.split_once("**")?;
    let has_mark = MARKS.iter().any(|(mark, _)| after_mark(question, mark).is_some());
    (is_question(question) && !has_mark).then(|| (plain(question), answer.trim().to_owned()))
}

fn plain(question: &str) -> String {
    question.replace("**", "").replace("__", "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::markdown::{Element, read};
    use proptest::prelude::*;

    fn parts(body: &str) -> Vec<(Option<String>, String)> {
        let blocks = read(body, 1)
            .into_iter()
            .filter_map(|element| match element {
                Element::Body { block, line } => Some((block, line)),
                _ => None,
            })
            .collect();
        split(blocks)
            .into_iter()
            .map(|part| {
                let units: Vec<String> = part.blocks.iter().flat_map(|(block, _)| block.units()).collect();
                (part.question, units.join(" "))
            })
            .collect()
    }

    fn pair(question: &str, answer: &str) -> (Option<String>, String) {
        (Some(question.to_owned()), answer.to_owned())
    }

    #[test]
    fn marked_pairs_are_found_in_one_paragraph_and_across_two() {
        assert_eq!(
            parts("**P:** ¿Hay wifi?\n**R:** Sí. Pide la clave.\n**P:** Aparcamiento\n**R:** No."),
            [pair("¿Hay wifi?", "Sí. Pide la clave."), pair("Aparcamiento", "No.")]
        );
        assert_eq!(
            parts("**Q: Is there wifi?**\n\n**A:** Yes.\n\n- Ask us."),
            [pair("Is there wifi?", "Yes. Ask us.")]
        );
        assert_eq!(parts("问：有无线网吗？ 答：有。"), [pair("有无线网吗？", "有。")]);
    }

    #[test]
    fn bold_questions_take_what_follows_until_the_next() {
        let found = parts("Intro.\n\n**¿Hay pan?**\n\nSí.\n\n- blanco\n\n**¿Y café?** También.\n\n**Ojo.** Nada.");
        assert_eq!(
            found,
            [(None, "Intro.".to_owned()), pair("¿Hay pan?", "Sí. blanco"), pair("¿Y café?", "También. **Ojo.** Nada.")]
        );
    }

    #[test]
    fn a_list_of_questions_with_answers_is_parted() {
        assert_eq!(
            parts("- **¿Wifi?** Sí.\n- **¿Perros?** En la terraza."),
            [pair("¿Wifi?", "Sí."), pair("¿Perros?", "En la terraza.")]
        );
        assert_eq!(parts("- **¿Wifi?** Sí.\n- Perros no."), [(None, "**¿Wifi?** Sí. Perros no.".to_owned())]);
    }

    #[test]
    fn ordinary_text_with_letters_and_colons_stays_whole() {
        assert_eq!(parts("P: pequeño.").len(), 1);
        assert_eq!(parts("P: pequeño.")[0].0, None);
        assert!(is_question("Είστε ανοιχτά;"));
        assert!(!is_question("Horario"));
    }

    proptest! {
        #[test]
        fn no_word_is_lost(words in prop::collection::vec("[a-zñ]{1,6}", 1..6), bold in any::<bool>()) {
            let text = words.join(" ");
            let body = if bold { format!("**¿{text}?** {text}.") } else { format!("Q: {text}\n\nA: {text}.") };
            let found = parts(&body);
            prop_assert_eq!(found.len(), 1);
            let question = found[0].0.clone().unwrap();
            prop_assert_eq!(question.trim_matches(['¿', '?']), text.as_str());
            prop_assert_eq!(found[0].1.trim_end_matches('.'), text.as_str());
        }
    }
}
