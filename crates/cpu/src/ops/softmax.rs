//! softmax: row by row, over its own input where that is not needed afterwards.

use crate::kernel::{Call, Kernel};
use crate::kernels::rows::Input;
use crate::kernels::softmax::softmax;
use graph::Op;

pub const SOFTMAX: Kernel = Kernel {
    name: "softmax",
    accepts: |node| matches!(node.op, Op::Softmax(_)),
    in_place: |_| Some(0),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let input = if call.taken(0) { Input::InPlace } else { Input::Rows(call.rows(0)) };
    let rows = call.out_rows(0);
    softmax(call.cx, input, rows);
}
