//! Groups vectors whose mean cosine is high: average linkage, from the nearest pair up.
//!
//! Pure. Average linkage, because a chain of wordings each a little like the next must not tie unlike ones together.

use crate::knowledge::dot::dot;

/// A group while it grows.
struct Cluster {
    members: Vec<usize>,
    sum: Vec<f32>,
    /// The most alike of the others, and how alike.
    nearest: Option<(usize, f32)>,
}

/// The groups of vectors of length one whose mean cosine is at least `threshold`. Each vector is in exactly one group;
/// members are ascending and groups are ordered by their first member.
pub fn group(vectors: &[Vec<f32>], threshold: f32) -> Vec<Vec<usize>> {
    let mut clusters: Vec<Option<Cluster>> = vectors
        .iter()
        .enumerate()
        .map(|(index, vector)| Some(Cluster { members: vec![index], sum: vector.clone(), nearest: None }))
        .collect();
    for index in 0..clusters.len() {
        find_nearest(&mut clusters, index);
    }
    while let Some((one, other)) = most_alike(&clusters, threshold) {
        merge(&mut clusters, one, other);
    }
    let mut groups: Vec<Vec<usize>> = clusters.into_iter().flatten().map(|cluster| cluster.members).collect();
    groups.iter_mut().for_each(|members| members.sort_unstable());
    groups.sort_unstable();
    groups
}

/// The mean cosine between the members of two groups.
fn likeness(one: &Cluster, other: &Cluster) -> f32 {
    dot(&one.sum, &other.sum) / (one.members.len() * other.members.len()) as f32
}

fn find_nearest(clusters: &mut [Option<Cluster>], index: usize) {
    let Some(cluster) = &clusters[index] else { return };
    let mut nearest: Option<(usize, f32)> = None;
    for (other, candidate) in clusters.iter().enumerate().filter(|(other, _)| *other != index) {
        let Some(candidate) = candidate else { continue };
        let likeness = likeness(cluster, candidate);
        if nearest.is_none_or(|(_, best)| likeness > best) {
            nearest = Some((other, likeness));
        }
    }
    if let Some(cluster) = &mut clusters[index] {
        cluster.nearest = nearest;
    }
}

fn most_alike(clusters: &[Option<Cluster>], threshold: f32) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize, f32)> = None;
    for (index, cluster) in clusters.iter().enumerate() {
        let Some((other, likeness)) = cluster.as_ref().and_then(|cluster| cluster.nearest) else { continue };
        if likeness >= threshold && best.is_none_or(|(_, _, known)| likeness > known) {
            best = Some((index, other, likeness));
        }
    }
    best.map(|(one, other, _)| (one, other))
}

fn merge(clusters: &mut [Option<Cluster>], one: usize, other: usize) {
    let Some(gone) = clusters[other].take() else { return };
    if let Some(cluster) = &mut clusters[one] {
        cluster.members.extend(gone.members);
        cluster.sum.iter_mut().zip(&gone.sum).for_each(|(sum, number)| *sum += number);
    }
    // A merged group is never nearer to a third than the nearer of its halves was: only who pointed here looks anew.
    let is_stale = |cluster: &Cluster| cluster.nearest.is_some_and(|(nearest, _)| nearest == one || nearest == other);
    let stale: Vec<usize> =
        (0..clusters.len()).filter(|index| *index == one || clusters[*index].as_ref().is_some_and(is_stale)).collect();
    for index in stale {
        find_nearest(clusters, index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(degrees: f32) -> Vec<f32> {
        vec![degrees.to_radians().cos(), degrees.to_radians().sin()]
    }

    #[test]
    fn what_is_alike_is_together_and_what_is_not_stays_alone() {
        let vectors = [at(0.0), at(90.0), at(5.0), at(92.0), at(180.0)];
        assert_eq!(group(&vectors, 0.9), [vec![0, 2], vec![1, 3], vec![4]]);
        assert_eq!(group(&[], 0.9), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn a_chain_does_not_tie_its_ends_together() {
        let chain: Vec<Vec<f32>> = (0..10).map(|step| at(step as f32 * 12.0)).collect();
        let groups = group(&chain, 0.95);
        assert!(groups.len() >= 3, "{groups:?}");
        assert!(groups.iter().all(|members| members.len() <= 4), "{groups:?}");
    }

    proptest! {
        #[test]
        fn every_vector_is_in_one_group_and_no_two_groups_could_still_be_joined(
            degrees in prop::collection::vec(0.0f32..360.0, 0..24), threshold in 0.3f32..0.99
        ) {
            let vectors: Vec<Vec<f32>> = degrees.into_iter().map(at).collect();
            let groups = group(&vectors, threshold);
            let mut seen: Vec<usize> = groups.iter().flatten().copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..vectors.len()).collect::<Vec<_>>());
            for (index, one) in groups.iter().enumerate() {
                for other in &groups[index + 1..] {
                    let pairs = one.iter().flat_map(|a| other.iter().map(|b| dot(&vectors[*a], &vectors[*b])));
                    prop_assert!(pairs.sum::<f32>() / ((one.len() * other.len()) as f32) < threshold + 1e-4);
                }
            }
        }
    }
}
