//! median_filter: row by row.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::median_filter::{MAX_WIDTH, median_filter};
use graph::Op;

pub const MEDIAN_FILTER: Kernel = Kernel {
    name: "median_filter",
    accepts: |node| matches!(node.op, Op::MedianFilter(op) if op.width <= MAX_WIDTH),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let width = expect_op!(call, MedianFilter).width;
    let rows = call.out_rows(0);
    median_filter(call.cx, width, call.rows(0), rows);
}
