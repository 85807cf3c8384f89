//! gather_elements: elements of rows by index, each row with indices of its own. Not gather, which takes whole rows.

use super::{OpDef, OpError, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// Element `ids[i, j]` of row `i` of `x[m, v]` for each place of `ids: i32[m, k]` (ONNX GatherElements, axis 1).
    /// With `rows`, of row `rows[i]` of `x[b, v]`, where `rows: i32[m]` is a third input: what a `gather` of those
    /// rows would be for, were it not to copy them.
    GatherElements = "gather_elements" {
        /// Whether `rows` is an input.
        rows: bool,
    }
}

impl OpDef for GatherElements {
    const CASES: &'static [&'static str] = &[
        "gather_elements f32[3, 37], i32[3, 16] {rows=false}",
        "gather_elements i32[2, 5], i32[2, 7] {rows=false}",
        "gather_elements f32[4, 37], i32[3, 6], i32[3] {rows=true}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        super::arity("gather_elements", inputs, 2 + usize::from(self.rows))?;
        let (x, ids) = (&inputs[0], &inputs[1]);
        require!(x.rank() == 2, "gather_elements: x is {x}, expected [m, v]");
        let paired = ids.rank() == 2 && (self.rows || ids.shape.0[0] == x.shape.0[0]);
        let rows = if self.rows { "m".to_owned() } else { x.shape.0[0].to_string() };
        let fits = ids.dtype == DType::I32 && paired;
        require!(fits, "gather_elements: the indices are {ids}, expected i32[{rows}, k]");
        if self.rows {
            let expected = TensorType::new(DType::I32, [ids.shape.0[0]]);
            super::expect("gather_elements: rows", &inputs[2], &expected)?;
        }
        Ok(vec![ids.with_dtype(x.dtype)])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let (values, width, k) = (inputs[0].to_f32(), inputs[0].dims[1], inputs[1].dims[1]);
        let element = |(at, id): (usize, &i32)| {
            let i = at / k;
            let row = if self.rows { inputs[2].as_i32()[i] as usize } else { i };
            values[row * width..][..width][*id as usize]
        };
        let out = inputs[1].as_i32().iter().enumerate().map(element).collect();
        vec![Tensor::from_f32(inputs[0].dtype(), &results[0].shape.as_fixed().unwrap_or_default(), out)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn eval(case: &str, inputs: &[&Tensor]) -> Vec<f32> {
        let (op, types) = text::parse_case(case).unwrap();
        op.eval(inputs, &op.infer(&types).unwrap())[0].to_f32()
    }

    #[test]
    fn each_row_is_asked_for_elements_of_its_own() {
        let x = Tensor::f32(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let ids = Tensor::i32(&[2, 2], vec![2, 0, 1, 1]);
        let got = eval("gather_elements f32[2, 3], i32[2, 2] {rows=false}", &[&x, &ids]);
        assert_eq!(got, [3.0, 1.0, 5.0, 5.0]);
        let rows = Tensor::i32(&[2], vec![1, 0]);
        let got = eval("gather_elements f32[2, 3], i32[2, 2], i32[2] {rows=true}", &[&x, &ids, &rows]);
        assert_eq!(got, [6.0, 4.0, 2.0, 2.0]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_numbers() {
        let refused = |case: &str| text::parse_case(case).unwrap_err().message;
        assert_eq!(
            refused("gather_elements f32[2, 3], i32[4, 2] {rows=false}"),
            "gather_elements: the indices are i32[4, 2], expected i32[2, k]"
        );
        assert_eq!(
            refused("gather_elements f32[2, 3], i32[4, 2], i32[2] {rows=true}"),
            "gather_elements: rows is i32[2], expected i32[4]"
        );
        assert_eq!(
            refused("gather_elements f32[6], i32[4, 2] {rows=false}"),
            "gather_elements: x is f32[6], expected [m, v]"
        );
    }
}
