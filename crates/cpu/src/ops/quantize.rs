//! quantize: activations, row by row, as their readers' products take them.

use super::expect_op;
use crate::isa::Isa;
use crate::kernel::{Call, Kernel};
use crate::kernels::linear::pack::Elements;
use crate::kernels::quantize::{quantize, rotation_scratch};
use compiler::NodeView;
use graph::{DType, Op, ops};

pub const QUANTIZE: Kernel = Kernel { name: "quantize", accepts, scratch, run, ..Kernel::PLAIN };

fn accepts(node: &NodeView<'_>) -> bool {
    matches!(node.op, Op::Quantize(_)) && [DType::F32, DType::BF16].contains(&node.inputs[0].dtype)
}

fn scratch(_: Isa, threads: usize, node: &NodeView<'_>) -> usize {
    if !matches!(node.op, Op::Quantize(ops::Quantize { rotated: true, .. })) {
        return 0;
    }
    let x = node.inputs[0].shape.eval(node.largest).unwrap_or_default();
    rotation_scratch(threads, x.last().copied().unwrap_or_default())
}

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, Quantize);
    let (bytes, factors) = (call.out_bytes(0), call.out(1));
    let cols = call.dims(0).last().copied().unwrap_or_default();
    let x = match call.dtype(0) {
        DType::BF16 => Elements::Bf16(call.bf16(0)),
        _ => Elements::F32(call.f32(0)),
    };
    let scratch = op.rotated.then_some(&mut *call.scratch);
    quantize(call.cx, x, [cols, op.digits], (bytes, factors), scratch);
}
