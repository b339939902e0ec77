//! How listed words combine into an intent: a verb of getting in touch before "someone" asks for a person.
//!
//! Each rule looks at one clause in one language, so that "no, I want a person" is no refusal.

use super::Claim;
use crate::domain::Language;
use crate::prompts::WordList;
use crate::understand::Intent;
use crate::understand::lexicon::{Found, Role};
use crate::understand::text::{Tokens, WORD};

/// Languages in which the verb stands behind what it is about, so that no further sign is asked for.
const VERB_LAST: &[Language] = &[Language::Ja, Language::Ko, Language::Tr, Language::Hi, Language::De, Language::Nl];

/// What the word lists of one language show.
pub(super) fn claims(tokens: &Tokens, found: &[Found], language: Language) -> Vec<Claim> {
    let listed: Vec<Span> = found.iter().filter(|found| found.language == language).filter_map(Span::of).collect();
    if listed.iter().all(|span| span.list == WordList::Filler) {
        return Vec::new();
    }
    let clauses = tokens.all.chunk_by(|a, b| a.clause == b.clause);
    let mut start = 0;
    let mut claims = Vec::new();
    for clause in clauses {
        let end = start + clause.len();
        let spans = listed.iter().filter(|span| start <= span.start && span.end <= end).copied().collect();
        let clause = Clause { tokens, language, spans, start, end };
        claims.extend(clause.about_person().or_else(|| clause.about_bot()));
        claims.extend(clause.opt_out());
        claims.extend(clause.delete());
        claims.extend(clause.only_person());
        start = end;
    }
    claims.extend(Clause { tokens, language, spans: listed, start: 0, end: tokens.all.len() }.only_person());
    claims
}

#[derive(Clone, Copy, Debug)]
struct Span {
    list: WordList,
    start: usize,
    end: usize,
}

impl Span {
    fn of(found: &Found) -> Option<Self> {
        match found.role {
            Role::Listed(list) => Some(Span { list, start: found.start, end: found.end }),
            _ => None,
        }
    }

    fn inside(&self, other: &Span) -> bool {
        other.start <= self.start && self.end <= other.end
    }
}

struct Clause<'a> {
    tokens: &'a Tokens,
    language: Language,
    spans: Vec<Span>,
    start: usize,
    end: usize,
}

impl Clause<'_> {
    fn of(&self, lists: &[WordList]) -> impl Iterator<Item = Span> {
        self.spans.iter().filter(move |span| lists.contains(&span.list)).copied()
    }

    /// Words between two spans, in units of [`WORD`]; none when the second does not come after the first.
    fn gap(&self, first: Span, second: Span) -> Option<u32> {
        (first.end <= second.start).then(|| self.tokens.width(first.end, second.start))
    }

    /// Whether the second span follows the first with at most so many words between them.
    fn near(&self, first: Span, second: Span, words: u32) -> bool {
        self.gap(first, second).is_some_and(|gap| gap <= words * WORD)
    }

    /// Wanting that is not part of "not wanting".
    fn wants(&self) -> impl Iterator<Item = Span> {
        let refused: Vec<Span> = self.of(&[WordList::NotWant]).collect();
        self.of(&[WordList::Want]).filter(move |want| !refused.iter().any(|refused| want.inside(refused)))
    }

    /// A refusal before a span, with nobody and no bot between: it is this that is refused.
    fn refused(&self, span: Span) -> Option<Span> {
        let between =
            |refused: Span| self.of(OBJECTS).any(|object| refused.end <= object.start && object.end <= span.start);
        let before = self.of(&[WordList::NotWant]).filter(|&refused| self.near(refused, span, 6) && !between(refused));
        before.max_by_key(|refused| refused.start).or_else(|| self.refused_after(span))
    }

    /// In languages whose verb stands last the refusal follows.
    fn refused_after(&self, span: Span) -> Option<Span> {
        let verb_last = VERB_LAST.contains(&self.language);
        let between =
            |refused: Span| self.of(OBJECTS).any(|object| span.end <= object.start && object.end <= refused.start);
        self.of(&[WordList::NotWant]).find(|&refused| verb_last && self.near(span, refused, 5) && !between(refused))
    }

    fn about_person(&self) -> Option<Claim> {
        self.asks_whether_person().or_else(|| self.contact()).or_else(|| self.call_me()).or_else(|| self.wanted())
    }

    /// "Speak to someone", "someone to speak to", and both of them refused.
    fn contact(&self) -> Option<Claim> {
        for contact in self.of(&[WordList::Contact]) {
            let after = self.of(OBJECTS).filter(|&object| self.near(contact, object, 5) && !object.inside(&contact));
            let after = after.min_by_key(|object| (object.start, object.list != WordList::Bot));
            let before = self.of(OBJECTS).filter(|&object| self.comes_before(object, contact));
            let Some(object) = after.or_else(|| before.max_by_key(|object| object.end)) else { continue };
            let first = if contact.start < object.start { contact } else { object };
            let refused = self.refused(first).or_else(|| self.refused(object));
            match (object.list == WordList::Bot, refused) {
                (true, Some(refused)) => return Some(claim(Intent::Person, 0.95, &[refused, contact, object])),
                (true, None) => {}
                (false, Some(refused)) => return Some(claim(Intent::NoPerson, 0.9, &[refused, contact, object])),
                (false, None) => return Some(claim(Intent::Person, 0.95, &self.with_wants(&[contact, object]))),
            }
        }
        None
    }

    /// "Someone … speak": only with a sign of wanting, because "does someone speak French" asks for something else.
    fn comes_before(&self, object: Span, contact: Span) -> bool {
        let relative = self.of(&[WordList::Relative]).any(|it| object.end <= it.start && it.end <= contact.start);
        let asked = VERB_LAST.contains(&self.language) || self.wants().next().is_some();
        let asked = asked || self.of(&[WordList::NotWant]).next().is_some();
        self.near(object, contact, 4) && asked && (!relative || VERB_LAST.contains(&self.language))
    }

    fn call_me(&self) -> Option<Claim> {
        let call = self.of(&[WordList::CallMe]).next()?;
        match self.refused(call) {
            Some(refused) => Some(claim(Intent::NoPerson, 0.85, &[refused, call])),
            None => Some(claim(Intent::Person, 0.85, &self.with_wants(&[call]))),
        }
    }

    /// "I want a human", "I don't want a bot"; "someone" only when nothing follows.
    fn wanted(&self) -> Option<Claim> {
        for object in self.of(OBJECTS) {
            if let Some(refused) = self.refused(object) {
                let gap = self.gap(refused, object).or_else(|| self.gap(object, refused)).unwrap_or(0);
                match object.list {
                    WordList::Bot if gap <= 4 * WORD => return Some(claim(Intent::Person, 0.9, &[refused, object])),
                    WordList::Person if gap <= 3 * WORD => {
                        return Some(claim(Intent::NoPerson, 0.85, &[refused, object]));
                    }
                    WordList::Someone if self.joined(refused, object) => {
                        return Some(claim(Intent::NoPerson, 0.75, &[refused, object]));
                    }
                    _ => {}
                }
            } else if let Some(want) = self.wants().find(|&want| self.wants_it(want, object)) {
                return Some(claim(Intent::Person, 0.85, &[want, object]));
            }
        }
        None
    }

    fn wants_it(&self, want: Span, object: Span) -> bool {
        let verb_last = VERB_LAST.contains(&self.language);
        let near = self.near(want, object, 2) || verb_last && self.near(object, want, 1);
        let (first, second) = if want.start < object.start { (want, object) } else { (object, want) };
        let heavy = (first.end..second.start).filter(|&token| !self.is_filler(token)).count();
        match object.list {
            WordList::Person => near && heavy == 0,
            WordList::Someone => near && heavy == 0 && (second.end..self.end).all(|token| self.is_filler(token)),
            _ => false,
        }
    }

    fn joined(&self, first: Span, second: Span) -> bool {
        first.end <= second.start && (first.end..second.start).all(|token| self.is_filler(token))
    }

    fn is_filler(&self, token: usize) -> bool {
        self.tokens.all[token].width == 0 || self.of(&[WordList::Filler]).any(|it| it.start <= token && token < it.end)
    }

    /// "Am I talking to a person?", "are you human?"
    fn asks_whether_person(&self) -> Option<Claim> {
        let talking = self.of(&[WordList::Talking]).find_map(|talking| {
            let near = |object: &Span| self.near(talking, *object, 4) || self.near(*object, talking, 3);
            let object = self.of(OBJECTS).find(near)?;
            let wanted = self.wants().any(|want| want.end <= talking.start);
            (!wanted && self.refused(talking).is_none()).then(|| claim(Intent::BotQuestion, 0.9, &[talking, object]))
        });
        talking.or_else(|| {
            let asks = |opening: Span, object: Span| match object.list {
                WordList::Bot => false,
                WordList::Person => self.near(opening, object, 2) && self.joined(opening, object),
                _ => self.near(opening, object, 2) && self.is_all(&[opening, object]),
            };
            let pair = self.of(&[WordList::AreYou]).find_map(|opening| {
                self.of(OBJECTS).find(|&object| asks(opening, object)).map(|object| [opening, object])
            });
            let otherwise = self.of(&[WordList::Contact, WordList::NotWant]).next().or_else(|| self.wants().next());
            pair.filter(|_| otherwise.is_none()).map(|pair| claim(Intent::BotQuestion, 0.85, &pair))
        })
    }

    /// "Are you a bot?", or a bot alone.
    fn about_bot(&self) -> Option<Claim> {
        let bots = || self.of(&[WordList::Bot]);
        let verb_last = VERB_LAST.contains(&self.language);
        let opened = self.of(&[WordList::AreYou]).find_map(|opening| {
            let bot = bots().find(|&bot| self.near(opening, bot, 3) || verb_last && self.near(bot, opening, 2))?;
            Some(claim(Intent::BotQuestion, 0.9, &[opening, bot]))
        });
        opened.or_else(|| bots().find(|&bot| self.is_all(&[bot])).map(|bot| claim(Intent::BotQuestion, 0.75, &[bot])))
    }

    /// Whether the clause holds nothing but these and words without weight.
    fn is_all(&self, spans: &[Span]) -> bool {
        let taken = |token: usize| spans.iter().any(|span| span.start <= token && token < span.end);
        (self.start..self.end).all(|token| taken(token) || self.is_filler(token))
    }

    /// A whole message that only names a person of the business ("the manager"), or a clause that does so and says please.
    fn only_person(&self) -> Option<Claim> {
        let person = self.of(&[WordList::Person]).max_by_key(|person| person.end - person.start)?;
        let first = (self.start..self.end).find(|&token| self.tokens.all[token].width > 0)?;
        // "Thanks, boss" and "hi boss" address somebody; a greeting is no word without weight everywhere.
        let addressed = person.start > first && !self.is_filler(first);
        let whole = self.end - self.start == self.tokens.all.len();
        let asked = whole || self.of(&[WordList::Polite]).any(|polite| !polite.overlaps(&person));
        (asked && self.is_all(&[person]) && !addressed).then(|| claim(Intent::Person, 0.85, &[person]))
    }

    fn opt_out(&self) -> Option<Claim> {
        let stops = || self.of(&[WordList::StopSending]);
        let what = || self.of(&[WordList::Promotion]);
        let pair = stops().find_map(|stop| {
            let what =
                what().find(|&what| self.near(stop, what, 5) || self.near(what, stop, 3) || stop.crosses(&what))?;
            Some(claim(Intent::OptOut, 0.9, &[stop, what]))
        });
        pair.or_else(|| {
            let refused = self.of(&[WordList::NotWant]).find_map(|refused| {
                let near = |what: &Span| {
                    self.near(refused, *what, 4) || VERB_LAST.contains(&self.language) && self.near(*what, refused, 3)
                };
                what().find(near).map(|what| [refused, what])
            });
            refused.map(|pair| claim(Intent::OptOut, 0.85, &pair))
        })
    }

    fn delete(&self) -> Option<Claim> {
        self.of(&[WordList::Delete]).find_map(|delete| {
            let near = |data: &Span| self.near(delete, *data, 4) || self.near(*data, delete, 4);
            let data = self.of(&[WordList::Data]).find(near)?;
            self.refused(delete).is_none().then(|| claim(Intent::DeleteData, 0.9, &[delete, data]))
        })
    }

    /// The spans with the words of wanting before them, which belong to the wish.
    fn with_wants(&self, spans: &[Span]) -> Vec<Span> {
        let first = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let wants = self.wants().filter(|want| want.end <= first && self.tokens.width(want.end, first) <= 3 * WORD);
        spans.iter().copied().chain(wants).collect()
    }
}

impl Span {
    fn overlaps(&self, other: &Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    fn crosses(&self, other: &Span) -> bool {
        self.overlaps(other) && !self.inside(other) && !other.inside(self)
    }
}

const OBJECTS: &[WordList] = &[WordList::Person, WordList::Someone, WordList::Bot];

fn claim(intent: Intent, score: f32, spans: &[Span]) -> Claim {
    let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let end = spans.iter().map(|span| span.end).max().unwrap_or(0);
    Claim { intent, score, start, end }
}
