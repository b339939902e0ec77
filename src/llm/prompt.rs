//! From messages to the tokens of a prompt.

use super::request::ChatMessage;
use super::template::ChatTemplate;
use super::tokenizer::Tokenizer;

/// What the model reads.
pub(super) struct Prompt {
    pub(super) tokens: Vec<u32>,
    pub(super) own: Own,
}

/// How many of a prompt's first tokens come of the business's words alone: they are the same whatever customers write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// The messages that are wholly the business's own: what every prompt of a task begins with.
    pub(super) instruction: usize,
    /// With what follows of the business's words, such as a passage; never fewer.
    pub(super) all: usize,
}

/// Lays out `messages` and the beginning of the answer. Their texts are data: no part of them is read as a special
/// token, whatever they spell.
pub(super) fn encode(
    template: &ChatTemplate,
    tokenizer: &Tokenizer,
    messages: &[ChatMessage],
    prefix: &str,
) -> Result<Prompt, String> {
    let marker = unused_character(messages, prefix);
    let layout = Layout { template, tokenizer, marker };
    let tokens = layout.tokens(messages.iter().map(|message| (message, message.content.as_str())), prefix)?;
    let own = layout.own(messages, &tokens);
    Ok(Prompt { tokens, own })
}

struct Layout<'a> {
    template: &'a ChatTemplate,
    tokenizer: &'a Tokenizer,
    marker: char,
}

impl Layout<'_> {
    /// The tokens of these messages with these texts.
    fn tokens<'m>(
        &self,
        messages: impl Iterator<Item = (&'m ChatMessage, &'m str)>,
        prefix: &str,
    ) -> Result<Vec<u32>, String> {
        let Layout { template, tokenizer, marker } = *self;
        let quoted: Vec<ChatMessage> = messages
            .map(|(message, text)| ChatMessage::new(message.role, tokenizer.neutralise(text, marker)))
            .collect();
        let mut prompt = template.render(&quoted)?;
        prompt.push_str(&tokenizer.neutralise(prefix, marker));
        tokenizer.encode_prompt(&prompt, marker)
    }

    /// What the prompt has in common with one in which all that is not the business's own is left out. So a token that
    /// reaches over the border does not count, and whatever the template does, none counts that another's words made.
    fn own(&self, messages: &[ChatMessage], tokens: &[u32]) -> Own {
        let whole = messages.iter().take_while(|message| message.is_own()).count();
        let begun = messages.get(whole).map(ChatMessage::own_words).filter(|words| !words.is_empty());
        if whole == 0 && begun.is_none() {
            return Own::default();
        }
        let in_common = |begun: &str| {
            let text = |(at, message)| match at {
                at if at < whole => ChatMessage::own_words(message),
                at if at == whole => begun,
                _ => "",
            };
            // A template that refuses messages without a text leaves nothing that is known to be the business's own.
            let texts: Vec<&str> = messages.iter().enumerate().map(text).collect();
            let own = self.tokens(messages.iter().zip(texts), "").unwrap_or_default();
            own.iter().zip(tokens).take_while(|(own, read)| own == read).count()
        };
        let instruction = if whole == 0 { 0 } else { in_common("") };
        let all = begun.map_or(instruction, in_common).max(instruction);
        Own { instruction, all }
    }
}

/// A character for private use that nobody used.
fn unused_character(messages: &[ChatMessage], prefix: &str) -> char {
    let used =
        |candidate: &char| prefix.contains(*candidate) || messages.iter().any(|m| m.content.contains(*candidate));
    ('\u{E000}'..='\u{F8FF}')
        .chain('\u{F0000}'..='\u{FFFFD}')
        .chain('\u{100000}'..='\u{10FFFD}')
        .find(|candidate| !used(candidate))
        .unwrap_or('\u{E000}')
}

#[cfg(test)]
mod tests;
