//! cache_write: copies rows to their places in a state.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use graph::{DType, Op};

pub const CACHE_WRITE: Kernel = Kernel {
    name: "cache_write",
    accepts: |node| matches!(node.op, Op::CacheWrite(_)) && node.inputs[1].dtype == DType::F32,
    run,
    ..Kernel::PLAIN
};

fn run(call: &mut Call<'_>) {
    let placed = expect_op!(call, CacheWrite).placed;
    let [slots, places, width] = [call.dims(0)[0], call.dims(0)[1], call.dims(0)[2]];
    let (new, slot) = (call.f32(1), call.i32(2));
    let at = placed.then(|| call.i32(3));
    let state = call.out(0);
    for (i, row) in new.chunks_exact(width.max(1)).enumerate() {
        let slot = slot[if placed { i } else { 0 }] as usize;
        let place = at.map_or(i, |at| at[i] as usize);
        assert!(
            slot < slots && place < places,
            "place {place} of slot {slot} in a state of {slots} x {places}"
        );
        state[(slot * places + place) * width..][..width].copy_from_slice(row);
    }
}
