//! Keys and values of a few neighbouring positions, in all layers, as `f16`.
//!
//! Whoever remembers a text holds a list of pages; texts that begin alike share the pages of their beginning.

use half::f16;

/// Positions in a page.
pub const POSITIONS: usize = 32;

/// What a model's pages look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageShape {
    /// Layers of the model.
    pub layers: usize,
    /// Heads of keys and values.
    pub heads: usize,
    /// Numbers of a head, a multiple of 16.
    pub head: usize,
}

impl PageShape {
    /// Numbers of the keys of one head in one layer; of the values, too.
    pub(super) fn block(self) -> usize {
        POSITIONS * self.head
    }

    fn numbers(self) -> usize {
        self.numbers_in(self.layers)
    }

    /// Numbers of the first `layers` layers.
    pub fn numbers_in(self, layers: usize) -> usize {
        2 * self.block() * self.heads * layers
    }

    /// How much memory a page takes.
    pub fn bytes(self) -> usize {
        2 * self.numbers()
    }

    /// Where the keys of a head stand; its values stand behind them.
    pub(super) fn start(self, layer: usize, head: usize) -> usize {
        2 * self.block() * (layer * self.heads + head)
    }
}

/// The keys of a head stand number by number, 32 positions of each; its values position by position.
#[derive(Clone)]
pub struct Page {
    numbers: Vec<u16>,
}

impl Page {
    /// A page of zeros.
    pub fn new(shape: PageShape) -> Self {
        Page { numbers: vec![0; shape.numbers()] }
    }

    /// A page of the first layers of such pages, from the bits that [`Page::bits`] gave; nothing where they cannot be
    /// those of a page.
    pub fn from_bits(shape: PageShape, layers: usize, mut bits: Vec<u16>) -> Option<Self> {
        let is_finite = |number: &u16| f16::from_bits(*number).is_finite();
        if layers > shape.layers || bits.len() != shape.numbers_in(layers) || !bits.iter().all(is_finite) {
            return None;
        }
        bits.resize(shape.numbers(), 0);
        Some(Page { numbers: bits })
    }

    /// The bits of the keys and values in the first layers.
    pub fn bits(&self, shape: PageShape, layers: usize) -> &[u16] {
        &self.numbers[..shape.numbers_in(layers.min(shape.layers))]
    }

    /// The same page with nothing but zeros at the positions from `length` on.
    pub fn cut(&self, shape: PageShape, length: usize) -> Self {
        let mut page = self.clone();
        let length = length.min(POSITIONS);
        for blocks in page.numbers.chunks_exact_mut(2 * shape.block()) {
            let (keys, values) = blocks.split_at_mut(shape.block());
            keys.chunks_exact_mut(POSITIONS).for_each(|positions| positions[length..].fill(0));
            values[length * shape.head..].fill(0);
        }
        page
    }

    /// The bits of all numbers.
    pub(super) fn numbers(&self) -> &[u16] {
        &self.numbers
    }

    /// Writes the keys and values of all heads of a layer at a position of this page.
    pub fn put(&mut self, shape: PageShape, layer: usize, position: usize, keys: &[f32], values: &[f32]) {
        assert!(position < POSITIONS && keys.len() == shape.heads * shape.head && values.len() == keys.len());
        for head in 0..shape.heads {
            let start = shape.start(layer, head);
            let (key_block, rest) = self.numbers[start..].split_at_mut(shape.block());
            let range = head * shape.head..(head + 1) * shape.head;
            for (numbers, key) in key_block.chunks_exact_mut(POSITIONS).zip(&keys[range.clone()]) {
                numbers[position] = half(*key);
            }
            for (number, value) in rest[position * shape.head..].iter_mut().zip(&values[range]) {
                *number = half(*value);
            }
        }
    }
}

/// The nearest half that is finite: positions that are not seen count nothing only as long as their numbers do.
fn half(number: f32) -> u16 {
    f16::from_f32(number.clamp(f16::MIN.to_f32(), f16::MAX.to_f32())).to_bits()
}
