//! median_filter: each element replaced by the median of its neighbours. Not a mean, and over one axis only.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// The median of the `width` elements around each, over the last axis of `x: f32[..., n]`. At the ends, elements
    /// are mirrored at the border, which is not repeated (scipy.ndimage.median_filter, mode mirror). Rows of
    /// `width / 2` elements and less stay as they are. Of a window that holds NaN, the result is one of its elements.
    MedianFilter = "median_filter" {
        /// How many elements a median is of; odd.
        width: usize,
    }
}

impl OpDef for MedianFilter {
    const CASES: &'static [&'static str] = &[
        "median_filter f32[3, 37] {width=7}",
        "median_filter f32[2, 3, 150] {width=7}",
        "median_filter f32[5, 4] {width=7}",
        "median_filter f32[5, 3] {width=7}",
        "median_filter f32[70] {width=3}",
        "median_filter f32[2, 21] {width=1}",
        "median_filter f32[2, 40] {width=15}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("median_filter", inputs, 1)?;
        let x = &inputs[0];
        require!(x.dtype == DType::F32 && x.rank() > 0, "median_filter: x is {x}, expected f32[..., n]");
        require!(self.width % 2 == 1, "median_filter: the width is {}, expected an odd number", self.width);
        Ok(vec![x.clone()])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        let x = inputs[0];
        let (n, half) = (x.dims[x.dims.len() - 1], self.width / 2);
        if n <= half {
            return vec![x.clone()];
        }
        let mut out = Vec::with_capacity(x.len());
        for row in x.as_f32().chunks(n) {
            out.extend((0..n).map(|i| {
                let mut window: Vec<f32> = (0..self.width).map(|j| row[mirrored(i + j, half, n)]).collect();
                window.sort_by(f32::total_cmp);
                window[half]
            }));
        }
        vec![Tensor::f32(&x.dims, out)]
    }
}

/// The place of element `i` of a row of `n > half` that was mirrored by `half` elements at either end.
fn mirrored(i: usize, half: usize, n: usize) -> usize {
    let at = i.abs_diff(half);
    if at < n { at } else { 2 * (n - 1) - at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn run(width: usize, row: &[f32]) -> Vec<f32> {
        let case = format!("median_filter f32[{}] {{width={width}}}", row.len());
        let (op, types) = text::parse_case(&case).unwrap();
        let x = Tensor::f32(&[row.len()], row.to_vec());
        op.eval(&[&x], &op.infer(&types).unwrap())[0].as_f32().to_vec()
    }

    /// Values of timing.py's `median_filter`.
    #[test]
    fn ends_are_mirrored() {
        let row = [5.0, 1.0, 4.0, 2.0, 8.0, 7.0, 3.0, 6.0, 0.0];
        assert_eq!(run(7, &row), [2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 6.0, 6.0, 6.0]);
        assert_eq!(run(3, &row), [1.0, 4.0, 2.0, 4.0, 7.0, 7.0, 6.0, 3.0, 6.0]);
        assert_eq!(run(7, &row[..4]), [2.0, 4.0, 2.0, 4.0]);
    }

    #[test]
    fn a_row_within_the_reach_of_a_mirror_stays() {
        assert_eq!(run(7, &[3.0, 1.0, 2.0]), [3.0, 1.0, 2.0]);
        assert_eq!(run(1, &[3.0, 1.0, 2.0]), [3.0, 1.0, 2.0]);
    }

    #[test]
    fn an_even_width_is_refused() {
        let error = text::parse_case("median_filter f32[9] {width=4}").unwrap_err();
        assert_eq!(error.message, "median_filter: the width is 4, expected an odd number");
    }
}
