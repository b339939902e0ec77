//! Scores the units of a passage against what is wanted and picks those that answer.

use super::SHORT_PASSAGE_CHARS;
use super::wanted::{Kind, Wanted};
use crate::answer::words::days::days_of_line;
use crate::answer::words::{Bag, DaySet, Lexicon, Text, Word, lexicon};
use crate::decide::figures::{Figure, Unit as Measure, figures};
use crate::knowledge::{Block, Passage};

/// What a unit must reach of the best score to be chosen beside it.
const NEAR_BEST: f32 = 0.72;
/// What showing the kind of figure that was asked for is worth; one rare word is worth about 1.5.
const KIND_BONUS: f32 = 1.0;
/// What speaking of the day that was asked for is worth: more than any word.
const DAY_BONUS: f32 = 3.0;
/// What the unit that is nearest in meaning is worth: about as much as a rare word.
const NEARNESS: f32 = 2.0;
/// By how much, in log-odds, a unit that was not chosen must outdo all that were, token by token, to be quoted as well.
const MISSED: f32 = 2.0;
/// What a word of the question before is worth, beside one of this question.
const CONTEXT_WEIGHT: f32 = 0.5;

/// A sentence, list item or table row with what can be told about it.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Verbatim.
    pub text: String,
    /// The index of its block.
    pub block: usize,
    /// Whether it is a sentence of running text.
    pub is_sentence: bool,
    /// The header of its table, for matching.
    pub header: String,
    /// The days that it speaks of.
    pub days: DaySet,
    bag: Bag,
    figures: Vec<Figure>,
    has_street: bool,
    leans: bool,
    is_exception: bool,
}

impl Unit {
    /// Every unit of a passage.
    pub fn of(passage: &Passage) -> Vec<Unit> {
        let lexicon = lexicon(passage.language);
        let blocks = passage.blocks.iter().enumerate();
        blocks
            .flat_map(|(index, block)| block.units().into_iter().map(move |text| (index, block, text)))
            .map(|(index, block, text)| Unit::new(text, index, block, lexicon))
            .collect()
    }

    fn new(text: String, block: usize, of: &Block, lexicon: &Lexicon) -> Unit {
        let read = Text::new(&text);
        Unit {
            block,
            is_sentence: matches!(of, Block::Paragraph { .. }),
            header: match of {
                Block::Table { header, .. } => header.join(" "),
                _ => String::new(),
            },
            days: days_of_line(&read, lexicon),
            bag: Bag::new(&read),
            figures: figures(&text).into_iter().map(|found| found.figure).collect(),
            has_street: has_street(&read),
            leans: lexicon.leans.begins(&read),
            is_exception: lexicon.except.begins(&read) || text.starts_with(['*', '(']),
            text,
        }
    }

    /// Whether the unit names a date: then its weekdays are those of that time only.
    pub fn is_dated(&self) -> bool {
        self.figures.iter().any(|figure| matches!(figure, Figure::Date { .. }))
    }

    /// Whether the unit shows the kind of answer.
    pub fn shows(&self, kind: Kind) -> bool {
        let any = |test: fn(&Figure) -> bool| self.figures.iter().any(test);
        match kind {
            Kind::Time => {
                !self.days.is_empty() || any(|figure| matches!(figure, Figure::Time { .. } | Figure::Date { .. }))
            }
            Kind::Price => {
                any(|figure| matches!(figure, Figure::Money { .. } | Figure::Percent(_))) || self.has_bare_price()
            }
            Kind::Duration => any(is_duration),
            Kind::Place => self.has_street,
            Kind::Contact => any(|figure| matches!(figure, Figure::Phone(_) | Figure::Email(_) | Figure::Link(_))),
        }
    }

    /// In a table of prices the currency may stand in the header: `Pan — 2,50`.
    fn has_bare_price(&self) -> bool {
        !self.header.is_empty() && self.figures.iter().any(|figure| matches!(figure, Figure::Number(_)))
    }
}

fn is_duration(figure: &Figure) -> bool {
    matches!(
        figure,
        Figure::Quantity { unit: Measure::Minute | Measure::Day | Measure::Week | Measure::Month | Measure::Year, .. }
    )
}

/// Words for a street in the languages of the product, folded; the longer ones also as a part of a compound.
const STREETS: &[&str] = &[
    "calle",
    "avenida",
    "avda",
    "plaza",
    "paseo",
    "carretera",
    "camino",
    "travesia",
    "pasaje",
    "callejon",
    "alameda",
    "travessa",
    "rodovia",
    "estrada",
    "street",
    "avenue",
    "road",
    "square",
    "quay",
    "lane",
    "drive",
    "rua",
    "praca",
    "rue",
    "boulevard",
    "place",
    "montee",
    "impasse",
    "chemin",
    "quai",
    "cours",
    "passage",
    "strasse",
    "gasse",
    "allee",
    "ufer",
    "damm",
    "ring",
    "weg",
    "platz",
    "via",
    "viale",
    "piazza",
    "corso",
    "carrer",
    "passeig",
    "placa",
    "straat",
    "plein",
    "strada",
    "bulevardul",
    "piata",
    "ulica",
    "aleja",
    "plac",
    "улица",
    "ул",
    "проспект",
    "вулиця",
    "вул",
    "οδοσ",
    "λεωφοροσ",
    "πλατεια",
    "sokak",
    "cadde",
    "mahallesi",
    "jalan",
    "jl",
    "duong",
    "pho",
    "شارع",
    "طريق",
    "मार्ग",
    "रोड",
    "路",
    "街",
    "号",
    "丁目",
    "番地",
    "ถนน",
    "ซอย",
];

/// Whether the text names a street.
fn has_street(text: &Text) -> bool {
    text.tokens.iter().any(|token| {
        let word = text.folded_token(token);
        STREETS.iter().any(|street| match token.spaceless {
            true => word.contains(street),
            false => word == *street || (street.len() >= 5 && (word.starts_with(street) || word.ends_with(street))),
        }) || (word.chars().any(crate::answer::words::fold::is_hangul) && word.ends_with(['로', '길']))
    })
}

/// The indices of the chosen units, in order. Empty only when there are no units.
pub fn choose(
    wanted: &Wanted,
    passage: &Passage,
    units: &[Unit],
    budget_chars: usize,
    nearness: Option<&[f32]>,
) -> Vec<usize> {
    // Whoever only asks for "the prices" wants all of them.
    let nearness = nearness.filter(|_| !wanted.words.is_empty());
    let mut scores = scores(wanted, passage, units, nearness.is_some());
    if let Some(nearness) = nearness {
        let is_other_day = |unit: &Unit| !unit.days.is_empty() && !unit.days.meets(wanted.days);
        for ((score, near), unit) in scores.iter_mut().zip(nearness).zip(units) {
            // To vectors Saturday and Sunday are nearly the same.
            if wanted.days.is_empty() || !is_other_day(unit) {
                *score += NEARNESS * near;
            }
        }
    }
    let near = near_best(wanted, units, &scores);
    let length: usize = units.iter().map(|unit| unit.text.chars().count()).sum();
    let is_short = length <= SHORT_PASSAGE_CHARS.min(budget_chars);
    let is_running_text = units.iter().all(|unit| unit.is_sentence);
    if near.is_empty() || near.len() == units.len() || (is_short && is_running_text) {
        return within_budget(&(0..units.len()).collect::<Vec<_>>(), units, budget_chars);
    }
    let mut ranked = near;
    ranked.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]).then(one.cmp(other)));
    let mut chosen = within_budget(&ranked, units, budget_chars);
    chosen.sort_unstable();
    with_companions(&chosen, units)
}

/// Adds the unit that reading token by token clearly prefers to all that were chosen, where it fits: "2:15" is when one is
/// back from "we break for lunch on Fridays".
pub fn with_missed(
    chosen: Vec<usize>,
    wanted: &Wanted,
    units: &[Unit],
    log_odds: &[f32],
    budget_chars: usize,
) -> Vec<usize> {
    if log_odds.len() != units.len() || chosen.is_empty() {
        return chosen;
    }
    let most = |left: f32, index: &usize| left.max(log_odds[*index]);
    let of_chosen = chosen.iter().fold(f32::MIN, most);
    let is_other_day = |unit: &Unit| !wanted.days.is_empty() && !unit.days.is_empty() && !unit.days.meets(wanted.days);
    let fits = |index: &usize| {
        let length = |index: &usize| units[*index].text.chars().count();
        !chosen.contains(index)
            && !is_other_day(&units[*index])
            && chosen.iter().map(length).sum::<usize>() + length(index) <= budget_chars
    };
    let best = (0..units.len()).filter(fits).max_by(|one, other| log_odds[*one].total_cmp(&log_odds[*other]));
    match best.filter(|best| log_odds[*best] - of_chosen > MISSED) {
        Some(missed) => with_companions(&[chosen, vec![missed]].concat(), units),
        None => chosen,
    }
}

/// Whether some unit holds a word that the question asks for.
pub fn is_told_by_words(wanted: &Wanted, units: &[Unit]) -> bool {
    units.iter().any(|unit| wanted.words.iter().any(|word| unit.bag.holds(word)))
}

/// The units that answer about as well as the best one; none where nothing tells.
fn near_best(wanted: &Wanted, units: &[Unit], scores: &[f32]) -> Vec<usize> {
    let Some(best) = (0..units.len()).max_by(|one, other| scores[*one].total_cmp(&scores[*other])) else {
        return Vec::new();
    };
    if scores[best] <= 0.0 {
        return Vec::new();
    }
    let on_day = |index: usize| units[index].days.meets(wanted.days);
    let is_row_on_day = |index: usize| !units[index].is_sentence && on_day(index);
    // Where every row has a column for the day, the day tells none of them apart: the other words do.
    let day_tells = units.iter().any(|unit| !unit.days.meets(wanted.days));
    let beyond_day = |index: usize| scores[index] - DAY_BONUS;
    let is_near = |index: &usize| {
        scores[*index] >= scores[best] * NEAR_BEST
            && (!(day_tells && is_row_on_day(best) && is_row_on_day(*index))
                || beyond_day(*index) >= beyond_day(best) * NEAR_BEST)
    };
    (0..units.len()).filter(is_near).collect()
}

/// The first units of the given order that fit, at least one.
fn within_budget(order: &[usize], units: &[Unit], budget_chars: usize) -> Vec<usize> {
    let mut used = 0;
    let mut kept = Vec::new();
    for index in order {
        used += units[*index].text.chars().count();
        if used > budget_chars && !kept.is_empty() {
            break;
        }
        kept.push(*index);
    }
    kept
}

/// Adds what a chosen unit cannot be understood without: the sentence that it leans on, the line that introduces its
/// list, the exception right after it.
fn with_companions(chosen: &[usize], units: &[Unit]) -> Vec<usize> {
    let mut all = chosen.to_vec();
    for index in chosen {
        let mut first = *index;
        while first > 0
            && units[first].leans
            && units[first].is_sentence
            && units[first - 1].block == units[first].block
        {
            first -= 1;
            all.push(first);
        }
        all.extend(introduction(*index, units));
        if units.get(index + 1).is_some_and(|next| next.is_exception && next.block <= units[*index].block + 1) {
            all.push(index + 1);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The sentence that ends in a colon right before the unit's list or table.
fn introduction(index: usize, units: &[Unit]) -> Option<usize> {
    let unit = &units[index];
    let start = units.iter().position(|other| other.block == unit.block)?;
    let before = start.checked_sub(1).filter(|_| !unit.is_sentence)?;
    (units[before].is_sentence && units[before].text.trim_end().ends_with([':', '：'])).then_some(before)
}

fn scores(wanted: &Wanted, passage: &Passage, units: &[Unit], has_nearness: bool) -> Vec<f32> {
    let heading = Bag::new(&Text::new(&passage.headings.join(" ")));
    let is_about = |unit: &Unit, word: &Word| unit.bag.holds(word);
    // "¿Y la hogaza?" after a question about the loaf no longer asks for the loaf; "and the one for 20?", where every row
    // has one for 20, still asks for the same cake.
    let tells_apart = |word: &Word| {
        let holding = units.iter().filter(|unit| is_about(unit, word)).count();
        holding > 0 && (holding * 2 <= units.len() || units.len() == 1)
    };
    let context = if wanted.words.iter().any(tells_apart) { &[] } else { wanted.context.as_slice() };
    let weighted = wanted.words.iter().map(|word| (word, 1.0)).chain(context.iter().map(|word| (word, CONTEXT_WEIGHT)));
    let weights: Vec<(&Word, f32)> = weighted
        .map(|(word, weight)| {
            let holding = units.iter().filter(|unit| is_about(unit, word)).count();
            // What the heading already says tells the units apart less.
            let known = if heading.holds(word) { 0.5 } else { 1.0 };
            (word, weight * known * rarity(units.len(), holding))
        })
        .collect();
    // What every unit shows tells none of them apart.
    let on_day = units.iter().filter(|unit| unit.days.meets(wanted.days)).count();
    let anyone_names_day = on_day > 0 && on_day < units.len();
    let shows_kind = |unit: &Unit| wanted.kinds.iter().any(|kind| unit.shows(*kind));
    let words_of =
        |unit: &Unit| weights.iter().filter(|(word, _)| is_about(unit, word)).map(|(_, weight)| weight).sum::<f32>();
    let says_nothing = || !has_nearness && units.iter().all(|unit| words_of(unit) == 0.0);
    let kind_tells = !units.iter().all(shows_kind) || says_nothing();
    units
        .iter()
        .map(|unit| {
            let words = words_of(unit);
            let kind = if kind_tells && shows_kind(unit) { KIND_BONUS } else { 0.0 };
            if !anyone_names_day {
                words + kind
            } else if unit.days.meets(wanted.days) {
                words + kind + DAY_BONUS
            } else {
                // A line on other days repeats the topic but is the wrong answer.
                words
            }
        })
        .collect()
}

/// How much a word tells that `holding` of `all` units hold: the usual inverse document frequency, never negative.
fn rarity(all: usize, holding: usize) -> f32 {
    // Units of one passage: far below where `f32` loses precision.
    let (all, holding) = (all as f32, holding as f32);
    (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
}
