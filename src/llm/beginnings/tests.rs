//! What is found again, and what goes first.

use std::sync::Arc;

use atiende_kernels::{Page, PageShape};

use super::Beginnings;
use crate::llm::decoder::Memory;

const SHAPE: PageShape = PageShape { layers: 1, heads: 1, head: 16 };

fn memory(tokens: &[u32]) -> Memory {
    let pages = (0..tokens.len().div_ceil(32)).map(|_| Arc::new(Page::new(SHAPE)));
    Memory::from_parts(tokens.to_vec(), pages.collect())
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
    let mut beginnings = Beginnings::new(100);
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 60)), 0);
    beginnings.keep(memory(&prompt(1, 1, 60)));
    beginnings.keep(memory(&prompt(2, 1, 60)));
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 50)), 50);
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 70)), 60);
    assert_eq!(found(&mut beginnings, &prompt(2, 9, 70)), 40);
    assert_eq!(found(&mut beginnings, &prompt(3, 9, 70)), 0);
}

#[test]
fn instructions_stay_when_the_prompts_that_had_them_have_gone() {
    let mut beginnings = Beginnings::new(12);
    (0..3).for_each(|question| beginnings.keep(memory(&prompt(1, question, 64))));
    (3..40).for_each(|question| beginnings.keep(memory(&[vec![500 + question; 64]].concat())));
    assert_eq!(found(&mut beginnings, &prompt(1, 0, 64)), 40);
    assert!(beginnings.holders().len() <= 12);
}

#[test]
fn no_more_is_held_than_the_budget_allows() {
    for budget in [0, 1, 3, 7] {
        let mut beginnings = Beginnings::new(budget);
        for question in 0..20 {
            beginnings.keep(memory(&prompt(question % 3, question, 100)));
            assert!(beginnings.holders().len() <= budget);
        }
    }
}

#[test]
fn memories_without_pages_are_bounded_in_number() {
    let mut beginnings = Beginnings::new(1);
    (0..600).for_each(|question| beginnings.keep(Memory::from_parts(vec![question; 20], Vec::new())));
    assert!(beginnings.entries.len() <= super::MOST);
    assert_eq!(found(&mut beginnings, &[599; 30]), 20);
}

#[test]
fn new_instructions_get_the_place_of_old_ones() {
    let mut beginnings = Beginnings::new(20);
    for instructions in 0..12 {
        for question in 0..30 {
            let found = found(&mut beginnings, &prompt(instructions, question, 64));
            assert!(question < 2 || found >= 40, "question {question} of instructions {instructions}: {found}");
            beginnings.keep(memory(&prompt(instructions, question, 64)));
        }
    }
}

#[test]
fn of_a_prompt_beyond_the_budget_the_beginning_is_kept() {
    let mut beginnings = Beginnings::new(3);
    beginnings.keep(memory(&prompt(1, 1, 500)));
    assert_eq!(found(&mut beginnings, &prompt(1, 1, 600)), 96);
}

#[test]
fn a_few_tokens_in_common_are_not_worth_going_on_from() {
    let mut beginnings = Beginnings::new(10);
    beginnings.keep(memory(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]));
    assert!(beginnings.find(&[1, 2, 3, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 90, 91, 92, 93, 94], None).is_none());
    assert_eq!(found(&mut beginnings, &[1, 2, 3]), 3);
}

#[test]
fn what_was_read_through_few_layers_is_found_by_those_who_need_no_more() {
    let mut beginnings = Beginnings::new(100);
    let text = prompt(1, 1, 60);
    let mut shallow = memory(&[]);
    shallow.advance(&text, Some(3));
    beginnings.keep(shallow);
    let mut found = |depth| beginnings.find(&text, depth).map_or(0, |(_, shared)| shared);
    assert_eq!([found(None), found(Some(4)), found(Some(3)), found(Some(1))], [0, 0, 60, 60]);
    beginnings.keep(memory(&text));
    assert_eq!(beginnings.find(&text, None).map(|(_, shared)| shared), Some(60));
}
