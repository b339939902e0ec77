//! Templates that wish no good: each of these once asked for memory or time without bound, or for more of the program's
//! stack than there is.

use std::time::{Duration, Instant};

use super::template;

/// What comes before and after an attack: a sound template.
const SOUND: &str = "{% for m in messages %}{{ m.content }}{% endfor %}";

/// What the budget says when it is used up, and what minijinja says when its own is.
const LIMITS: [&str; 6] = ["without end", "too large", "too long", "too deep", "out of fuel", "recursion limit"];

/// An attack is an error, soon.
fn refuses(attack: &str) -> String {
    let started = Instant::now();
    let error = template(Some(&format!("{SOUND}{attack}"))).err();
    let shown: String = attack.chars().take(100).collect();
    assert!(started.elapsed() < Duration::from_secs(30), "it took {:?}: {shown}", started.elapsed());
    error.unwrap_or_else(|| panic!("taken: {shown}"))
}

/// An attack that is none in small ends at one of the limits.
fn outgrows(attack: &str) {
    let error = refuses(attack);
    assert!(LIMITS.iter().any(|limit| error.contains(limit)), "{error}");
}

/// It does no harm, however it ends.
fn ends(attack: &str) {
    let started = Instant::now();
    drop(template(Some(&format!("{SOUND}{attack}"))));
    assert!(started.elapsed() < Duration::from_secs(30), "it took {:?}", started.elapsed());
}

/// A loop that does something with `ns.x` again and again.
fn again(first: &str, then: &str) -> String {
    format!("{{% set ns = namespace(x={first}) %}}{{% for i in range(60000) %}}{{% set ns.x = {then} %}}{{% endfor %}}")
}

#[test]
fn doubling_a_text_ends_with_an_error() {
    for then in
        ["ns.x ~ ns.x", "ns.x + ns.x", "[ns.x, ns.x] | join", "ns.x.join(['', '', ''])", "ns.x.replace('a', 'aa')"]
    {
        outgrows(&again("'a'", then));
    }
    outgrows(&again("'a'", "ns.x | replace('a', 'aa')"));
    outgrows(&again("'a'", "('a\\n' ~ ns.x) | indent(16, true, true)"));
    outgrows(&again("'\"'", "[ns.x, ns.x] | tojson"));
    outgrows(&again("'\"'", "[ns.x, ns.x] | string"));
    outgrows(&again("'<'", "(ns.x ~ '') | escape"));
    outgrows(&format!("{{% set x = 'a' %}}{}", "{% set x = x ~ x %}".repeat(40)));
    outgrows(&again("'a'", "[ns.x] | map('replace', 'a', 'aa') | first"));
}

#[test]
fn a_text_many_times_is_none() {
    refuses("{{ 'a' * 100000000 }}");
    refuses("{{ ('a' * 100000000) | length }}");
    refuses("{{ 100000 * 'abc' }}");
    refuses("{{ [0] * 1000000000 }}");
    refuses("{{ '%100000000d' | format(1) }}");
    refuses("{{ '{:>1000000000}'.format(1) }}");
    refuses("{{ 'ab' | batch(1000000000, 'c') | list }}");
    refuses("{{ range(1000000000) | list }}");
    refuses("{{ 'ab' | indent(1000000000) | slice(1000000000) }}");
}

#[test]
fn lists_grow_no_further_than_texts() {
    for then in ["[ns.x, ns.x]", "ns.x + ns.x", "[ns.x]", "{'a': ns.x, 'b': ns.x}", "dict(a=ns.x)"] {
        outgrows(&again("[1]", then));
    }
    outgrows(&again("range(60000) | list", "ns.x + ns.x"));
    outgrows(&again("[1]", "ns.x[0:] + [1]"));
    outgrows(&again("[1]", "[ns.x] | list"));
}

#[test]
fn captured_output_is_paid_for_too() {
    let long = "a".repeat(10_000);
    let captured = format!("{{% for i in range(60000) %}}{long}{{% endfor %}}");
    outgrows(&captured);
    outgrows(&format!("{{% set x %}}{captured}{{% endset %}}"));
    outgrows(&format!("{{% filter upper %}}{captured}{{% endfilter %}}"));
    outgrows(&format!("{{% macro m() %}}{captured}{{% endmacro %}}{{% set x = m() %}}"));
    outgrows(&format!("{{% macro m() %}}{{{{ caller() }}}}{{% endmacro %}}{{% call m() %}}{captured}{{% endcall %}}"));
}

#[test]
fn recursion_ends_with_an_error() {
    outgrows("{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('a') }}");
    outgrows("{% macro m(x) %}{{ m(x) }}{{ m(x) }}{% endmacro %}{{ m('a') }}");
    outgrows("{% for x in [[1]] recursive %}{{ loop([[x]]) }}{% endfor %}");
    refuses("{% include 'chat' %}");
    refuses("{% extends 'chat' %}");
    refuses("{% block b %}{{ self.b() }}{% endblock %}");
}

#[test]
fn a_namespace_holds_no_namespace() {
    refuses("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}");
    refuses("{% set ns = namespace() %}{% set ns.a = [{'b': ns}] %}");
    refuses(&again("1", "namespace(a=ns.x)"));
    refuses("{% set ns = namespace() %}{% macro m() %}{{ ns }}{% endmacro %}{% set ns.a = m %}");
}

#[test]
fn work_that_comes_to_nothing_ends_too() {
    let long = "{% set x = range(50000) | join %}";
    outgrows(&format!("{long}{{% for i in range(60000) %}}{{% set y = x == x ~ 'a' %}}{{% endfor %}}"));
    outgrows(&format!("{long}{{% for i in range(60000) %}}{{% set y = x[-1] %}}{{% endfor %}}"));
    outgrows(&format!("{long}{{% for i in range(60000) %}}{{% set y = x | length %}}{{% endfor %}}"));
    outgrows(&format!("{long}{{% for i in range(60000) %}}{{% set y = 'ab' in x %}}{{% endfor %}}"));
    outgrows(&format!("{long}{{% for i in range(60000) %}}{{% set y = x is eq(x) %}}{{% endfor %}}"));
    refuses(&format!("{long}{{% set y = x.strip(x) %}}"));
    outgrows(&format!("{long}{{% set y = range(50000) | select('in', x) | list %}}"));
    refuses("{{ 'a'.count('') }}");
    outgrows("{% for i in range(60000) %}{% for j in range(60000) %}{% endfor %}{% endfor %}");
    refuses("{% for i in range(60000) %}{% set x = debug() %}{% endfor %}");
}

#[test]
fn a_template_too_long_or_too_deep_is_not_even_parsed() {
    refuses(&"a".repeat(200_000));
    refuses(&format!("{{{{ a{} }}}}", "~a".repeat(50_000)));
    refuses(&format!("{{{{ a{} }}}}", ".a".repeat(50_000)));
    refuses(&format!("{{{{ a{} }}}}", "|e".repeat(50_000)));
    refuses(&format!("{{{{ a{} }}}}", " if a".repeat(20_000)));
    refuses(&format!("{{% if a %}}{}{{% endif %}}", "{%elif a%}".repeat(10_000)));
    refuses(&format!("{{% set x = {}{} %}}", "[".repeat(40_000), "]".repeat(40_000)));
    refuses(&"{% if a %}".repeat(10_000));
    ends(&format!("{{{{ a{} }}}}", "~a".repeat(400)));
    ends(&format!("{{% if a %}}{}{{% endif %}}", "{%elif a%}".repeat(150)));
    ends("{{ [1, 2, 3][2:5:-1] }}{{ 'abc'[9:1:-3] }}{{ 9223372036854775807 * 9223372036854775807 + 1 }}");
}
