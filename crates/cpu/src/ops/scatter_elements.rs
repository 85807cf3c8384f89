//! scatter_elements: replaces elements, in its own input where that is not needed afterwards.

use crate::kernel::{Call, Kernel};
use graph::Op;

pub const SCATTER_ELEMENTS: Kernel = Kernel {
    name: "scatter_elements",
    accepts: |node| matches!(node.op, Op::ScatterElements(_)),
    in_place: |_| Some(0),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let (width, k) = (call.dims(0)[1].max(1), call.dims(1)[1].max(1));
    let (ids, new, out) = (call.i32(1).chunks_exact(k), call.f32(2).chunks_exact(k), call.out(0));
    if !call.taken(0) {
        out.copy_from_slice(call.f32(0));
    }
    for (row, (ids, new)) in out.chunks_exact_mut(width).zip(ids.zip(new)) {
        for (id, new) in ids.iter().zip(new) {
            row[*id as usize] = *new;
        }
    }
}
