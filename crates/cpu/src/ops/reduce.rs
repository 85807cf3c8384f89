//! reduce: one number for each row of one axis.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::reduce::{Reduction, reduce, reduce_columns};
use crate::kernels::rows::Rows;
use graph::{Op, ops::ReduceKind};

pub const REDUCE: Kernel =
    Kernel { name: "reduce", accepts: |node| matches!(node.op, Op::Reduce(_)), run, ..Kernel::PLAIN };

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, Reduce);
    let reduction = match op.kind {
        ReduceKind::Max => Reduction::Max,
        ReduceKind::Sum | ReduceKind::Mean => Reduction::Sum,
        ReduceKind::LogSumExp => Reduction::LogSumExp,
    };
    let (dims, out) = (call.dims(0), call.out(0));
    let place = op.place(dims.len()).expect("the types are checked");
    let (n, inner): (usize, usize) = (dims[place], dims[place + 1..].iter().product());
    if inner == 1 {
        reduce(call.cx, reduction, Rows::new(call.f32(0), out.len(), n), out);
    } else {
        reduce_columns(call.cx, reduction, Rows::new(call.f32(0), out.len() / inner.max(1) * n, inner), out);
    }
    if op.kind == ReduceKind::Mean {
        for sum in out {
            *sum /= n as f32;
        }
    }
}
