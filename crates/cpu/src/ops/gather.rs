//! gather: copies rows, byte by byte, from a table that may lie unaligned in the model.

use crate::kernel::{Call, Kernel};
use graph::Op;

pub const GATHER: Kernel =
    Kernel { name: "gather", accepts: |node| matches!(node.op, Op::Gather(_)), run, ..Kernel::PLAIN };

fn run(call: &mut Call<'_>) {
    let row: usize = call.dims(0)[1..].iter().product::<usize>() * call.dtype(0).bytes();
    let (table, ids) = (call.bytes(0), call.i32(1));
    for (out, id) in call.out_bytes(0).chunks_exact_mut(row.max(1)).zip(ids) {
        out.copy_from_slice(&table[*id as usize * row..][..row]);
    }
}
