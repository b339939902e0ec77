//! Numbers that look like chance and are the same for the same seed.

/// A stream of them (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `count`, which must not be 0.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Whether something happens that happens `times` of `of` times.
    pub fn is(&mut self, times: usize, of: usize) -> bool {
        self.below(of) < times
    }

    /// From -1 to 1.
    pub fn around_zero(&mut self) -> f32 {
        // 24 bits are all that an `f32` keeps.
        (self.next() >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    /// At most `count` of them, each once, in an order of chance.
    pub fn some<'a, T>(&mut self, of: &'a [T], count: usize) -> Vec<&'a T> {
        let mut order: Vec<&T> = of.iter().collect();
        for index in (1..order.len()).rev() {
            order.swap(index, self.below(index + 1));
        }
        order.truncate(count);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_and_everything_gets_its_turn() {
        let draw = |seed| Chance::new(seed).some(&[1, 2, 3, 4, 5], 5).into_iter().copied().collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        let mut sorted = draw(7);
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 2, 3, 4, 5]);
        let mut chance = Chance::new(1);
        let numbers: Vec<f32> = (0..1_000).map(|_| chance.around_zero()).collect();
        assert!(numbers.iter().all(|number| (-1.0..=1.0).contains(number)));
        assert!(numbers.iter().sum::<f32>().abs() < 60.0);
        let heads = (0..1_000).filter(|_| chance.is(1, 4)).count();
        assert!((200..300).contains(&heads), "{heads}");
    }
}
