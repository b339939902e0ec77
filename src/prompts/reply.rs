//! The fixed replies and the model's tasks: their keys, the variables that their templates may use, and how long they may get.
//!
//! Holds no text: the words are in `prompts/`.

macro_rules! keys {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $key:literal [$($variable:literal),*] $limit:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The key in the files of `prompts/`.
            pub fn key(self) -> &'static str {
                match self { $($name::$variant => $key,)* }
            }

            /// The variables that its template may use beside `person_word` and `opt_in_word`, which are always there.
            pub fn variables(self) -> &'static [&'static str] {
                match self { $($name::$variant => &[$($variable),*],)* }
            }

            /// The most characters that it may have when rendered with sample data.
            pub fn limit(self) -> usize {
                match self { $($name::$variant => $limit,)* }
            }
        }
    };
}

keys! {
    /// A reply, or the label of a button, that is fixed text in every language.
    Reply {
        /// Opens every conversation: this is a bot, and this is how to reach a person.
        Disclosure "disclosure" ["business"] 300,
        /// Answers "are you a bot?".
        BotYes "bot_yes" ["business"] 300,
        /// Answers a greeting.
        Greeting "greeting" ["business"] 300,
        /// Answers thanks.
        Thanks "thanks" [] 300,
        /// Answers a farewell.
        Goodbye "goodbye" [] 300,
        /// Says what the bot can do.
        Help "help" ["business"] 300,
        /// The knowledge does not say it.
        Decline "decline" [] 300,
        /// It is not about the business.
        DeclineOfftopic "decline_offtopic" ["business"] 300,
        /// Asks for other words.
        Clarify "clarify" [] 300,
        /// Stands before a few choices.
        ClarifyChoice "clarify_choice" [] 300,
        /// Stands before subjects that may be what is meant.
        ClarifyUnsure "clarify_unsure" [] 300,
        /// Passes to a person, hours unknown.
        Handoff "handoff" ["business"] 300,
        /// Passes to a person while people are there; `until` is a time of day.
        HandoffOpen "handoff_open" ["business", "until"] 300,
        /// Passes to a person while nobody is there; `when` is a day and time.
        HandoffClosed "handoff_closed" ["business", "when"] 300,
        /// Confirms an opt-out.
        OptOutDone "opt_out_done" ["business"] 300,
        /// Confirms an opt-in.
        OptInDone "opt_in_done" ["business"] 300,
        /// Asks before everything is deleted.
        DeleteConfirm "delete_confirm" ["business"] 300,
        /// Everything was deleted.
        Deleted "deleted" [] 300,
        /// Nothing was deleted.
        DeleteCancelled "delete_cancelled" [] 300,
        /// Shows what is stored.
        ShowData "show_data" ["name", "language", "count", "since"] 300,
        /// A voice note cannot be listened to.
        VoiceNote "voice_note" [] 300,
        /// A file arrived that cannot be looked into.
        MediaReceived "media_received" [] 300,
        /// A place arrived.
        LocationReceived "location_received" [] 300,
        /// A contact card arrived.
        ContactReceived "contact_received" [] 300,
        /// A basket arrived.
        OrderReceived "order_received" ["business"] 300,
        /// A form arrived.
        FormReceived "form_received" ["business"] 300,
        /// Something arrived that cannot be read.
        Unsupported "unsupported" [] 300,
        /// Stands before the owner's text in another language; `language` is its name in the customer's language.
        OnlyIn "only_in" ["language"] 300,
        /// Stands between a translation that nobody has read and the owner's text; `language` is as for `OnlyIn`.
        Translated "translated" ["language"] 300,
        /// Something failed on our side.
        Trouble "trouble" [] 300,
        /// Stands for the business's name while none is configured.
        ThisBusiness "this_business" [] 60,
        /// The button that asks for a person: WhatsApp takes 20 characters.
        PersonButton "person_button" [] 20,
        /// The one word that a customer writes to get a person.
        PersonWord "person_word" [] 20,
        /// The one word that takes an opt-out back.
        OptInWord "opt_in_word" [] 20,
        /// The label that opens a list of choices: WhatsApp takes 20 characters.
        Choose "choose" [] 20,
    }
}

keys! {
    /// What the model is asked to do. `language` is the name of the language it must write, in that language.
    Task {
        /// Translate the owner's text.
        Translate "translate" ["language"] 500,
        /// Say whether a text holds the information that a question asks for.
        Judge "judge" ["language"] 500,
        /// Rewrite a follow-up so that it stands alone.
        RewriteQuery "rewrite_query" ["language"] 800,
        /// Summarise a conversation for the person who takes over.
        Summarise "summarise" ["business", "language"] 500,
    }
}

/// A list of words in `prompts/intents/`, under `[words]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WordList {
    /// Verbs of getting in touch, as requests use them: "speak", "connect me".
    Contact,
    /// The same verbs as they stand in "am I talking to a person?".
    Talking,
    /// Words that mean a person of the business wherever they stand: "human", "agent", "manager".
    Person,
    /// Words that mean one only beside a verb of contact: "someone".
    Someone,
    /// Words of wanting: "I want", "I need".
    Want,
    /// Words of not wanting: "I don't want", "no need".
    NotWant,
    /// Words for the bot.
    Bot,
    /// What opens the question whether this is a bot: "are you", "is this".
    AreYou,
    /// Whole requests to be contacted: "call me".
    CallMe,
    /// Words that carry nothing: articles, "please", "ok".
    Filler,
    /// Relative pronouns: "the person who…" is no request.
    Relative,
    /// Asking that something not be sent: "stop sending".
    StopSending,
    /// What is sent: "messages", "ads".
    Promotion,
    /// Verbs of deleting, as requests use them.
    Delete,
    /// The customer's own data: "my data".
    Data,
    /// Insults.
    Insult,
    /// Strong anger.
    Anger,
    /// Mild complaint.
    Complaint,
    /// Waiting too long: "still waiting".
    Waiting,
    /// Politeness and content: "please", "great".
    Polite,
    /// The language's commonest small words, to tell it from its neighbours.
    Common,
}

impl WordList {
    /// Every list with its key.
    pub const ALL: &'static [(WordList, &'static str)] = &[
        (WordList::Contact, "contact"),
        (WordList::Talking, "talking"),
        (WordList::Person, "person"),
        (WordList::Someone, "someone"),
        (WordList::Want, "want"),
        (WordList::NotWant, "not_want"),
        (WordList::Bot, "bot"),
        (WordList::AreYou, "are_you"),
        (WordList::CallMe, "call_me"),
        (WordList::Filler, "filler"),
        (WordList::Relative, "relative"),
        (WordList::StopSending, "stop_sending"),
        (WordList::Promotion, "promotion"),
        (WordList::Delete, "delete"),
        (WordList::Data, "data"),
        (WordList::Insult, "insult"),
        (WordList::Anger, "anger"),
        (WordList::Complaint, "complaint"),
        (WordList::Waiting, "waiting"),
        (WordList::Polite, "polite"),
        (WordList::Common, "common"),
    ];
}
