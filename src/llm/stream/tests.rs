//! What is shown piece by piece is the whole answer, in whole characters.

use proptest::prelude::*;

use super::TextStream;

/// Pushes chunks and gives the pieces with the final text.
fn run(prefix: &str, stops: &[&str], chunks: &[&[u8]]) -> (Vec<String>, String, bool) {
    let mut stream = TextStream::new(prefix, stops.iter().map(|&stop| stop.to_owned()).collect(), None);
    let mut pieces = Vec::new();
    let mut stopped = false;
    for chunk in chunks {
        stopped = stream.push(chunk);
        pieces.push(stream.piece().to_owned());
        if stopped {
            break;
        }
    }
    pieces.push(stream.last_piece().to_owned());
    (pieces, stream.text().to_owned(), stopped)
}

#[test]
fn a_character_is_shown_when_it_is_whole() {
    let (pieces, text, _) = run("", &[], &[b"a\xF0\x9F", b"\x92", b"\x88b"]);
    assert_eq!(pieces, ["a", "", "💈b", ""]);
    assert_eq!(text, "a💈b");
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_do_not_hold_up_the_rest() {
    let (pieces, text, _) = run("", &[], &[b"a\xFF", b"b\xC3"]);
    assert_eq!((pieces.concat().as_str(), text.as_str()), ("a\u{FFFD}b", "a\u{FFFD}b"));
}

#[test]
fn a_stop_that_spans_pieces_is_never_shown() {
    let (pieces, text, stopped) = run("", &["\nUser:"], &[b"Hola", b"\nUs", b"er: x"]);
    assert!(stopped);
    assert_eq!((pieces.concat().as_str(), text.as_str()), ("Hola", "Hola"));
    let (pieces, text, stopped) = run("", &["\nUser:"], &[b"Hola", b"\nUs", b"ted"]);
    assert!(!stopped);
    assert_eq!((pieces.concat().as_str(), text.as_str()), ("Hola\nUsted", "Hola\nUsted"));
}

#[test]
fn the_first_of_several_stops_ends_the_answer() {
    let (_, text, stopped) = run("", &["b", "a"], &[b"xay b"]);
    assert!(stopped);
    assert_eq!(text, "x");
}

#[test]
fn the_given_beginning_is_part_of_the_answer_and_no_stop_is_looked_for_in_it() {
    let (pieces, text, stopped) = run("{\"a\":", &["{"], &[b" 1}"]);
    assert!(!stopped);
    assert_eq!((pieces.concat().as_str(), text.as_str()), ("{\"a\": 1}", "{\"a\": 1}"));
}

proptest! {
    #[test]
    fn pieces_joined_are_the_text_and_no_stop_is_in_it(
        text in "[ \nabñ💈]{0,40}",
        cuts in prop::collection::vec(1usize..5, 1..40),
        stop in "[abñ\n]{1,4}",
    ) {
        let mut rest = text.as_bytes();
        let mut chunks = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (chunk, after) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        let (pieces, shown, stopped) = run("", &[&stop], &chunks);
        prop_assert_eq!(&pieces.concat(), &shown);
        prop_assert_eq!(stopped, text.contains(&stop));
        prop_assert_eq!(shown, text.split(&stop).next().unwrap_or_default().trim());
    }
}

/// What is left of an answer of at most `sentences` sentences, token by token, and whether it was ended.
fn of_sentences(sentences: usize, tokens: &[&str]) -> (String, String, bool) {
    let mut stream = TextStream::new("", Vec::new(), Some(sentences));
    let mut shown = String::new();
    let mut is_over = false;
    for token in tokens {
        is_over = stream.push(token.as_bytes());
        shown.push_str(stream.piece());
        if is_over {
            break;
        }
    }
    shown.push_str(stream.last_piece());
    (stream.text().to_owned(), shown, is_over)
}

#[test]
fn an_answer_ends_with_its_last_sentence() {
    let (text, shown, is_over) = of_sentences(2, &["We open", " at 9", ". We close", " at 10.5", "!", " And", " then"]);
    assert_eq!((text.as_str(), is_over), ("We open at 9. We close at 10.5!", true));
    assert_eq!(shown, text);
    assert_eq!(of_sentences(1, &["九点开门。", "十点"]).0, "九点开门。");
    assert_eq!(of_sentences(1, &["See x.example", ".com now", "? Yes"]).0, "See x.example.com now?");
}

#[test]
fn what_is_no_end_of_a_sentence_does_not_end_an_answer() {
    for tokens in [&["1", ". ", "Bread", ".", "2"][..], &["a.b", ".c"], &["What", "?"]] {
        let (text, shown, is_over) = of_sentences(1, tokens);
        assert_eq!((text.as_str(), is_over), (tokens.concat().trim(), false));
        assert_eq!(shown, text);
    }
}
