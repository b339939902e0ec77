//! What late interaction is taught with: a customer's question among sentences of the business, one that answers it, if any
//! does, and others that search takes for it.
//!
//! Never looks at what is held out.

use crate::knowledge::embed::learn::late::Offer;

use super::chance::Chance;

/// How many answers are offered, ...
pub const OFFERED: usize = 10;
/// ... out of so many times as many of the nearest, the nearer the likelier.
const DRAWN_FROM: usize = 3;
/// How many of the nearest are about as likely as the first.
const ALIKE: f32 = 3.0;

/// A question with all that its business has to say.
pub struct Asking {
    /// The place of the question.
    pub question: usize,
    /// The places of the business's units, those nearest in meaning first.
    pub nearest: Vec<usize>,
    /// The places of those that answer.
    pub answers: Vec<usize>,
}

impl Asking {
    /// An offer of [`OFFERED`] answers drawn by chance; nothing where the business has too little to say.
    pub fn drawn(&self, chance: &mut Chance) -> Option<Offer> {
        let right = chance.some(&self.answers, 1).first().map(|place| **place);
        let others: Vec<usize> = self.nearest.iter().copied().filter(|place| !self.answers.contains(place)).collect();
        let wanted = OFFERED - usize::from(right.is_some());
        let near = &others[..others.len().min(wanted * DRAWN_FROM)];
        // Each gets a time that is the shorter the likelier it is to be drawn; the first ones are (Efraimidis, Spirakis 2006).
        let mut timed: Vec<(f32, usize)> = (0u16..)
            .zip(near)
            .map(|(rank, place)| {
                let drawn = chance.around_zero().midpoint(1.0).clamp(1e-6, 1.0);
                (-drawn.ln() * (f32::from(rank) + ALIKE), *place)
            })
            .collect();
        timed.sort_by(|one, other| one.0.total_cmp(&other.0));
        let answers: Vec<usize> =
            right.into_iter().chain(timed.iter().map(|(_, place)| *place)).take(OFFERED).collect();
        (answers.len() == OFFERED).then(|| Offer {
            question: self.question,
            right: answers.iter().map(|place| Some(*place) == right).collect(),
            answers,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_offer_holds_one_answer_if_there_is_one_and_rather_what_is_near() {
        let mut chance = Chance::new(3);
        let mut often = [0; 40];
        let asking = Asking { question: 7, nearest: (0..40).collect(), answers: vec![20, 5] };
        for _ in 0..300 {
            let offer = asking.drawn(&mut chance).expect("there is enough");
            assert_eq!((offer.question, offer.answers.len()), (7, OFFERED));
            assert!(offer.right[0] && !offer.right[1..].contains(&true));
            assert!(asking.answers.contains(&offer.answers[0]));
            let others: HashSet<usize> = offer.answers[1..].iter().copied().collect();
            assert_eq!(others.len(), OFFERED - 1);
            assert!(others.iter().all(|place| !asking.answers.contains(place)));
            others.iter().for_each(|place| often[*place] += 1);
        }
        assert!(often[0] > 2 * often[25] && often[25] > 0 && often[35] == 0, "{often:?}");
        let unanswered = Asking { answers: Vec::new(), ..asking };
        assert!(!unanswered.drawn(&mut chance).expect("there is enough").right.contains(&true));
    }

    #[test]
    fn a_business_with_little_to_say_gives_no_offer() {
        let asking = Asking { question: 0, nearest: vec![0, 1, 2], answers: vec![1] };
        assert_eq!(asking.drawn(&mut Chance::new(1)), None);
    }
}
