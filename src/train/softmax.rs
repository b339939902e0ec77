//! Multinomial logistic regression over vectors: one head a class, which together make a probability.

use super::fit::{Recipe, Scale};
use crate::understand::heads::Head;

/// One vector with its class.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// The vector.
    pub vector: &'a [f32],
    /// The number of its class, below the number of classes.
    pub class: usize,
    /// How much it counts.
    pub weight: f32,
}

/// How much of the last step the next one keeps.
const MOMENTUM: f32 = 0.9;

/// Fits one head for each of `classes` classes. A class counts with the root of its weight, so that the rare ones are
/// heard and the common ones stay the likelier.
pub fn fit(examples: &[Example<'_>], classes: usize, recipe: Recipe) -> Vec<Head> {
    let Some(width) = examples.first().map(|example| example.vector.len()) else { return Vec::new() };
    let vectors: Vec<&[f32]> = examples.iter().map(|example| example.vector).collect();
    let scale = Scale::of(&vectors, width);
    let scaled: Vec<Vec<f32>> = vectors.iter().map(|vector| scale.apply(vector)).collect();
    let balanced = balanced(examples, classes);
    let total: f32 = balanced.iter().sum();
    let mut weights = vec![vec![0.0f32; width + 1]; classes];
    let mut speed = weights.clone();
    for _ in 0..recipe.steps {
        let slope = slope(examples, &scaled, &balanced, &weights);
        for ((weights, speed), slope) in weights.iter_mut().zip(&mut speed).zip(&slope) {
            for index in 0..=width {
                let ridge = if index < width { recipe.ridge * weights[index] } else { 0.0 };
                speed[index] = MOMENTUM * speed[index] - recipe.rate * (slope[index] / total + ridge);
                weights[index] += speed[index];
            }
        }
    }
    weights.iter().map(|weights| scale.undo(weights)).collect()
}

fn balanced(examples: &[Example<'_>], classes: usize) -> Vec<f32> {
    let mut sums = vec![0.0f32; classes];
    examples.iter().for_each(|example| sums[example.class] += example.weight);
    examples.iter().map(|example| example.weight / sums[example.class].sqrt()).collect()
}

/// In which direction the error grows, for each class; the last number is the bias's.
fn slope(examples: &[Example<'_>], scaled: &[Vec<f32>], balanced: &[f32], weights: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let width = weights.first().map_or(0, |weights| weights.len() - 1);
    let mut slope = vec![vec![0.0f32; width + 1]; weights.len()];
    for ((example, numbers), weight) in examples.iter().zip(scaled).zip(balanced) {
        let dot = |weights: &Vec<f32>| weights.iter().zip(numbers).map(|(a, b)| a * b).sum::<f32>() + weights[width];
        let sums: Vec<f32> = weights.iter().map(dot).collect();
        let highest = sums.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shares: Vec<f32> = sums.iter().map(|sum| (sum - highest).exp()).collect();
        let total: f32 = shares.iter().sum();
        for (class, (slope, share)) in slope.iter_mut().zip(shares).enumerate() {
            let error = weight * (share / total - f32::from(u8::from(class == example.class)));
            slope.iter_mut().zip(numbers).for_each(|(slope, number)| *slope += error * number);
            slope[width] += error;
        }
    }
    slope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_clouds_are_told_apart() {
        let centres = [[0.8f32, 0.5], [0.9, 0.5], [0.85, 0.6]];
        let near = |centre: [f32; 2], index: usize| [centre[0] + index as f32 / 1000.0, centre[1]];
        let vectors: Vec<(usize, [f32; 2])> =
            (0..30).map(|index| (index % 3, near(centres[index % 3], index / 3))).collect();
        let examples: Vec<Example<'_>> =
            vectors.iter().map(|(class, vector)| Example { vector, class: *class, weight: 1.0 }).collect();
        let heads = fit(&examples, 3, Recipe { steps: 200, rate: 0.3, ridge: 1e-3 });
        for (class, vector) in &vectors {
            let sums: Vec<f32> = heads.iter().map(|head| head.probability(vector)).collect();
            assert!(sums.iter().enumerate().all(|(other, sum)| other == *class || *sum < sums[*class]), "{sums:?}");
        }
    }

    #[test]
    fn nothing_to_learn_from_is_no_panic() {
        assert!(fit(&[], 3, Recipe { steps: 1, rate: 0.1, ridge: 0.0 }).is_empty());
    }
}
