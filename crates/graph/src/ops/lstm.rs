//! lstm: the recurrence of a long short-term memory. Not its input's product: that is a linear layer over all steps.

use super::{OpDef, OpError, arity, expect, op, require};
use crate::{DType, Dim, Tensor, TensorType};

op! {
    /// A long short-term memory over `t` steps (ONNX LSTM, one direction, batch 1, default activations, without
    /// peepholes). `x: f32[t, 4*h]` holds each step's gates before activation, as far as input and biases go
    /// (`W x + Wb + Rb`), `r: f32[4*h, h]` the recurrence weights, `hidden: f32[h]` and `cell: f32[h]` the state
    /// before the first step. The gates are blocks of `h` in the order input, forget, cell, output (PyTorch's; ONNX
    /// has input, output, forget, cell). Each step: `i, f, g, o = x + r hidden`,
    /// `cell = sigmoid(f) * cell + sigmoid(i) * tanh(g)`, `hidden = sigmoid(o) * tanh(cell)`. The results are
    /// `hidden` after each step, `f32[t, h]`, then `hidden` and `cell` after the last, `f32[h]` each.
    Lstm = "lstm" {}
}

impl OpDef for Lstm {
    const CASES: &'static [&'static str] = &[
        "lstm f32[7, 512], f32[512, 128], f32[128], f32[128]",
        "lstm f32[1, 64], f32[64, 16], f32[16], f32[16]",
        "lstm f32[5, 20], f32[20, 5], f32[5], f32[5]",
        "lstm f32[3, 1200], f32[1200, 300], f32[300], f32[300]",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("lstm", inputs, 4)?;
        let (x, r) = (&inputs[0], &inputs[1]);
        let h = if r.rank() == 2 { r.shape.0[1].as_fixed().unwrap_or(0) } else { 0 };
        let fits = r.dtype == DType::F32 && h > 0 && r.shape.0[0].as_fixed() == h.checked_mul(4);
        require!(fits, "lstm: r is {r}, expected f32[4*h, h] of constant sizes");
        let fits = x.dtype == DType::F32 && x.rank() == 2 && x.shape.0[1] == r.shape.0[0];
        require!(fits, "lstm: x is {x}, expected f32[t, {}] for r of {r}", 4 * h);
        let state = TensorType::fixed(DType::F32, &[h]);
        expect("lstm: the hidden state", &inputs[2], &state)?;
        expect("lstm: the cell state", &inputs[3], &state)?;
        Ok(vec![TensorType::new(DType::F32, [x.shape.0[0], Dim::fixed(h)]), state.clone(), state])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let (x, r) = (inputs[0].as_f32(), inputs[1].as_f32());
        let (mut hidden, mut cell) = (inputs[2].as_f32().to_vec(), inputs[3].as_f32().to_vec());
        let h = hidden.len();
        let sigmoid = |a: f32| 1.0 / (1.0 + (-a).exp());
        let mut all = Vec::with_capacity(x.len() / 4);
        for x in x.chunks(4 * h) {
            let recurrent = |row: &[f32]| row.iter().zip(&hidden).map(|(w, y)| w * y).sum::<f32>();
            let gates: Vec<f32> = x.iter().zip(r.chunks(h)).map(|(x, row)| x + recurrent(row)).collect();
            for j in 0..h {
                let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates[gate * h + j]);
                cell[j] = sigmoid(f) * cell[j] + sigmoid(i) * g.tanh();
                hidden[j] = sigmoid(o) * cell[j].tanh();
            }
            all.extend_from_slice(&hidden);
        }
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        vec![Tensor::f32(&dims, all), Tensor::f32(&[h], hidden), Tensor::f32(&[h], cell)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    /// Gates far out are open or shut, so each step can be worked out by hand.
    #[test]
    fn gates_stand_in_the_order_input_forget_cell_output() {
        let (op, types) = text::parse_case("lstm f32[3, 4], f32[4, 1], f32[1], f32[1]").unwrap();
        let (open, shut, g) = (50.0, -50.0, 0.5);
        let x = vec![
            open, shut, g, open, // writes tanh(g), forgets 0.75, shows it
            shut, open, g, shut, // keeps the cell, shows nothing
            open, open, g, open, // adds tanh(g) once more
        ];
        let inputs = [
            Tensor::f32(&[3, 4], x),
            Tensor::f32(&[4, 1], vec![0.0; 4]),
            Tensor::f32(&[1], vec![0.25]),
            Tensor::f32(&[1], vec![0.75]),
        ];
        let out = op.eval(&inputs.iter().collect::<Vec<_>>(), &op.infer(&types).unwrap());
        let t = 0.5f32.tanh();
        let expected = [t.tanh(), 0.0, (2.0 * t).tanh()];
        for (got, expected) in out[0].as_f32().iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got}, expected {expected}");
        }
        assert_eq!(out[1].as_f32(), &out[0].as_f32()[2..]);
        assert!((out[2].as_f32()[0] - 2.0 * t).abs() < 1e-6);
    }

    /// The hidden state reaches the next step's gates through its own row of weights.
    #[test]
    fn the_hidden_state_comes_back_through_the_weights() {
        let (op, types) = text::parse_case("lstm f32[1, 8], f32[8, 2], f32[2], f32[2]").unwrap();
        let mut r = vec![0.0; 16];
        r[4 * 2] = 3.0; // Cell gate of unit 0, from unit 0.
        r[5 * 2] = 7.0; // Cell gate of unit 1, from unit 0.
        let x = [50.0, 50.0, -50.0, -50.0, 0.0, 0.0, 50.0, 50.0];
        let inputs = [
            Tensor::f32(&[1, 8], x.to_vec()),
            Tensor::f32(&[8, 2], r),
            Tensor::f32(&[2], vec![0.1, 0.9]),
            Tensor::f32(&[2], vec![0.0, 0.0]),
        ];
        let out = op.eval(&inputs.iter().collect::<Vec<_>>(), &op.infer(&types).unwrap());
        let cell = out[2].as_f32();
        assert!((cell[0] - 0.3f32.tanh()).abs() < 1e-6 && (cell[1] - 0.7f32.tanh()).abs() < 1e-6, "{cell:?}");
    }

    #[test]
    fn misfits_are_named_with_their_sizes() {
        let refusal = |sizes: [&[usize]; 4]| {
            let types = sizes.map(|dims| TensorType::fixed(DType::F32, dims));
            Lstm {}.infer(&types).unwrap_err().to_string()
        };
        assert_eq!(
            refusal([&[3, 8], &[9, 2], &[2], &[2]]),
            "lstm: r is f32[9, 2], expected f32[4*h, h] of constant sizes"
        );
        assert_eq!(
            refusal([&[3, 7], &[8, 2], &[2], &[2]]),
            "lstm: x is f32[3, 7], expected f32[t, 8] for r of f32[8, 2]"
        );
        assert_eq!(
            refusal([&[3, 8], &[8, 2], &[2], &[3]]),
            "lstm: the cell state is f32[3], expected f32[2]"
        );
    }
}
