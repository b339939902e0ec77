//! Logistic regression over vectors: full steps with momentum, every example with a weight of its own.

use crate::understand::heads::Head;

/// One vector with what it stands for.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// The vector.
    pub vector: &'a [f32],
    /// Whether it is one of those to be found.
    pub is_positive: bool,
    /// How much it counts.
    pub weight: f32,
}

/// How the fitting goes.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// How many steps over all examples.
    pub steps: usize,
    /// How long a step is.
    pub rate: f32,
    /// How strongly large weights are held back.
    pub ridge: f32,
}

/// How much of the last step the next one keeps.
const MOMENTUM: f32 = 0.9;

/// Fits a head. The numbers of the vectors are brought to one scale first, because those of this family lie close
/// together; the head that comes out takes the vectors as they are.
pub fn fit(examples: &[Example<'_>], recipe: Recipe) -> Head {
    let Some(width) = examples.first().map(|example| example.vector.len()) else {
        return Head { bias: 0.0, weights: Vec::new() };
    };
    let vectors: Vec<&[f32]> = examples.iter().map(|example| example.vector).collect();
    let scale = Scale::of(&vectors, width);
    let scaled: Vec<Vec<f32>> = examples.iter().map(|example| scale.apply(example.vector)).collect();
    let total: f32 = examples.iter().map(|example| example.weight).sum();
    let (mut weights, mut speed) = (vec![0.0f32; width + 1], vec![0.0f32; width + 1]);
    for _ in 0..recipe.steps {
        let slope = slope(examples, &scaled, &weights);
        for index in 0..=width {
            let ridge = if index < width { recipe.ridge * weights[index] } else { 0.0 };
            speed[index] = MOMENTUM * speed[index] - recipe.rate * (slope[index] / total + ridge);
            weights[index] += speed[index];
        }
    }
    scale.undo(&weights)
}

/// In which direction the error grows; the last number is the bias's.
fn slope(examples: &[Example<'_>], scaled: &[Vec<f32>], weights: &[f32]) -> Vec<f32> {
    let width = weights.len() - 1;
    let mut slope = vec![0.0f32; width + 1];
    for (example, numbers) in examples.iter().zip(scaled) {
        let sum: f32 = weights[..width].iter().zip(numbers).map(|(weight, number)| weight * number).sum();
        let probability = 1.0 / (1.0 + (-(sum + weights[width])).exp());
        let error = example.weight * (probability - f32::from(u8::from(example.is_positive)));
        slope.iter_mut().zip(numbers).for_each(|(slope, number)| *slope += error * number);
        slope[width] += error;
    }
    slope
}

/// The mean and the spread of each number of the vectors.
pub(super) struct Scale {
    mean: Vec<f32>,
    spread: Vec<f32>,
}

impl Scale {
    pub fn of(vectors: &[&[f32]], width: usize) -> Scale {
        let count = vectors.len() as f32;
        let column = |index: usize| vectors.iter().map(move |vector| vector[index]);
        let mean: Vec<f32> = (0..width).map(|index| column(index).sum::<f32>() / count).collect();
        let variance = |index: usize| column(index).map(|number| (number - mean[index]).powi(2)).sum::<f32>() / count;
        let spread = (0..width).map(|index| variance(index).sqrt().max(1e-6)).collect();
        Scale { mean, spread }
    }

    pub fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let scales = self.mean.iter().zip(&self.spread);
        vector.iter().zip(scales).map(|(number, (mean, spread))| (number - mean) / spread).collect()
    }

    /// The same head for vectors that were not scaled.
    pub fn undo(&self, weights: &[f32]) -> Head {
        let width = self.mean.len();
        let own: Vec<f32> = weights[..width].iter().zip(&self.spread).map(|(weight, spread)| weight / spread).collect();
        let shift: f32 = own.iter().zip(&self.mean).map(|(weight, mean)| weight * mean).sum();
        Head { bias: rounded(weights[width] - shift), weights: own.into_iter().map(rounded).collect() }
    }
}

/// To four decimals: more of them change no probability and double the file.
fn rounded(number: f32) -> f32 {
    (number * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe = Recipe { steps: 200, rate: 0.3, ridge: 1e-3 };

    #[test]
    fn what_can_be_told_apart_by_a_line_is() {
        let vectors: Vec<[f32; 2]> = (0..40).map(|index| [0.8 + index as f32 / 400.0, 0.5]).collect();
        let examples: Vec<Example<'_>> =
            vectors.iter().map(|vector| Example { vector, is_positive: vector[0] > 0.85, weight: 1.0 }).collect();
        let head = fit(&examples, RECIPE);
        for example in &examples {
            let probability = head.probability(example.vector);
            assert!((probability > 0.5) == example.is_positive || (example.vector[0] - 0.85).abs() < 0.004);
        }
        assert!(head.probability(&[0.8, 0.5]) < 0.1 && head.probability(&[0.9, 0.5]) > 0.9, "{head:?}");
    }

    #[test]
    fn nothing_to_learn_from_is_no_panic() {
        assert!(fit(&[], RECIPE).weights.is_empty());
    }
}
