//! What a customer's words tell before anything is looked up: language, intents, sentiment.
//!
//! Runs no model and no IO after it was built; a burst takes well under a millisecond beside language identification.

mod claims;
pub mod heads;
mod intent;
pub mod kinds;
mod language;
mod lexicon;
pub mod meaning;
mod sentiment;
mod text;

use serde::{Deserialize, Serialize};

use crate::domain::Language;
use crate::prompts::Prompts;
use heads::Heads;
use intent::Wants;
use kinds::Kinds;
use language::LanguageFinder;
use lexicon::Lexicon;
use meaning::Meaning;
use text::Tokens;

/// What the words of one burst tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Understanding {
    /// The language of the last message that shows one, else the conversation's.
    pub language: Language,
    /// Whether the words themselves showed the language.
    pub language_is_sure: bool,
    /// What the customer wants besides an answer, the surest first, each at most once.
    pub intents: Vec<Scored>,
    /// How the customer feels.
    pub sentiment: Sentiment,
    /// Whether there is something to answer beside the intents: "hola, ¿a qué hora abren?" has, "hola" has not.
    pub has_question: bool,
}

/// An intent and how sure it is, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Scored {
    /// The intent.
    pub intent: Intent,
    /// 0 to 1.
    pub score: f32,
}

/// What a customer can want besides an answer from the knowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Wants to speak with a person.
    Person,
    /// Says that no person is wanted: "I don't want a human, just the hours".
    NoPerson,
    /// Asks whether this is a bot.
    BotQuestion,
    /// Wants to hear nothing more from the business.
    OptOut,
    /// Takes the opt-out back.
    OptIn,
    /// Wants the stored data deleted.
    DeleteData,
    /// Wants to know what is stored.
    ShowData,
    /// Greets.
    Greeting,
    /// Thanks.
    Thanks,
    /// Takes leave.
    Goodbye,
    /// Says yes.
    Yes,
    /// Says no.
    No,
    /// Tells of something that the business did wrong.
    Complaint,
    /// Chats: the weather, a laugh, where the customer is.
    SmallTalk,
    /// Asks for what is no shop's business: a joke, a capital, homework.
    OffTopic,
}

/// How the customer feels, with what says so.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sentiment {
    /// 0 (content or neutral) to 1 (furious).
    pub negativity: f32,
    /// 0 to 1: how much politeness, praise or emoji of content speak against what the tone seems to be.
    pub warmth: f32,
    /// What raised it, in plain words without any of the customer's: `insult`, `capitals`, `repetition`, `tone`.
    pub signals: Vec<&'static str>,
}

impl Intent {
    /// Every intent.
    pub const ALL: &'static [Intent] = &[
        Intent::Person,
        Intent::NoPerson,
        Intent::BotQuestion,
        Intent::OptOut,
        Intent::OptIn,
        Intent::DeleteData,
        Intent::ShowData,
        Intent::Greeting,
        Intent::Thanks,
        Intent::Goodbye,
        Intent::Yes,
        Intent::No,
        Intent::Complaint,
        Intent::SmallTalk,
        Intent::OffTopic,
    ];
}

/// What stands between the parts of a message.
const PAUSES: [char; 13] = [',', '.', ';', ':', '!', '?', '，', '。', '；', '：', '！', '、', '،'];

/// Reads customers' words; built once from the texts in `prompts/`.
#[derive(Debug)]
pub struct Understander {
    lexicon: Lexicon,
    languages: LanguageFinder,
    heads: Option<Heads>,
    kinds: Option<Kinds>,
}

impl Understander {
    /// Indexes every example and word of `prompts`.
    pub fn new(prompts: &Prompts) -> Self {
        // The program's own file is tested; should it be damaged all the same, words alone serve.
        let heads =
            Heads::trained().inspect_err(|error| tracing::error!(%error, "Moods are read from words alone")).ok();
        let same_model = |kinds: &Kinds| heads.as_ref().is_some_and(|heads| heads.embedder == kinds.embedder);
        let kinds =
            Kinds::trained().inspect_err(|error| tracing::error!(%error, "Intents are read from words alone")).ok();
        let kinds = kinds.filter(same_model);
        Understander { lexicon: Lexicon::new(prompts), languages: LanguageFinder::new(prompts), heads, kinds }
    }

    /// What a burst of messages tells. `texts` are its messages in order, `recent` the same customer's earlier ones: who
    /// says the same again is losing patience. An intent is sure from 0.7 on.
    pub fn understand(
        &self,
        texts: &[&str],
        conversation_language: Option<Language>,
        default_language: Language,
        recent: &[&str],
    ) -> Understanding {
        let shown = self.languages.language(texts, conversation_language, default_language);
        let wants = texts.iter().map(|text| self.wants(text, shown.language)).fold(Wants::default(), Wants::and);
        let all = Tokens::of(&texts.join("\n"));
        let found = self.lexicon.find(&all, shown.language);
        Understanding {
            language: shown.language,
            language_is_sure: shown.sure,
            intents: wants.intents,
            sentiment: sentiment::sentiment(texts, &all, &found, shown.language, recent),
            has_question: wants.has_question,
        }
    }

    /// The messages without what only greets, thanks, announces a question ("hi", "quick one") or says that nobody is needed
    /// ("no need to call, ..."), a line or a part of it; all of them where there is nothing else. A customer's language must be
    /// known: what is no word in one is a greeting in another.
    pub fn without_pleasantries(&self, texts: &[String], language: Language) -> Vec<String> {
        let without = |text: &String| {
            let asks = |line: &&str| self.wants(line, language).has_question;
            text.lines().filter(asks).map(|line| self.without_asides(line, language)).collect::<Vec<_>>().join("\n")
        };
        let kept: Vec<String> = texts.iter().map(without).filter(|text| !text.is_empty()).collect();
        if kept.is_empty() { texts.to_vec() } else { kept }
    }

    /// A line without the parts that say that nobody is needed, where there are others.
    fn without_asides(&self, line: &str, language: Language) -> String {
        let is_aside = |part: &&str| {
            let refuses = |it: &Scored| it.intent == Intent::NoPerson && it.score >= intent::SURE;
            !part.contains('?') && self.wants(part, language).intents.iter().any(refuses)
        };
        let kept: String = line.split_inclusive(PAUSES).filter(|part| !is_aside(part)).collect();
        if kept.trim().is_empty() { line.to_owned() } else { kept.trim().to_owned() }
    }

    /// Whether a message only greets, thanks or says goodbye.
    pub fn is_pleasantry(&self, text: &str, language: Language) -> bool {
        let wants = self.wants(text, language);
        let social = [Intent::Greeting, Intent::Thanks, Intent::Goodbye];
        !wants.has_question && !wants.intents.is_empty() && wants.intents.iter().all(|it| social.contains(&it.intent))
    }

    /// Whether vectors of the embedder with this fingerprint tell anything beside the words.
    pub fn reads_vectors_of(&self, fingerprint: &str) -> bool {
        self.heads.as_ref().is_some_and(|heads| heads::fit(&heads.embedder, fingerprint))
    }

    /// Adds to what the words told what the vectors of the messages tell; those must be of an embedder that fits.
    pub fn add_meaning(&self, understanding: &mut Understanding, meaning: &Meaning) {
        let Some(heads) = &self.heads else { return };
        meaning::add(understanding, heads, meaning);
        if let Some(kinds) = &self.kinds {
            claims::add(understanding, kinds, &heads.person, meaning);
        }
    }

    fn wants(&self, text: &str, language: Language) -> Wants {
        let tokens = Tokens::of(text);
        let found = self.lexicon.find(&tokens, language);
        intent::wants(&self.lexicon, &tokens, &found, language)
    }
}

#[cfg(test)]
mod tests;
