//! From messages to the tokens of a prompt.

use super::request::ChatMessage;
use super::template::ChatTemplate;
use super::tokenizer::Tokenizer;

/// Lays out `messages` and the beginning of the answer. Their texts are data: no part of them is read as a special
/// token, whatever they spell.
pub(super) fn encode(
    template: &ChatTemplate,
    tokenizer: &Tokenizer,
    messages: &[ChatMessage],
    prefix: &str,
) -> Result<Vec<u32>, String> {
    let marker = unused_character(messages, prefix);
    let quoted: Vec<ChatMessage> = messages
        .iter()
        .map(|message| ChatMessage::new(message.role, tokenizer.neutralise(&message.content, marker)))
        .collect();
    let mut prompt = template.render(&quoted)?;
    prompt.push_str(&tokenizer.neutralise(prefix, marker));
    tokenizer.encode_prompt(&prompt, marker)
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
mod tests {
    use super::unused_character;
    use crate::llm::request::{ChatMessage, Role};

    #[test]
    fn the_marker_is_a_character_that_no_text_holds() {
        let messages = [ChatMessage::new(Role::User, "\u{E000}")];
        assert_eq!(unused_character(&messages, "\u{E001}"), '\u{E002}');
    }
}
