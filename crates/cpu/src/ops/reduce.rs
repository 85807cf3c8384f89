//! reduce: one number for each row.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::reduce::{Reduction, reduce};
use graph::{Op, ops::ReduceKind};

pub const REDUCE: Kernel =
    Kernel { name: "reduce", accepts: |node| matches!(node.op, Op::Reduce(_)), run, ..Kernel::PLAIN };

fn run(call: &mut Call<'_>) {
    let reduction = match expect_op!(call, Reduce).kind {
        ReduceKind::Max => Reduction::Max,
        ReduceKind::Sum => Reduction::Sum,
        ReduceKind::Mean => Reduction::Mean,
        ReduceKind::LogSumExp => Reduction::LogSumExp,
    };
    reduce(call.cx, reduction, call.rows(0), call.out(0));
}
