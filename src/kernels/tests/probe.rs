//! Dot products of packed rows against those of the numbers themselves.

use proptest::prelude::*;

use crate::{Probe, dot_of_rows, pack};

fn packed(vector: &[f32]) -> (Vec<u8>, f32) {
    let mut row = Vec::new();
    let scale = pack(vector, &mut row);
    (row, scale)
}

proptest! {
    #[test]
    fn a_packed_row_is_as_near_as_the_row_itself(
        (one, other) in (1usize..500).prop_flat_map(|length| {
            let numbers = || prop::collection::vec(-1.0f32..1.0, length);
            (numbers(), numbers())
        })
    ) {
        let exact: f64 = one.iter().zip(&other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum();
        let (row, scale) = packed(&other);
        let dot = f64::from(Probe::new(&one).dot(&row, scale));
        // Each number is off by half a step at most.
        let most = one.iter().map(|number| f64::from(number.abs())).sum::<f64>() / 127.0 / 2.0 + one.len() as f64 / 2047.0;
        prop_assert!((dot - exact).abs() <= most, "{dot} instead of {exact}");
        let packed = packed(&one);
        let of_rows = f64::from(dot_of_rows((&packed.0, packed.1), (&row, scale)));
        prop_assert!((of_rows - exact).abs() <= 2.1 * most, "{of_rows} instead of {exact}");
    }
}

#[test]
fn a_vector_is_nearest_to_itself_and_of_its_length() {
    let vector: Vec<f32> = (0..384_u16).map(|at| (f32::from(at * 37 % 101) - 50.0) / 570.0).collect();
    let (row, scale) = packed(&vector);
    let length: f32 = vector.iter().map(|number| number * number).sum();
    assert!((Probe::new(&vector).dot(&row, scale) - length).abs() < 1e-3);
}

#[test]
fn nothing_and_what_is_no_number_come_to_nothing() {
    let (row, scale) = packed(&[0.0, -0.0, f32::NAN, f32::INFINITY]);
    assert_eq!((row.as_slice(), scale), ([0, 0, 0, 127].as_slice(), 1.0 / 127.0));
    assert_eq!(Probe::new(&[0.0; 4]).dot(&row, scale), 0.0);
    assert_eq!(Probe::new(&[f32::NAN; 4]).dot(&row, scale), 0.0);
}

#[test]
#[should_panic(expected = "as long as")]
fn a_row_of_another_length_is_refused() {
    let _ = Probe::new(&[1.0; 8]).dot(&[1; 7], 1.0);
}
