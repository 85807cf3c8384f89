//! mask_spans: fills runs of columns, over its own input where that is not needed afterwards.

use crate::kernel::{Call, Kernel};
use graph::Op;

pub const MASK_SPANS: Kernel = Kernel {
    name: "mask_spans",
    accepts: |node| matches!(node.op, Op::MaskSpans(_)),
    in_place: |_| Some(0),
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let (columns, width, spans) = (call.dims(0)[1], call.dims(1)[1], call.i32(1));
    let out = call.out(0);
    if !call.taken(0) {
        out.copy_from_slice(call.f32(0));
    }
    for (row, spans) in out.chunks_exact_mut(columns.max(1)).zip(spans.chunks_exact(width.max(1))) {
        for span in spans.chunks_exact(2) {
            let (from, to) = (span[0].max(0) as usize, (span[1].max(0) as usize).min(columns));
            if from < to {
                row[from..to].fill(f32::NEG_INFINITY);
            }
        }
    }
}
