//! What is found again, and what goes first.

use std::sync::Arc;

use atiende_kernels::{Page, PageShape};

use super::{Beginnings, Lasting};
use crate::llm::decoder::Memory;
use crate::llm::prompt::Own;

const SHAPE: PageShape = PageShape { layers: 1, heads: 1, head: 16 };

fn memory(tokens: &[u32]) -> Memory {
    let pages = (0..tokens.len().div_ceil(32)).map(|_| Arc::new(Page::new(SHAPE)));
    Memory::from_parts(tokens.to_vec(), pages.collect(), None)
}

/// A text of `length` tokens that begins with 40 of the instructions.
fn prompt(instructions: u32, question: u32, length: usize) -> Vec<u32> {
    [vec![instructions; 40], vec![1000 + question; length - 40]].concat()
}

fn found(beginnings: &mut Beginnings, prompt: &[u32]) -> usize {
    beginnings.find(prompt, None).map_or(0, |(_, shared)| shared)
}

#[test]
fn the_longest_common_beginning_is_found() {
    let mut beginnings = Beginnings::new(100, Some(SHAPE));
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 60)), 0);
    beginnings.keep(memory(&prompt(1, 1, 60)), Own::default());
    beginnings.keep(memory(&prompt(2, 1, 60)), Own::default());
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 50)), 50);
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 70)), 60);
    assert_eq!(found(&mut beginnings, &prompt(2, 9, 70)), 40);
    assert_eq!(found(&mut beginnings, &prompt(3, 9, 70)), 0);
}

#[test]
fn instructions_stay_when_the_prompts_that_had_them_have_gone() {
    let mut beginnings = Beginnings::new(12, Some(SHAPE));
    (0..3).for_each(|question| beginnings.keep(memory(&prompt(1, question, 64)), Own::default()));
    (3..40).for_each(|question| beginnings.keep(memory(&[vec![500 + question; 64]].concat()), Own::default()));
    assert_eq!(found(&mut beginnings, &prompt(1, 0, 64)), 40);
    assert!(beginnings.holders().len() <= 12);
}

#[test]
fn no_more_is_held_than_the_budget_allows() {
    for budget in [0, 1, 3, 7] {
        let mut beginnings = Beginnings::new(budget, Some(SHAPE));
        for question in 0..20 {
            beginnings.keep(memory(&prompt(question % 3, question, 100)), Own::default());
            assert!(beginnings.holders().len() <= budget);
        }
    }
}

#[test]
fn memories_without_pages_are_bounded_in_number() {
    let mut beginnings = Beginnings::new(1, Some(SHAPE));
    (0..600)
        .for_each(|question| beginnings.keep(Memory::from_parts(vec![question; 20], Vec::new(), None), Own::default()));
    assert!(beginnings.entries.len() <= super::MOST);
    assert_eq!(found(&mut beginnings, &[599; 30]), 20);
}

#[test]
fn new_instructions_get_the_place_of_old_ones() {
    let mut beginnings = Beginnings::new(20, Some(SHAPE));
    for instructions in 0..12 {
        for question in 0..30 {
            let found = found(&mut beginnings, &prompt(instructions, question, 64));
            assert!(question < 2 || found >= 40, "question {question} of instructions {instructions}: {found}");
            beginnings.keep(memory(&prompt(instructions, question, 64)), Own::default());
        }
    }
}

#[test]
fn of_a_prompt_beyond_the_budget_the_beginning_is_kept() {
    let mut beginnings = Beginnings::new(3, Some(SHAPE));
    beginnings.keep(memory(&prompt(1, 1, 500)), Own::default());
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 600)), 96);
}

#[test]
fn a_few_tokens_in_common_are_not_worth_going_on_from() {
    let mut beginnings = Beginnings::new(10, Some(SHAPE));
    beginnings.keep(memory(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]), Own::default());
    assert!(beginnings.find(&[1, 2, 3, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 90, 91, 92, 93, 94], None).is_none());
    assert_eq!(found(&mut beginnings, &[1, 2, 3]), 3);
}

#[test]
fn what_was_read_through_few_layers_is_found_by_those_who_need_no_more() {
    let mut beginnings = Beginnings::new(100, Some(SHAPE));
    let text = prompt(1, 1, 60);
    let mut shallow = memory(&[]);
    shallow.advance(&text, Some(3));
    beginnings.keep(shallow, Own::default());
    let mut found = |depth| beginnings.find(&text, depth).map_or(0, |(_, shared)| shared);
    assert_eq!([found(None), found(Some(4)), found(Some(3)), found(Some(1))], [0, 0, 60, 60]);
    beginnings.keep(memory(&text), Own::default());
    assert_eq!(beginnings.find(&text, None).map(|(_, shared)| shared), Some(60));
}

/// A prompt with 40 tokens of instructions, 30 of a passage, and a customer's 20.
fn asked(instructions: u32, passage: u32, words: u32) -> (Vec<u32>, Own) {
    let tokens = [vec![instructions; 40], vec![100 + passage; 30], vec![1000 + words; 20]].concat();
    (tokens, Own { instruction: 40, all: 70 })
}

fn ask(beginnings: &mut Beginnings, instructions: u32, passage: u32, words: u32) {
    let (tokens, own) = asked(instructions, passage, words);
    beginnings.keep(memory(&tokens), own);
}

/// The lengths of what is worth keeping, the most useful first, and whether all of it comes of the business's words.
fn lasting(beginnings: &Beginnings) -> Vec<usize> {
    let lasting = beginnings.lasting();
    for Lasting { part, memory } in &lasting {
        assert_eq!(part.tokens, memory.tokens());
        assert!(memory.tokens().iter().all(|token| *token < 1000), "a customer's words made a token");
    }
    lasting.iter().map(|lasting| lasting.memory.length()).collect()
}

#[test]
fn instructions_are_worth_keeping_and_passages_once_two_have_asked_about_them() {
    let mut beginnings = Beginnings::new(100, Some(SHAPE));
    assert!(beginnings.news(false).is_none());
    ask(&mut beginnings, 1, 1, 1);
    assert_eq!(beginnings.news(false).map(|lasting| lasting.len()), Some(1));
    ask(&mut beginnings, 1, 2, 2);
    assert_eq!((lasting(&beginnings), beginnings.news(false).is_none()), (vec![40], true));
    ask(&mut beginnings, 1, 1, 3);
    assert_eq!((lasting(&beginnings), beginnings.news(false).is_some()), (vec![70, 40], true));
    ask(&mut beginnings, 1, 1, 4);
    assert!(beginnings.news(false).is_none());
}

#[test]
fn what_customers_have_in_common_is_not_worth_keeping() {
    let mut beginnings = Beginnings::new(100, Some(SHAPE));
    for last in [5, 6, 7] {
        let tokens = [vec![1; 40], vec![1007; 30], vec![1000 + last; 20]].concat();
        beginnings.keep(memory(&tokens), Own { instruction: 40, all: 40 });
    }
    assert!(beginnings.entries.iter().any(|entry| entry.memory.length() == 70 && entry.branches > 0));
    assert_eq!(lasting(&beginnings), [40]);
}

#[test]
fn an_erasure_leaves_what_is_worth_keeping_and_nothing_of_customers_behind_it() {
    let mut beginnings = Beginnings::new(100, Some(SHAPE));
    let mut page = Page::new(SHAPE);
    (0..32).for_each(|position| page.put(SHAPE, 0, position, &[1.0; 16], &[2.0; 16]));
    let (tokens, own) = asked(1, 1, 1);
    let pages = (0..3).map(|_| Arc::new(page.clone())).collect();
    beginnings.keep(Memory::from_parts(tokens.clone(), pages, None), own);
    assert_eq!(found(&mut beginnings, &tokens), 90);
    beginnings.forget();
    assert_eq!(found(&mut beginnings, &tokens), 40);
    let [entry] = &beginnings.entries[..] else { panic!("there is more than the instructions") };
    let [first, second] = entry.memory.pages() else { panic!("40 tokens have two pages") };
    assert_eq!(first.bits(SHAPE, 1), page.bits(SHAPE, 1));
    assert_eq!(second.bits(SHAPE, 1), page.cut(SHAPE, 8).bits(SHAPE, 1));
    assert_eq!(lasting(&beginnings), [40]);
}

#[test]
fn an_erasure_takes_everything_where_the_decoder_keeps_keys_and_values_by_itself() {
    let mut beginnings = Beginnings::new(1, None);
    let (tokens, own) = asked(1, 1, 1);
    beginnings.keep(Memory::from_parts(tokens.clone(), Vec::new(), None), own);
    beginnings.forget();
    assert_eq!(found(&mut beginnings, &tokens), 0);
    assert!(beginnings.news(false).is_none());
}

#[test]
fn what_was_kept_over_a_restart_is_found_and_kept_again() {
    let mut before = Beginnings::new(100, Some(SHAPE));
    (1..4).for_each(|words| ask(&mut before, 1, 1, words));
    ask(&mut before, 2, 1, 1);
    let mut after = Beginnings::new(100, Some(SHAPE));
    after.restore(before.lasting());
    assert_eq!([found(&mut after, &asked(1, 1, 9).0), found(&mut after, &asked(2, 1, 9).0)], [70, 40]);
    assert_eq!(lasting(&after), lasting(&before));
    assert!(after.news(false).is_none(), "nothing came to it");
    assert!(after.news(true).is_some(), "what could not be written is given out again");
    let mut tight = Beginnings::new(3, Some(SHAPE));
    tight.restore(before.lasting());
    assert_eq!(found(&mut tight, &asked(2, 1, 9).0), 40, "the most useful stays");
    assert!(tight.holders().len() <= 3);
}

#[test]
fn what_is_of_no_use_over_several_files_leaves_them() {
    let mut beginnings = Beginnings::new(100, Some(SHAPE));
    ask(&mut beginnings, 1, 1, 1);
    ask(&mut beginnings, 2, 1, 1);
    for start in 0.. {
        let mut next = Beginnings::new(100, Some(SHAPE));
        next.restore(beginnings.lasting());
        ask(&mut next, 2, 1, 2);
        beginnings = next;
        assert!(start < 4, "instructions that changed stay for ever");
        if lasting(&beginnings).iter().filter(|length| **length == 40).count() == 1 {
            assert_eq!(start, 3);
            break;
        }
    }
    assert_eq!(found(&mut beginnings, &asked(2, 1, 9).0), 70);
}

#[test]
fn however_many_passages_there_are_instructions_stay() {
    let mut beginnings = Beginnings::new(2000, Some(SHAPE));
    (0..600).for_each(|passage| ask(&mut beginnings, 1, passage, 1));
    assert_eq!(lasting(&beginnings), [40]);
}
