//! `[conversation]`: the rhythm of a conversation.

use super::section::{Check, require, section};

section! {
    /// The rhythm of a conversation.
    pub struct Conversation in "conversation" {
        /// How many milliseconds a customer must be quiet before the bot answers; people write in several short messages.
        burst_ms: u64 = 1200,
        /// After how many milliseconds the bot answers even if the customer is still writing.
        burst_max_ms: u64 = 6000,
        /// How many earlier questions and answers the bot keeps in mind. More makes answers slower.
        history_turns: usize = 6,
        /// After how many quiet hours a conversation counts as new, and the bot says again that it is a bot.
        new_conversation_hours: u32 = 24,
        /// After how many milliseconds the bot stops waiting for the model and answers without it.
        deadline_ms: u64 = 25_000,
        /// The longest answer in characters. WhatsApp takes 4096, people read a few hundred.
        max_reply_chars: usize = 900,
    }
}

impl Check for Conversation {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let order = self.burst_ms <= self.burst_max_ms;
        require(&mut problems, "burst_max_ms", order, "expected at least as much as burst_ms");
        require(&mut problems, "deadline_ms", self.deadline_ms >= 1000, "expected at least 1000");
        let reply = (100..=4096).contains(&self.max_reply_chars);
        require(&mut problems, "max_reply_chars", reply, "expected a number from 100 to 4096");
        problems
    }
}
