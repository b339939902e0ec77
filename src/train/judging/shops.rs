//! Pairs of invented businesses: a customer's question with the sentence that answers it, and with the one that search takes
//! for the answer and that is none, which is what the judge is asked about most.

use super::Pair;
use crate::train::businesses::{Business, Question};
use crate::train::chance::Chance;

/// Pairs of about `count` questions, drawn over all businesses; most questions give two. `cosines` tells how near the
/// questions of a business are to its units in meaning.
///
/// # Errors
/// When `cosines` fails.
pub fn pairs<E>(
    businesses: &[Business],
    count: usize,
    seed: u64,
    mut cosines: impl FnMut(&[String], &[String]) -> Result<Vec<Vec<f32>>, E>,
) -> Result<Vec<Pair>, E> {
    let mut chance = Chance::new(seed);
    let each = count.div_ceil(businesses.len().max(1));
    let mut pairs = Vec::new();
    for (source, business) in businesses.iter().enumerate() {
        let questions = chance.some(&business.questions, each);
        let texts: Vec<String> = questions.iter().map(|question| question.text.clone()).collect();
        let units: Vec<String> = business.units.iter().map(|unit| format!("{}: {}", unit.heading, unit.text)).collect();
        for (question, cosines) in questions.iter().zip(cosines(&texts, &units)?) {
            pairs.extend(pairs_of(business, question, &cosines, source, &mut chance));
        }
    }
    Ok(pairs)
}

/// An answer, if there is one, and the nearest sentence that is none.
fn pairs_of(
    business: &Business,
    question: &Question,
    cosines: &[f32],
    source: usize,
    chance: &mut Chance,
) -> Vec<Pair> {
    let nearest = |is_answer: bool| {
        let these = (0..cosines.len()).filter(|place| question.answers.contains(place) == is_answer);
        these.max_by(|one, other| cosines[*one].total_cmp(&cosines[*other]))
    };
    let pair = |is_answer: bool, passage: String| Pair {
        question: question.text.clone(),
        passage,
        is_answer,
        is_same_language: question.language == business.language,
        source,
    };
    let mut quoted = |is_answer: bool| {
        let place = nearest(is_answer)?;
        let beside = chance.is(1, 4).then(|| place + 1).filter(|next| {
            let fits = business.units.get(*next).is_some_and(|it| it.section == business.units[place].section);
            fits && !question.answers.contains(next)
        });
        let lines: Vec<&str> =
            [Some(place), beside].into_iter().flatten().map(|place| business.units[place].text.as_str()).collect();
        Some(pair(is_answer, format!("{}\n{}", business.units[place].heading, lines.join("\n"))))
    };
    [quoted(true), quoted(false)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::businesses::Unit;

    #[test]
    fn a_question_comes_with_its_answer_and_with_the_nearest_that_is_none() {
        let unit = |text: &str| Unit { section: 0, heading: "Prices".into(), text: text.into() };
        let question = |answers: &[usize], text: &str| Question {
            language: "tr".into(),
            answers: answers.to_vec(),
            text: text.into(),
        };
        let business = Business {
            name: "demo".into(),
            language: "en".into(),
            units: vec![unit("Small: 4 €"), unit("Large: 9 €"), unit("No cats.")],
            questions: vec![question(&[1], "büyük?"), question(&[], "fil?")],
        };
        let cosines = |questions: &[String], units: &[String]| {
            assert_eq!(units[1], "Prices: Large: 9 €");
            Ok::<_, ()>(questions.iter().map(|_| vec![0.8, 0.9, 0.2]).collect())
        };
        let pairs = pairs(&[business], 2, 7, cosines).expect("pairs");
        let told =
            |pair: &Pair| (pair.question.clone(), pair.is_answer, pair.passage.lines().nth(1).unwrap_or("").to_owned());
        let mut told: Vec<_> = pairs.iter().map(told).collect();
        told.sort();
        let expected = [("büyük?", false, "Small: 4 €"), ("büyük?", true, "Large: 9 €"), ("fil?", false, "Large: 9 €")];
        assert_eq!(told, expected.map(|(question, is_answer, passage)| (question.into(), is_answer, passage.into())));
        assert!(pairs.iter().all(|pair| !pair.is_same_language && pair.passage.starts_with("Prices\n")));
    }
}
