//! cache_write: copies rows to their places in a state, narrowed where the state is narrower.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::narrow::narrow;
use graph::{DType, Op};

pub const CACHE_WRITE: Kernel = Kernel {
    name: "cache_write",
    accepts: |node| {
        matches!(node.op, Op::CacheWrite(_))
            && is_kept(node.inputs[0].dtype)
            && node.inputs[1].dtype == DType::F32
    },
    run,
    ..Kernel::PLAIN
};

/// Whether states are kept in this type.
pub(super) fn is_kept(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::BF16)
}

fn run(call: &mut Call<'_>) {
    let placed = expect_op!(call, CacheWrite).placed;
    let [slots, places, width] = [call.dims(0)[0], call.dims(0)[1], call.dims(0)[2]];
    let (new, slot) = (call.f32(1), call.i32(2));
    let at = placed.then(|| call.i32(3));
    let start = |i: usize| {
        let slot = slot[if placed { i } else { 0 }] as usize;
        let place = at.map_or(i, |at| at[i] as usize);
        assert!(
            slot < slots && place < places,
            "place {place} of slot {slot} in a state of {slots} x {places}"
        );
        (slot * places + place) * width
    };
    let rows = new.chunks_exact(width.max(1)).enumerate();
    if call.dtype(0) == DType::BF16 {
        let (cx, state) = (call.cx, call.out_bytes(0));
        return rows.for_each(|(i, row)| narrow(cx, row, &mut state[2 * start(i)..][..2 * width]));
    }
    let state = call.out(0);
    rows.for_each(|(i, row)| state[start(i)..][..width].copy_from_slice(row));
}
