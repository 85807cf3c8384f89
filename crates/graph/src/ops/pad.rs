//! pad: more elements at both ends of the first dimension. Not a convolution's own padding.

use super::{OpDef, OpError, arity, attr::word_attr, op, require};
use crate::{Tensor, TensorType};

word_attr! {
    /// What the added elements are.
    PadMode {
        /// Zeros.
        Zero = "zero",
        /// The elements mirrored at the border, which is not repeated.
        Reflect = "reflect",
    }
}

op! {
    /// The first dimension grown at both ends (ONNX Pad, modes constant and reflect). Reflection needs more
    /// elements than it adds at either end; at run time a shorter input is mirrored as far as it goes.
    Pad = "pad" {
        /// Elements added before the first.
        before: usize,
        /// Elements added after the last.
        after: usize,
        /// What they are.
        mode: PadMode,
    }
}

impl OpDef for Pad {
    const CASES: &'static [&'static str] = &[
        "pad f32[37] {before=5, after=0, mode=reflect}",
        "pad f32[37] {before=36, after=3, mode=reflect}",
        "pad f32[9, 4] {before=1, after=2, mode=zero}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("pad", inputs, 1)?;
        let mut result = inputs[0].clone();
        require!(result.rank() > 0, "pad: input is {result}, which has no dimension to grow");
        result.shape.0[0] = result.shape.0[0].plus(self.before + self.after);
        Ok(vec![result])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let x = inputs[0];
        let inner: usize = x.dims[1..].iter().product();
        let values = x.to_f32();
        let mut out = Vec::new();
        for i in 0..x.dims[0] + self.before + self.after {
            match source(i, self.before, x.dims[0], self.mode) {
                Some(from) => out.extend_from_slice(&values[from * inner..(from + 1) * inner]),
                None => out.resize(out.len() + inner, 0.0),
            }
        }
        vec![Tensor::from_f32(x.dtype(), &results[0].shape.as_fixed().unwrap_or_default(), out)]
    }
}

/// Which of `len` elements stands at place `i` of the padded dimension; `None` for a zero.
pub fn source(i: usize, before: usize, len: usize, mode: PadMode) -> Option<usize> {
    let place = i as isize - before as isize;
    if (0..len as isize).contains(&place) {
        return Some(place as usize);
    }
    match mode {
        PadMode::Zero => None,
        PadMode::Reflect => {
            let last = len as isize - 1;
            let mirrored = if place < 0 { -place } else { 2 * last - place };
            Some(mirrored.clamp(0, last.max(0)) as usize)
        }
    }
}
