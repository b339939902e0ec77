//! A vector compared with many rows of bytes: what exact search does with each vector that is kept.
//!
//! Rows are kept in eight bits with a scale each, a quarter of what they take as `f32`: reading them is all that takes
//! time. What they are compared with has twelve bits, so that only the rows are rounded.

use super::Level;
use super::simd::{Simd, Work};

/// The largest byte of a row.
const LARGEST: f32 = 127.0;
/// The largest number of a probe: with rows of up to 8,192 numbers no sum overflows.
const LARGEST_OF_PROBE: f32 = 2047.0;

/// A vector that is ready to be compared with rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    numbers: Vec<i16>,
    scale: f32,
    level: Level,
}

impl Probe {
    /// Of a vector of at most 8,192 numbers; what is not a number counts as 0.
    pub fn new(vector: &[f32]) -> Self {
        assert!(vector.len() <= 8192, "the sum of the products fits into 32 bits");
        let scale = largest(vector) / LARGEST_OF_PROBE;
        #[expect(clippy::cast_possible_truncation, reason = "scaled to twelve bits; what is not a number becomes 0")]
        let numbers =
            vector.iter().map(|number| (number / scale).round().clamp(-LARGEST_OF_PROBE, LARGEST_OF_PROBE) as i16);
        let numbers = numbers.collect();
        Probe { numbers, scale, level: Level::best() }
    }

    /// The dot product with a row of as many bytes that [`pack`] made, which gave `scale`.
    ///
    /// # Panics
    ///
    /// When the row is longer or shorter.
    pub fn dot(&self, row: &[u8], scale: f32) -> f32 {
        assert_eq!(row.len(), self.numbers.len(), "a row is as long as what it is compared with");
        #[expect(clippy::cast_precision_loss, reason = "a sum of products of rounded numbers")]
        let sum = self.level.run(Dot { numbers: &self.numbers, row }) as f32;
        sum * self.scale * scale
    }
}

/// The dot product of two rows that [`pack`] made, each with its scale.
pub fn dot_of_rows((one, scale): (&[u8], f32), (other, other_scale): (&[u8], f32)) -> f32 {
    let products =
        one.iter().zip(other).map(|(one, other)| i32::from(one.cast_signed()) * i32::from(other.cast_signed()));
    #[expect(clippy::cast_precision_loss, reason = "a sum of products of rounded numbers")]
    let sum = products.sum::<i32>() as f32;
    sum * scale * other_scale
}

/// Appends a vector as a row of bytes; returns the scale: what 1 in the row stands for. What is not a number becomes 0.
pub fn pack(vector: &[f32], into: &mut Vec<u8>) -> f32 {
    let scale = largest(vector) / LARGEST;
    #[expect(clippy::cast_possible_truncation, reason = "scaled to a byte; what is not a number becomes 0")]
    into.extend(vector.iter().map(|number| ((number / scale).round().clamp(-LARGEST, LARGEST) as i8).cast_unsigned()));
    scale
}

/// The largest finite magnitude; 1 where there is none above 0, so that it can be divided by.
fn largest(vector: &[f32]) -> f32 {
    let finite = vector.iter().map(|number| number.abs()).filter(|number| number.is_finite());
    let largest = finite.fold(0.0, f32::max);
    if largest > f32::MIN_POSITIVE * LARGEST_OF_PROBE { largest } else { 1.0 }
}

struct Dot<'a> {
    numbers: &'a [i16],
    row: &'a [u8],
}

impl Work for Dot<'_> {
    type Result = i32;

    /// The compiler makes of it what the level has for sums of products of 16 bits.
    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> i32 {
        let products = self.numbers.iter().zip(self.row);
        products.map(|(number, byte)| i32::from(*number) * i32::from(byte.cast_signed())).sum()
    }
}
