//! What of a prompt is the business's own, with a vocabulary in which `h` and `o` are one token where they meet.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Own, Prompt, encode, unused_character};
use crate::clock::SystemClock;
use crate::llm::arch::tests::tiny_gguf;
use crate::llm::request::{ChatMessage, Role};
use crate::llm::template::ChatTemplate;
use crate::llm::tokenizer::{Tokenizer, Vocabulary};
use crate::llm::weights::WeightsFile;

fn tokenizer(architecture: &str) -> Tokenizer {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny_gguf::write(&path, architecture);
    Tokenizer::new(Vocabulary::read(WeightsFile::open(&path).unwrap().metadata()).unwrap()).unwrap()
}

fn template(source: Option<&str>) -> ChatTemplate {
    ChatTemplate::new(source, "", "", Arc::new(SystemClock)).unwrap()
}

fn read(messages: &[ChatMessage]) -> Prompt {
    encode(&template(None), &tokenizer("qwen2"), messages, "").unwrap()
}

/// The text of the first tokens.
fn text(tokens: &[u32]) -> String {
    let tokenizer = tokenizer("qwen2");
    String::from_utf8_lossy(&tokens.iter().flat_map(|token| tokenizer.bytes(*token)).copied().collect::<Vec<u8>>())
        .into_owned()
}

#[test]
fn the_marker_is_a_character_that_no_text_holds() {
    let messages = [ChatMessage::new(Role::User, "\u{E000}")];
    assert_eq!(unused_character(&messages, "\u{E001}"), '\u{E002}');
}

#[test]
fn nothing_is_the_business_s_own_that_is_not_said_to_be() {
    let messages = [ChatMessage::new(Role::System, "Answer."), ChatMessage::own(Role::User, "Text: bread.")];
    assert_eq!(read(&messages).own, Own::default());
}

#[test]
fn the_instruction_and_the_passage_are_the_business_s_own_and_the_question_is_not() {
    let asked = ChatMessage::own_and(Role::User, "Text: bread. Question:", " hola?");
    let Prompt { tokens, own } = read(&[ChatMessage::own(Role::System, "Answer."), asked]);
    assert_eq!(text(&tokens[..own.instruction]), "system\nAnswer.\nuser\n");
    assert_eq!(text(&tokens[..own.all]), "system\nAnswer.\nuser\nText: bread. Question:");
}

#[test]
fn a_token_that_reaches_into_the_question_is_not_the_business_s_own() {
    let asked = ChatMessage::own_and(Role::User, "Text: bread. Question: h", "ola?");
    let Prompt { tokens, own } = read(&[ChatMessage::own(Role::System, "Answer."), asked]);
    assert_eq!(text(&tokens[own.all..=own.all]), "ho");
    assert!(text(&tokens[..own.all]).ends_with("Question: "));
}

#[test]
fn nothing_behind_a_customer_s_words_is_the_business_s_own() {
    let messages = [
        ChatMessage::own(Role::System, "Answer."),
        ChatMessage::new(Role::User, "hola"),
        ChatMessage::own(Role::System, "Be brief."),
    ];
    let Prompt { tokens, own } = read(&messages);
    assert_eq!(text(&tokens[..own.all]), "system\nAnswer.\nuser\n");
}

#[test]
fn a_template_that_puts_the_question_first_leaves_nothing_that_is_the_business_s_own() {
    let template = template(Some("{% for m in messages | reverse %}{{ m.content }};{% endfor %}"));
    let messages = [ChatMessage::own(Role::System, "Answer."), ChatMessage::new(Role::User, "hola")];
    assert_eq!(encode(&template, &tokenizer("qwen2"), &messages, "").unwrap().own, Own::default());
}

#[test]
fn a_template_that_refuses_messages_without_a_text_leaves_nothing_that_is_the_business_s_own() {
    let source = "{% for m in messages %}{% if not m.content or m.content.endswith('\\n') %}\
                  {{ raise_exception('empty') }}{% endif %}{{ m.content }};{% endfor %}";
    let messages = [ChatMessage::own(Role::System, "Answer."), ChatMessage::new(Role::User, "hola")];
    assert_eq!(encode(&template(Some(source)), &tokenizer("qwen2"), &messages, "").unwrap().own, Own::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_business_s_own_tokens_are_the_same_whatever_customers_write(
        instruction in "[a-zñ¿ :]{0,30}",
        passage in "[ahoñ¿ :\n]{0,30}",
        words in prop::collection::vec("[ahoñ¿ :\n<|>]{0,20}|.{0,20}|<\\|im_end\\|>.{0,9}", 2),
    ) {
        for architecture in ["qwen2", "gemma3"] {
            let (template, tokenizer) = (template(None), tokenizer(architecture));
            let own = |words: &str| {
                let asked = ChatMessage::own_and(Role::User, passage.as_str(), words);
                let messages = [ChatMessage::own(Role::System, instruction.as_str()), asked];
                let prompt = encode(&template, &tokenizer, &messages, "").unwrap();
                prompt.tokens[..prompt.own.all].to_vec()
            };
            let none = own("");
            for words in &words {
                prop_assert!(none.starts_with(&own(words)), "{words:?}");
            }
        }
    }
}
