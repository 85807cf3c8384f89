//! picked_linear: products with rows of a table that may lie unaligned in the model.

use crate::kernel::{Call, Kernel};
use crate::kernels::picked_linear::{Table, picked_linear};
use compiler::NodeView;
use graph::{DType, Op};
use half::{bf16, f16};

pub const PICKED_LINEAR: Kernel = Kernel { name: "picked_linear", accepts, run, ..Kernel::PLAIN };

fn accepts(node: &NodeView<'_>) -> bool {
    matches!(node.op, Op::PickedLinear(_))
}

fn run(call: &mut Call<'_>) {
    let (x, bytes, ids, out) = (call.rows(0), call.bytes(1), call.i32(2), call.out(0));
    match call.dtype(1) {
        DType::F16 => picked_linear(call.cx, x, Table::<f16>::new(bytes), ids, out),
        DType::BF16 => picked_linear(call.cx, x, Table::<bf16>::new(bytes), ids, out),
        _ => picked_linear(call.cx, x, Table::<f32>::new(bytes), ids, out),
    }
}
