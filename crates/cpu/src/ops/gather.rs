//! gather: copies rows, byte by byte, from a table that may lie unaligned in the model.

use crate::kernel::{Call, Kernel};
use crate::kernels::rows::Shared;
use graph::Op;

pub const GATHER: Kernel =
    Kernel { name: "gather", accepts: |node| matches!(node.op, Op::Gather(_)), run, ..Kernel::PLAIN };

fn run(call: &mut Call<'_>) {
    let elements = call.dims(0)[1..].iter().product::<usize>();
    let row = elements * call.dtype(0).bytes();
    let (table, ids, out) = (call.bytes(0), call.i32(1), Shared::new(call.out_bytes(0)));
    call.cx.split(ids.len(), ids.len() * elements, |part| {
        // SAFETY: the rows of parts don't overlap.
        let out = unsafe { out.slice(part.start * row, part.len() * row) };
        for (out, id) in out.chunks_exact_mut(row.max(1)).zip(&ids[part]) {
            out.copy_from_slice(&table[*id as usize * row..][..row]);
        }
    });
}
