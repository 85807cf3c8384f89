//! cache_write: copies rows to their places in a state, narrowed where the state is narrower.

use super::expect_op;
use crate::kernel::{Call, Kernel};
use crate::kernels::cache_write::{CacheWrite, NewRows, cache_write};
use graph::{DType, Op};

pub const CACHE_WRITE: Kernel = Kernel {
    name: "cache_write",
    accepts: |node| matches!(node.op, Op::CacheWrite(_)) && is_kept(node.inputs[0].dtype),
    run,
    ..Kernel::PLAIN
};

/// Whether states are kept in this type.
pub(super) fn is_kept(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::BF16 | DType::I8)
}

fn run(call: &mut Call<'_>) {
    let placed = expect_op!(call, CacheWrite).placed;
    let &[slots, heads, positions, d] = call.dims(0) else { unreachable!("states have four dimensions") };
    let args = CacheWrite {
        new: match (call.dtype(0), call.dtype(1)) {
            (DType::BF16, DType::F32) => NewRows::Wide(call.rows(1)),
            _ => NewRows::Same(call.narrow_rows(1)),
        },
        cache: [slots, heads, positions, d],
        slot: call.i32(2),
        at: placed.then(|| call.i32(3)),
    };
    cache_write(call.cx, &args, call.out_bytes(0));
}
