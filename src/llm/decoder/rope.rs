//! Rotary positions (Su et al., "RoFormer", 2021): each pair of numbers turns by an angle that grows with the position.

use atiende_kernels::{Angles, Kernels, Pairs};

/// The turn of each pair at each position, for layers that see everything and for those that see a window.
pub(super) struct Rope {
    pairs: Pairs,
    global: Turns,
    local: Turns,
}

/// The cosines and sines of one kind of layer.
struct Turns {
    /// How far each pair turns from one position to the next, in radians.
    speeds: Vec<f32>,
    /// Position by position, a cosine for each pair.
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Rope {
    pub(super) fn new(pairs: Pairs, global: Vec<f32>, local: Vec<f32>) -> Self {
        let turns = |speeds| Turns { speeds, cosines: Vec::new(), sines: Vec::new() };
        Rope { pairs, global: turns(global), local: turns(local) }
    }

    /// Makes the tables as long as `positions`.
    pub(super) fn reach(&mut self, positions: usize) {
        self.global.reach(positions);
        self.local.reach(positions);
    }

    /// Turns heads of `head` numbers. Each row of `numbers` has as many heads as there is room for, and stands at one
    /// of `positions`, which the tables reach.
    pub(super) fn rotate(&self, is_local: bool, kernels: &Kernels, positions: &[usize], head: usize, rows: &mut [f32]) {
        let turns = if is_local { &self.local } else { &self.global };
        let angles = Angles { cosines: &turns.cosines, sines: &turns.sines, pairs: turns.speeds.len() };
        kernels.rotate(self.pairs, angles, positions, head, rows);
    }
}

impl Turns {
    #[expect(clippy::cast_precision_loss, reason = "positions are far below 2^24")]
    fn reach(&mut self, positions: usize) {
        let known = self.cosines.len() / self.speeds.len().max(1);
        for position in known..positions {
            self.cosines.extend(self.speeds.iter().map(|speed| (position as f32 * speed).cos()));
            self.sines.extend(self.speeds.iter().map(|speed| (position as f32 * speed).sin()));
        }
    }
}

/// How fast each pair turns: `base^(-2i/n)` for a rotation of `n` numbers.
#[expect(clippy::cast_precision_loss, reason = "heads have some hundred numbers")]
pub(super) fn speeds(numbers: usize, base: f32) -> Vec<f32> {
    (0..numbers / 2).map(|pair| 1.0 / base.powf(2.0 * pair as f32 / numbers as f32)).collect()
}
