//! gather_elements: copies elements, byte by byte.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use graph::Op;

pub const GATHER_ELEMENTS: Kernel = Kernel {
    name: "gather_elements",
    accepts: |node| matches!(node.op, Op::GatherElements(_)),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let op = expect_op!(call, GatherElements);
    let (size, k) = (call.dtype(0).bytes(), call.dims(1)[1].max(1));
    let width = call.dims(0)[1] * size;
    let (from, ids) = (call.bytes(0), call.i32(1).chunks_exact(k));
    for (i, (out, ids)) in call.out_bytes(0).chunks_exact_mut(k * size).zip(ids).enumerate() {
        let row = if op.rows { call.i32(2)[i] as usize } else { i };
        let row = &from[row * width..][..width];
        for (out, id) in out.chunks_exact_mut(size).zip(ids) {
            out.copy_from_slice(&row[*id as usize * size..][..size]);
        }
    }
}
