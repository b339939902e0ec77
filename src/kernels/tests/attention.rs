//! Attention against its textbook form.

use std::sync::Arc;

use super::{all_kernels, assert_near, numbers};
use crate::{Attention, Kernels, Page, PageShape, Queries, Sees};

const SHAPE: PageShape = PageShape { layers: 2, heads: 2, head: 32 };
const HEADS: usize = 6;
const KEYS: usize = SHAPE.heads * SHAPE.head;
const QUERIES: usize = HEADS * SHAPE.head;

/// Keys and values of `count` positions, and the pages that hold them in the second layer.
fn remembered(count: usize, seed: u64) -> (Vec<f32>, Vec<f32>, Vec<Arc<Page>>) {
    let (keys, values) = (numbers(count * KEYS, seed), numbers(count * KEYS, seed + 1));
    let mut pages: Vec<Page> = (0..count.div_ceil(32)).map(|_| Page::new(SHAPE)).collect();
    for (position, (key, value)) in keys.chunks_exact(KEYS).zip(values.chunks_exact(KEYS)).enumerate() {
        pages[position / 32].put(SHAPE, 1, position % 32, key, value);
    }
    (keys, values, pages.into_iter().map(Arc::new).collect())
}

fn attention(sees: Sees) -> Attention {
    Attention { shape: SHAPE, layer: 1, heads: HEADS, scale: 0.5, sees }
}

/// One row by the definition, in twice the precision.
fn textbook(keys: &[f32], values: &[f32], query: &[f32], seen: std::ops::Range<usize>) -> Vec<f32> {
    let mut all = Vec::new();
    for (head, query) in query.chunks_exact(SHAPE.head).enumerate() {
        let at = |position: usize| position * KEYS + head / (HEADS / SHAPE.heads) * SHAPE.head;
        let score = |position: usize| -> f64 {
            let products = keys[at(position)..].iter().zip(query).map(|(key, query)| f64::from(key * query));
            (0.5 * products.sum::<f64>()).exp()
        };
        let total: f64 = seen.clone().map(score).sum();
        for number in 0..SHAPE.head {
            let sum: f64 = seen.clone().map(|seen| score(seen) / total * f64::from(values[at(seen) + number])).sum();
            #[expect(clippy::cast_possible_truncation, reason = "the kernels have single precision")]
            all.push(sum as f32);
        }
    }
    all
}

fn attend(kernels: &Kernels, sees: Sees, texts: &[Queries<'_>], queries: &[f32]) -> Vec<f32> {
    let mut into = vec![f32::NAN; queries.len()];
    kernels.attend(&attention(sees), texts, queries, &mut into);
    into
}

#[test]
fn each_row_sees_what_stands_before_it_within_the_window() {
    let (keys, values, pages) = remembered(75, 4);
    let queries = numbers(35 * QUERIES, 9);
    for kernels in all_kernels() {
        for window in [None, Some(1), Some(20), Some(33)] {
            let text = Queries { pages: &pages, row: 0, count: 35, position: 40 };
            let found = attend(&kernels, Sees::Past(window), &[text], &queries);
            for (row, query) in queries.chunks_exact(QUERIES).enumerate() {
                let seen = window.map_or(0, |window| (41 + row).saturating_sub(window))..41 + row;
                let expected = textbook(&keys, &values, query, seen);
                // Keys and values are rounded to eleven bits.
                assert_near(&found[row * QUERIES..][..QUERIES], &expected, 2e-3);
            }
        }
    }
}

#[test]
fn where_all_is_seen_each_row_sees_its_whole_text_and_no_other() {
    let of_length = [1, 31, 32, 45].map(|count| (count, remembered(count, 4 + count as u64)));
    let queries = numbers(109 * QUERIES, 9);
    for kernels in all_kernels() {
        let mut row = 0;
        let texts: Vec<Queries<'_>> = of_length
            .iter()
            .map(|(count, (_, _, pages))| {
                row += count;
                Queries { pages, row: row - count, count: *count, position: 0 }
            })
            .collect();
        let found = attend(&kernels, Sees::All, &texts, &queries);
        let mut rows = found.chunks_exact(QUERIES).zip(queries.chunks_exact(QUERIES));
        for (count, (keys, values, _)) in &of_length {
            for (found, query) in rows.by_ref().take(*count) {
                assert_near(found, &textbook(keys, values, query, 0..*count), 2e-3);
            }
        }
    }
}

#[test]
fn a_row_comes_to_the_same_alone_and_among_others_to_the_last_bit() {
    let (_, _, pages) = remembered(75, 4);
    let (_, _, other_pages) = remembered(3, 17);
    let queries = numbers(38 * QUERIES, 9);
    for kernels in all_kernels() {
        for sees in [Sees::Past(None), Sees::Past(Some(20))] {
            let texts = [
                Queries { pages: &other_pages, row: 0, count: 3, position: 0 },
                Queries { pages: &pages, row: 3, count: 35, position: 40 },
            ];
            let together = attend(&kernels, sees, &texts, &queries);
            for (row, query) in queries.chunks_exact(QUERIES).enumerate() {
                let (pages, position) = if row < 3 { (&other_pages, row) } else { (&pages, 37 + row) };
                let text = Queries { pages, row: 0, count: 1, position };
                assert_eq!(attend(&kernels, sees, &[text], query), together[row * QUERIES..][..QUERIES], "{row}");
            }
        }
    }
}

#[test]
fn what_stands_behind_a_row_in_its_page_does_not_matter() {
    let (_, _, mut pages) = remembered(40, 4);
    let query = numbers(QUERIES, 9);
    let kernels = Kernels::new(1).unwrap();
    let alone =
        attend(&kernels, Sees::Past(None), &[Queries { pages: &pages, row: 0, count: 1, position: 35 }], &query);
    let (noise, last) = (vec![1e30; KEYS], Arc::make_mut(&mut pages[1]));
    (4..32).for_each(|position| last.put(SHAPE, 1, position, &noise, &noise));
    assert_eq!(
        attend(&kernels, Sees::Past(None), &[Queries { pages: &pages, row: 0, count: 1, position: 35 }], &query),
        alone
    );
}
