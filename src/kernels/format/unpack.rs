//! One block of one row as the file has it, taken apart.

use half::f16;

use super::{Format, LARGEST_BLOCK};

/// The values and factors of one row's block.
pub(crate) struct RowBlock {
    format: Format,
    /// Unsigned values; only as many as the format's block has.
    pub(crate) values: [u8; LARGEST_BLOCK],
    /// What all scales are multiplied by.
    pub(crate) factor: u16,
    /// What all minimums are multiplied by, in formats that store them; else 0.
    pub(crate) minimum_factor: u16,
    /// A scale for each part; signed in `Q6_K`.
    pub(crate) scales: [u8; 16],
    /// A minimum for each part, in formats that store them.
    pub(crate) minimums: [u8; 16],
}

fn half_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

impl RowBlock {
    /// `bytes` is a block of the format's file.
    pub(crate) fn read(format: Format, bytes: &[u8]) -> Self {
        let mut block = RowBlock {
            format,
            values: [0; LARGEST_BLOCK],
            factor: 0,
            minimum_factor: 0,
            scales: [1; 16],
            minimums: [1; 16],
        };
        match format {
            Format::Q4K => block.read_q4k(bytes),
            Format::Q5K => block.read_q5k(bytes),
            Format::Q6K => block.read_q6k(bytes),
            Format::Q4Zero | Format::Q5Zero => block.read_small(bytes, false, format == Format::Q5Zero),
            Format::Q4One | Format::Q5One => block.read_small(bytes, true, format == Format::Q5One),
            Format::Q8Zero => {
                block.factor = half_at(bytes, 0);
                for (value, byte) in block.values.iter_mut().zip(&bytes[2..34]) {
                    *value = byte ^ 0x80;
                }
            }
        }
        block
    }

    /// What the values of a part are multiplied by.
    pub(crate) fn scale(&self, part: usize) -> f32 {
        let factor = f16::from_bits(self.factor).to_f32();
        match self.format {
            Format::Q6K => factor * f32::from(self.scales[part].cast_signed()),
            _ => factor * f32::from(self.scales[part]),
        }
    }

    /// What is taken from the products of a part.
    pub(crate) fn minimum(&self, part: usize) -> f32 {
        let stored = f16::from_bits(self.minimum_factor).to_f32();
        match self.format {
            Format::Q4K | Format::Q5K => stored * f32::from(self.minimums[part]),
            Format::Q4One | Format::Q5One => -stored,
            Format::Q4Zero => 8.0 * self.scale(part),
            Format::Q5Zero => 16.0 * self.scale(part),
            Format::Q6K => 32.0 * self.scale(part),
            Format::Q8Zero => 128.0 * self.scale(part),
        }
    }

    /// `f16` factor and minimum, twelve bytes of scales, 128 bytes of values: 64 values to 32 bytes.
    fn read_q4k(&mut self, bytes: &[u8]) {
        self.read_k_factors(bytes);
        self.read_nibbles_of_64(&bytes[16..144]);
    }

    /// As `Q4_K`, with 32 bytes of fifth bits before the others: bit `i` for the `i`th 32 values.
    fn read_q5k(&mut self, bytes: &[u8]) {
        self.read_k_factors(bytes);
        self.read_nibbles_of_64(&bytes[48..176]);
        for (part, values) in self.values.chunks_exact_mut(32).enumerate() {
            for (value, plane) in values.iter_mut().zip(&bytes[16..48]) {
                *value |= (plane >> part & 1) << 4;
            }
        }
    }

    fn read_k_factors(&mut self, bytes: &[u8]) {
        self.factor = half_at(bytes, 0);
        self.minimum_factor = half_at(bytes, 2);
        let packed = &bytes[4..16];
        for part in 0..4 {
            self.scales[part] = packed[part] & 63;
            self.minimums[part] = packed[part + 4] & 63;
            self.scales[part + 4] = packed[part + 8] & 15 | (packed[part] >> 6) << 4;
            self.minimums[part + 4] = packed[part + 8] >> 4 | (packed[part + 4] >> 6) << 4;
        }
    }

    fn read_nibbles_of_64(&mut self, bytes: &[u8]) {
        for (values, bytes) in self.values.chunks_exact_mut(64).zip(bytes.chunks_exact(32)) {
            let (low, high) = values.split_at_mut(32);
            for ((low, high), byte) in low.iter_mut().zip(high).zip(bytes) {
                *low = byte & 15;
                *high = byte >> 4;
            }
        }
    }

    /// 128 bytes of lower and 64 of upper bits, sixteen signed scales, an `f16`.
    fn read_q6k(&mut self, bytes: &[u8]) {
        self.factor = half_at(bytes, 208);
        self.scales.copy_from_slice(&bytes[192..208]);
        for (half, values) in self.values.chunks_exact_mut(128).enumerate() {
            let (low, high) = (&bytes[half * 64..][..64], &bytes[128 + half * 32..][..32]);
            for at in 0..32 {
                values[at] = low[at] & 15 | (high[at] & 3) << 4;
                values[at + 32] = low[at + 32] & 15 | (high[at] >> 2 & 3) << 4;
                values[at + 64] = low[at] >> 4 | (high[at] >> 4 & 3) << 4;
                values[at + 96] = low[at + 32] >> 4 | (high[at] >> 6) << 4;
            }
        }
    }

    /// `f16` factor, perhaps an `f16` minimum, perhaps 32 fifth bits, sixteen bytes: the first sixteen values below.
    fn read_small(&mut self, bytes: &[u8], has_minimum: bool, has_fifth_bit: bool) {
        self.factor = half_at(bytes, 0);
        let mut at = 2;
        if has_minimum {
            self.minimum_factor = half_at(bytes, at);
            at += 2;
        }
        let mut fifth = 0;
        if has_fifth_bit {
            fifth = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            at += 4;
        }
        for (index, byte) in bytes[at..at + 16].iter().enumerate() {
            self.values[index] = byte & 15 | bit_as_16(fifth, index);
            self.values[index + 16] = byte >> 4 | bit_as_16(fifth, index + 16);
        }
    }
}

/// Bit `index` of `bits` as bit 4.
fn bit_as_16(bits: u32, index: usize) -> u8 {
    if bits >> index & 1 == 1 { 16 } else { 0 }
}
