//! Attention against its textbook form.

use std::sync::Arc;

use proptest::prelude::*;

use super::{all_kernels, assert_near, numbers};
use crate::{Attention, Kernels, Page, PageShape, Queries, Sees};

const SHAPE: PageShape = PageShape { layers: 2, heads: 2, head: 32 };
const HEADS: usize = 6;

/// Heads of models: tiny ones, SmolLM, Qwen, Phi, Llama, Gemma.
const HEAD_SIZES: [usize; 7] = [16, 48, 64, 80, 96, 128, 256];

/// The second layer of two, whose heads of keys serve `group` heads of queries each.
fn attention(heads: usize, group: usize, head: usize, window: Option<usize>) -> Attention {
    #[expect(clippy::cast_precision_loss, reason = "heads have some hundred numbers")]
    let scale = 3.0 / (head as f32).sqrt();
    Attention {
        shape: PageShape { layers: 2, heads, head },
        layer: 1,
        heads: heads * group,
        scale,
        sees: Sees::Past(window),
    }
}

/// Keys and values of some positions, and the pages that hold them in the second layer.
struct Text {
    keys: Vec<f32>,
    values: Vec<f32>,
    pages: Vec<Arc<Page>>,
}

fn remembered(shape: PageShape, count: usize, seed: u64) -> Text {
    let width = shape.heads * shape.head;
    let (keys, values) = (numbers(count * width, seed), numbers(count * width, seed + 1));
    let mut pages: Vec<Page> = (0..count.div_ceil(32)).map(|_| Page::new(shape)).collect();
    for (position, (key, value)) in keys.chunks_exact(width).zip(values.chunks_exact(width)).enumerate() {
        pages[position / 32].put(shape, 1, position % 32, key, value);
    }
    Text { keys, values, pages: pages.into_iter().map(Arc::new).collect() }
}

/// One row by the definition, in twice the precision.
fn textbook(attention: &Attention, text: &Text, query: &[f32], position: usize) -> Vec<f32> {
    let Attention { shape, heads, scale, sees, .. } = *attention;
    let mut all = Vec::new();
    for (head, query) in query.chunks_exact(shape.head).enumerate() {
        let at = |position: usize| (position * shape.heads + head / (heads / shape.heads)) * shape.head;
        let seen = match sees {
            Sees::Past(window) => window.map_or(0, |window| (position + 1).saturating_sub(window))..position + 1,
            Sees::All => 0..text.keys.len() / (shape.heads * shape.head),
        };
        let score = |position: usize| -> f64 {
            let products = text.keys[at(position)..].iter().zip(query).map(|(key, query)| f64::from(key * query));
            (f64::from(scale) * products.sum::<f64>()).exp()
        };
        let total: f64 = seen.clone().map(score).sum();
        for number in 0..shape.head {
            let weighed = |seen| score(seen) / total * f64::from(text.values[at(seen) + number]);
            #[expect(clippy::cast_possible_truncation, reason = "the kernels have single precision")]
            all.push(seen.clone().map(weighed).sum::<f64>() as f32);
        }
    }
    all
}

fn attend(kernels: &Kernels, attention: &Attention, texts: &[Queries<'_>], queries: &[f32]) -> Vec<f32> {
    let mut into = vec![f32::NAN; queries.len()];
    kernels.attend(attention, texts, queries, &mut into);
    into
}

/// Compares `count` rows from `position` on with the textbook, on all processors' instructions that there are.
fn check(attention: &Attention, position: usize, count: usize, seed: u64) {
    let text = remembered(attention.shape, position + count, seed);
    let width = attention.heads * attention.shape.head;
    let queries = numbers(count * width, seed + 2);
    let expected: Vec<Vec<f32>> = (queries.chunks_exact(width).enumerate())
        .map(|(row, query)| textbook(attention, &text, query, position + row))
        .collect();
    for kernels in all_kernels() {
        let rows = Queries { pages: &text.pages, row: 0, count, position };
        let found = attend(&kernels, attention, &[rows], &queries);
        // Keys and values are rounded to eleven bits.
        found.chunks_exact(width).zip(&expected).for_each(|(found, expected)| assert_near(found, expected, 2e-3));
    }
}

#[test]
fn each_row_sees_what_stands_before_it_within_the_window() {
    for window in [None, Some(1), Some(20), Some(33)] {
        check(&attention(2, 3, 32, window), 40, 35, 4);
    }
}

#[test]
fn heads_of_every_size_that_models_have_come_to_what_the_textbook_says() {
    for head in HEAD_SIZES {
        for (heads, group) in [(1, 1), (2, 1), (1, 4), (3, 7)] {
            check(&attention(heads, group, head, None), 30, 5, 11);
            check(&attention(heads, group, head, Some(7)), 30, 5, 12);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_shape_a_row_comes_to_what_the_textbook_says(
        sixteens in 1_usize..=16,
        heads in 1_usize..=3,
        group in 1_usize..=9,
        position in 0_usize..70,
        count in 1_usize..=9,
        window in prop::option::of(1_usize..80),
        seed in 0_u64..1000,
    ) {
        check(&attention(heads, group, 16 * sixteens, window), position, count, seed);
    }
}

#[test]
fn where_all_is_seen_each_row_sees_its_whole_text_and_no_other() {
    let attention = Attention { sees: Sees::All, ..attention(12, 1, 32, None) };
    let width = attention.heads * attention.shape.head;
    let texts = [1, 31, 32, 45].map(|count| (count, remembered(attention.shape, count, 4)));
    let queries = numbers(109 * width, 9);
    let mut row = 0;
    let rows = texts.each_ref().map(|(count, text)| {
        row += count;
        Queries { pages: &text.pages, row: row - count, count: *count, position: 0 }
    });
    for kernels in all_kernels() {
        let found = attend(&kernels, &attention, &rows, &queries);
        let mut both = found.chunks_exact(width).zip(queries.chunks_exact(width));
        for (count, text) in &texts {
            for (position, (found, query)) in both.by_ref().take(*count).enumerate() {
                assert_near(found, &textbook(&attention, text, query, position), 2e-3);
            }
        }
    }
}

#[test]
fn a_row_comes_to_the_same_alone_and_among_others_to_the_last_bit() {
    for (head, window) in [(32, None), (32, Some(20)), (80, None), (128, Some(20)), (256, None)] {
        let attention = attention(2, 3, head, window);
        let width = HEADS * head;
        let (text, other) = (remembered(attention.shape, 75, 4), remembered(attention.shape, 3, 17));
        let queries = numbers(38 * width, 9);
        for kernels in all_kernels() {
            let texts = [
                Queries { pages: &other.pages, row: 0, count: 3, position: 0 },
                Queries { pages: &text.pages, row: 3, count: 35, position: 40 },
            ];
            let together = attend(&kernels, &attention, &texts, &queries);
            for (row, query) in queries.chunks_exact(width).enumerate() {
                let (pages, position) = if row < 3 { (&other.pages, row) } else { (&text.pages, 37 + row) };
                let alone = Queries { pages, row: 0, count: 1, position };
                let alone = attend(&kernels, &attention, &[alone], query);
                assert_eq!(alone, together[row * width..][..width], "{row} of heads of {head}");
            }
        }
    }
}

#[test]
fn what_stands_behind_a_row_in_its_page_does_not_matter() {
    let attention = attention(2, 3, 32, None);
    let mut text = remembered(SHAPE, 40, 4);
    let query = numbers(HEADS * SHAPE.head, 9);
    let kernels = Kernels::new(1).unwrap();
    let read = |pages: &[Arc<Page>]| {
        attend(&kernels, &attention, &[Queries { pages, row: 0, count: 1, position: 35 }], &query)
    };
    let alone = read(&text.pages);
    let (noise, last) = (vec![1e30; SHAPE.heads * SHAPE.head], Arc::make_mut(&mut text.pages[1]));
    (4..32).for_each(|position| last.put(SHAPE, 1, position, &noise, &noise));
    assert_eq!(read(&text.pages), alone);
}
