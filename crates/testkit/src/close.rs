//! Compares tensors within a tolerance and says where they differ most. Not exact equality.

use graph::Tensor;

/// Checks that `got` is within `tolerance` of `expected`, relative to the larger of 1 and the element's size.
/// NaN is close to NaN, an infinity to itself.
///
/// # Errors
/// Says which element differs most, and by how much.
pub fn close(got: &Tensor, expected: &Tensor, tolerance: f32) -> Result<(), String> {
    if got.ty() != expected.ty() {
        return Err(format!("got {}, expected {}", got.ty(), expected.ty()));
    }
    let differences = got.to_f32().into_iter().zip(expected.to_f32()).map(|(a, b)| difference(a, b));
    let worst = differences.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    match worst {
        Some((i, worst)) if worst > tolerance => {
            let (a, b) = (got.to_f32()[i], expected.to_f32()[i]);
            Err(format!("element {i} of {} is {a}, expected {b} (relative {worst:.1e})", got.ty()))
        }
        _ => Ok(()),
    }
}

fn difference(a: f32, b: f32) -> f32 {
    if a == b || a.is_nan() && b.is_nan() {
        return 0.0;
    }
    let difference = (a - b).abs() / a.abs().max(b.abs()).max(1.0);
    if difference.is_nan() { f32::INFINITY } else { difference }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_and_nan_are_close_to_themselves_only() {
        let row = |v: &[f32]| Tensor::f32(&[v.len()], v.to_vec());
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        assert_eq!(close(&row(&[inf, nan, 1000.0]), &row(&[inf, nan, 1000.01]), 1e-4), Ok(()));
        for (a, b) in [(inf, -inf), (inf, 1.0), (nan, 1.0), (1.0, nan), (1.0, 1.001), (0.0, 0.001)] {
            assert!(close(&row(&[a]), &row(&[b]), 1e-4).is_err(), "{a} {b}");
        }
        let error = close(&row(&[1.0, 2.0]), &row(&[1.0, 3.0]), 1e-4).unwrap_err();
        assert_eq!(error, "element 1 of f32[2] is 2, expected 3 (relative 3.3e-1)");
    }
}
