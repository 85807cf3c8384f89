//! top_k: values and indices, the lower index first where values are equal.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::top_k::{MAX_K, Ranked, top_k};
use graph::Op;

pub const TOP_K: Kernel = Kernel {
    name: "top_k",
    accepts: |node| matches!(node.op, Op::TopK(op) if op.k <= MAX_K),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let k = expect_op!(call, TopK).k;
    let ranked = Ranked { values: call.out(0), indices: call.out_i32(1) };
    top_k(call.cx, call.rows(0), k, ranked);
}
