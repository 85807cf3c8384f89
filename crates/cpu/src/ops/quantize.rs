//! quantize: activations, row by row, as their readers' products take them.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::quantize::quantize;
use compiler::NodeView;
use graph::{DType, Op};

pub const QUANTIZE: Kernel = Kernel { name: "quantize", accepts, run, ..Kernel::PLAIN };

fn accepts(node: &NodeView<'_>) -> bool {
    matches!(node.op, Op::Quantize(_)) && node.inputs[0].dtype == DType::F32
}

fn run(call: &mut Call<'_>) {
    let digits = expect_op!(call, Quantize).digits;
    let (bytes, factors) = (call.out_bytes(0), call.out(1));
    quantize(call.cx, call.f32(0), [call.rows(0).cols(), digits], (bytes, factors));
}
