//! Templates of the kinds that model files hold, written for these tests.

mod hostile;

use std::sync::Arc;

use super::{ChatTemplate, regular};
use crate::clock::ManualClock;
use crate::llm::request::{ChatMessage, Role};

fn template(source: Option<&str>) -> Result<ChatTemplate, String> {
    let clock = ManualClock::new("2026-03-05T10:00:00Z".parse().unwrap());
    ChatTemplate::new(source, "<s>", "</s>", Arc::new(clock))
}

fn conversation() -> [ChatMessage; 2] {
    [ChatMessage::new(Role::System, "Be kind."), ChatMessage::new(Role::User, " Hola ")]
}

#[test]
fn without_a_template_messages_are_laid_out_as_chatml() {
    let prompt = template(None).unwrap().render(&conversation()).unwrap();
    assert_eq!(
        prompt,
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n Hola <|im_end|>\n<|im_start|>assistant\n"
    );
}

#[test]
fn templates_may_use_python_s_methods_and_blocks_leave_no_white_space() {
    let source = "{{ bos_token }}\n  {% for m in messages %}\n[{{ m['role'].upper() }}]{{ m.content.strip() }}{{ eos_token }}\n  {% endfor %}\n";
    let prompt = template(Some(source)).unwrap().render(&conversation()).unwrap();
    assert_eq!(prompt, "<s>\n[SYSTEM]Be kind.</s>\n[USER]Hola</s>\n");
}

#[test]
fn a_template_that_refuses_instructions_gets_them_in_the_first_user_message() {
    let source = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}\
                  {% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
    let prompt = template(Some(source)).unwrap().render(&conversation()).unwrap();
    assert_eq!(prompt, "<user>Be kind.\n\n Hola ");
}

#[test]
fn a_template_that_drops_instructions_gets_them_in_the_first_user_message() {
    let source = "{% for m in messages if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endfor %}";
    assert_eq!(template(Some(source)).unwrap().render(&conversation()).unwrap(), "<user>Be kind.\n\n Hola ");
}

#[test]
fn neighbours_of_one_role_become_one_message() {
    let user = |text: &str| ChatMessage::new(Role::User, text);
    let messages = [user("a"), user("b"), ChatMessage::new(Role::Assistant, "c"), user("d")];
    let texts: Vec<String> = regular(&messages).into_iter().map(|message| message.content).collect();
    assert_eq!(texts, ["a\n\nb", "c", "d"]);
}

#[test]
fn json_and_dates_look_like_python_s() {
    let source = "{% for m in messages %}{{ m.content }}{% endfor %}{{ {'a': [1, '<é>']} | tojson }} {{ strftime_now('%d %b %Y') }}";
    let prompt = template(Some(source)).unwrap().render(&conversation()).unwrap();
    assert!(prompt.ends_with(r#"{"a": [1, "<é>"]} 05 Mar 2026"#), "{prompt}");
}

#[test]
fn a_template_that_cannot_be_used_is_found_out_when_it_is_loaded() {
    assert!(template(Some("{% for %}")).is_err());
    let refusal = template(Some("{{ raise_exception('only tools') }}")).err().unwrap();
    assert!(refusal.contains("only tools"), "{refusal}");
    assert!(template(Some("Hello.")).err().unwrap().contains("leaves out"));
}

#[test]
fn what_templates_compute_with_is_there() {
    let source = "{% macro field(name, value='none') %}{{ name ~ '=' ~ value }};{% endmacro %}\
        {% set ns = namespace(text='', last=messages|length - 1, sum=1 + 2.5) %}\
        {% for m in messages[::-1] %}{% set ns.text = ns.text + loop.index0 * 2 ~ m['role'][:3] + ',' %}{% endfor %}\
        {% set block %}<{{ ns.text }}>{% endset %}\
        {{ block }}{{ ns.last }}{{ ns.sum }}{{ field('a') }}{{ field('b', value=[1, 2] + [3]) }}\
        {{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join('|') }}\
        {{ 'a</x>b\n'.split('</x>')[-1].rstrip('\n') }}{{ 'x-y'.replace('-', '+') }}{{ '-'.join(['p', 'q']) }}\
        {{ {'k': 'v'}.items() | list }}{{ 'c' in 'abc' and 2 not in [1] }}{{ nothing is defined }}{{ none | default('d') }}\
        {% if messages[0].content is string and messages %}{{ messages[0].content | trim }}{% endif %}";
    let prompt = template(Some(source)).unwrap().render(&conversation()).unwrap();
    let expected = r#"<0use,2sys,>13.5a=none;b=[1, 2, 3]; Hola bx+yp-q[["k", "v"]]TrueFalseNoneBe kind."#;
    assert_eq!(prompt, expected);
}
