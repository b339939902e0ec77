//! Pages that are written down and read again, and what is left of a page that is cut.

use super::super::{PAGE_POSITIONS, Page, PageShape};
use super::numbers;

const SHAPE: PageShape = PageShape { layers: 3, heads: 2, head: 16 };

/// A page with `count` positions, of which those from `from` on hold other numbers for another `seed`.
fn page(count: usize, from: usize, seed: u64) -> Page {
    let mut page = Page::new(SHAPE);
    for layer in 0..SHAPE.layers {
        for position in 0..count {
            let seed = (layer * 100 + position) as u64 + if position < from { 0 } else { seed };
            let numbers = numbers(4 * SHAPE.head, seed);
            let (keys, values) = numbers.split_at(2 * SHAPE.head);
            page.put(SHAPE, layer, position, keys, values);
        }
    }
    page
}

#[test]
fn a_page_that_is_read_from_its_bits_is_the_same() {
    let written = page(20, 20, 0);
    let read = Page::from_bits(SHAPE, 3, written.bits(SHAPE, 3).to_vec()).unwrap();
    assert_eq!(read.numbers(), written.numbers());
    let read = Page::from_bits(SHAPE, 2, written.bits(SHAPE, 2).to_vec()).unwrap();
    assert_eq!(read.bits(SHAPE, 2), written.bits(SHAPE, 2));
    assert!(read.numbers()[SHAPE.numbers_in(2)..].iter().all(|number| *number == 0));
}

#[test]
fn bits_that_are_not_those_of_a_page_are_refused() {
    let bits = page(20, 20, 0).bits(SHAPE, 3).to_vec();
    assert!(Page::from_bits(SHAPE, 4, bits.clone()).is_none());
    assert!(Page::from_bits(SHAPE, 2, bits.clone()).is_none());
    assert!(Page::from_bits(SHAPE, 3, bits[1..].to_vec()).is_none());
    for endless in [0x7C00, 0xFC00, 0x7E01] {
        let mut bits = bits.clone();
        bits[70] = endless;
        assert!(Page::from_bits(SHAPE, 3, bits).is_none());
    }
}

#[test]
fn of_a_page_that_is_cut_nothing_is_left_behind_the_cut() {
    for length in 0..=PAGE_POSITIONS {
        let cut = |seed| page(PAGE_POSITIONS, length, seed).cut(SHAPE, length);
        assert_eq!(cut(7).numbers(), cut(1000).numbers());
        assert_eq!(cut(7).numbers(), page(length, length, 0).numbers());
    }
}
