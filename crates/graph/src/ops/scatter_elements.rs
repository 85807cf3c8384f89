//! scatter_elements: elements of rows replaced, each row's at indices of its own. Not cache_write, which is of a state.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// `x: f32[m, v]` with `new[i, j]` of `new: f32[m, k]` in the place of element `ids[i, j]` of row `i`, for each
    /// place of `ids: i32[m, k]`; of indices that come twice in a row the last one stands (ONNX ScatterElements,
    /// axis 1).
    ScatterElements = "scatter_elements" {}
}

impl OpDef for ScatterElements {
    const CASES: &'static [&'static str] = &[
        "scatter_elements f32[3, 37], i32[3, 6], f32[3, 6]",
        "scatter_elements f32[1, 5], i32[1, 9], f32[1, 9]",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("scatter_elements", inputs, 3)?;
        let (x, ids) = (&inputs[0], &inputs[1]);
        require!(x.dtype == DType::F32 && x.rank() == 2, "scatter_elements: x is {x}, expected f32[m, v]");
        let rows = x.shape.0[0];
        let fits = ids.dtype == DType::I32 && ids.rank() == 2 && ids.shape.0[0] == rows;
        require!(fits, "scatter_elements: the indices are {ids}, expected i32[{rows}, k]");
        super::expect("scatter_elements: new", &inputs[2], &ids.with_dtype(DType::F32))?;
        Ok(vec![x.clone()])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        let (mut out, width, k) = (inputs[0].as_f32().to_vec(), inputs[0].dims[1], inputs[1].dims[1]);
        for (at, (id, new)) in inputs[1].as_i32().iter().zip(inputs[2].as_f32()).enumerate() {
            out[at / k * width..][..width][*id as usize] = *new;
        }
        vec![Tensor::f32(&inputs[0].dims, out)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn each_row_has_its_own_elements_replaced() {
        let (op, types) = text::parse_case("scatter_elements f32[2, 3], i32[2, 2], f32[2, 2]").unwrap();
        let x = Tensor::f32(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let ids = Tensor::i32(&[2, 2], vec![2, 0, 1, 1]);
        let new = Tensor::f32(&[2, 2], vec![-1.0, -2.0, -3.0, -4.0]);
        let out = op.eval(&[&x, &ids, &new], &op.infer(&types).unwrap());
        assert_eq!(out[0].as_f32(), [-2.0, 2.0, -1.0, 4.0, -4.0, 6.0]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_numbers() {
        let refused = |case: &str| text::parse_case(case).unwrap_err().message;
        assert_eq!(
            refused("scatter_elements f32[2, 3], i32[3, 2], f32[3, 2]"),
            "scatter_elements: the indices are i32[3, 2], expected i32[2, k]"
        );
        assert_eq!(
            refused("scatter_elements f32[2, 3], i32[2, 2], f32[2, 1]"),
            "scatter_elements: new is f32[2, 1], expected f32[2, 2]"
        );
        assert_eq!(
            refused("scatter_elements i32[2, 3], i32[2, 2], f32[2, 2]"),
            "scatter_elements: x is i32[2, 3], expected f32[m, v]"
        );
    }
}
