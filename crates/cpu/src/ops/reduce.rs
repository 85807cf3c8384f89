//! reduce: one number for each row.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::reduce::{Reduction, reduce};
use graph::{Op, ops::ReduceKind};

pub const REDUCE: Kernel =
    Kernel { name: "reduce", accepts: |node| matches!(node.op, Op::Reduce(_)), run, ..Kernel::PLAIN };

fn run(call: &mut Call<'_>) {
    let kind = expect_op!(call, Reduce).kind;
    let reduction = match kind {
        ReduceKind::Max => Reduction::Max,
        ReduceKind::Sum | ReduceKind::Mean => Reduction::Sum,
        ReduceKind::LogSumExp => Reduction::LogSumExp,
    };
    let (x, out) = (call.rows(0), call.out(0));
    reduce(call.cx, reduction, x, out);
    if kind == ReduceKind::Mean {
        for sum in out {
            *sum /= x.cols() as f32;
        }
    }
}
