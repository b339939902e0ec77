//! Which token comes next, and how probable things are. Greedy: there is no chance in it.

/// The most probable token, the first at a draw, with the natural logarithm of its probability; nothing when the
/// logits are not numbers.
pub fn greedy(logits: &[f32]) -> Option<(u32, f32)> {
    let mut best = (0, f32::NEG_INFINITY);
    for (id, &logit) in (0u32..).zip(logits) {
        if logit > best.1 {
            best = (id, logit);
        }
    }
    let (id, logit) = best;
    let probability = logit - log_sum_exp(logits);
    probability.is_finite().then_some((id, probability))
}

/// The natural logarithm of the probability of a token; negative infinity when there is none such.
pub fn log_probability(logits: &[f32], id: u32) -> f32 {
    logits.get(id as usize).map_or(f32::NEG_INFINITY, |logit| logit - log_sum_exp(logits))
}

/// The logarithm of the sum of what `values` are the logarithms of.
pub(super) fn log_sum_exp(values: &[f32]) -> f32 {
    atiende_kernels::log_sum_exp(values)
}

/// Probabilities that sum to 1 from logarithms of shares; alike when all are impossible.
pub(super) fn normalise(log_shares: &[f32]) -> Vec<f32> {
    let total = log_sum_exp(log_shares);
    if !total.is_finite() {
        #[expect(clippy::cast_precision_loss, reason = "there are a few options")]
        return vec![1.0 / log_shares.len() as f32; log_shares.len()];
    }
    log_shares.iter().map(|share| (share - total).exp()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{greedy, log_probability, log_sum_exp, normalise};

    #[test]
    fn the_largest_logit_wins_and_its_probability_is_told() {
        let (id, log_probability) = greedy(&[0.0, 2f32.ln(), 0.0]).unwrap();
        assert_eq!(id, 1);
        assert!((log_probability.exp() - 0.5).abs() < 1e-6);
        assert_eq!(greedy(&[1.0, 1.0]).unwrap().0, 0);
    }

    #[test]
    fn logits_that_are_no_numbers_give_no_token() {
        assert_eq!(greedy(&[f32::NAN, f32::NAN]), None);
        assert_eq!(greedy(&[1.0, f32::NAN]), None);
        assert_eq!(greedy(&[f32::NEG_INFINITY]), None);
        assert_eq!(greedy(&[]), None);
    }

    #[test]
    fn a_token_that_does_not_exist_is_impossible() {
        assert_eq!(log_probability(&[0.0], 7), f32::NEG_INFINITY);
        assert_eq!(normalise(&[f32::NEG_INFINITY, f32::NEG_INFINITY]), [0.5, 0.5]);
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one(logits in prop::collection::vec(-80f32..80f32, 2..50)) {
            let sum: f32 = normalise(&logits).iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-4);
            prop_assert!(log_sum_exp(&logits) >= logits.iter().copied().fold(f32::MIN, f32::max));
        }
    }
}
