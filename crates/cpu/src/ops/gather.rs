//! gather: copies rows, byte by byte, from a table that may lie unaligned in the model.

use crate::kernel::{Call, Kernel};
use crate::kernels::rows::Shared;
use graph::Op;

pub const GATHER: Kernel =
    Kernel { name: "gather", accepts: |node| matches!(node.op, Op::Gather(_)), run, ..Kernel::PLAIN };

/// Bytes that a thread copies at once: a row may be as long as the vocabulary.
const PIECE: usize = 16 << 10;

fn run(call: &mut Call<'_>) {
    let elements = call.dims(0)[1..].iter().product::<usize>();
    let row = elements * call.dtype(0).bytes();
    let (table, ids, out) = (call.bytes(0), call.i32(1), Shared::new(call.out_bytes(0)));
    let pieces = row.div_ceil(PIECE);
    call.cx.split(ids.len() * pieces, ids.len() * elements, |part| {
        for piece in part {
            let (i, at) = (piece / pieces, piece % pieces * PIECE);
            let len = PIECE.min(row - at);
            // SAFETY: pieces don't overlap and each is in one part.
            let out = unsafe { out.slice(i * row + at, len) };
            out.copy_from_slice(&table[ids[i] as usize * row + at..][..len]);
        }
    });
}
