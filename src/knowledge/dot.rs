//! The one thing that is computed of two vectors everywhere.

/// The dot product, of what both have; eight sums side by side let the compiler use wide registers.
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (lefts, left) = left.as_chunks::<8>();
    let (rights, right) = right.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for (left, right) in lefts.iter().zip(rights) {
        for lane in 0..8 {
            sums[lane] += left[lane] * right[lane];
        }
    }
    sums.iter().sum::<f32>() + left.iter().zip(right).map(|(left, right)| left * right).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::dot;

    #[test]
    fn every_number_counts_whatever_the_length() {
        for length in 0..20_u8 {
            let numbers: Vec<f32> = (1..=length).map(f32::from).collect();
            let squares: f32 = numbers.iter().map(|number| number * number).sum();
            assert_eq!(dot(&numbers, &numbers), squares);
        }
    }
}
