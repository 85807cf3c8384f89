//! Rows into their places in a cache, each head's columns to the places of that head. Not a copy of the cache.

use super::Cx;
use super::linear::groups::NarrowRows;
use super::narrow::narrow_row;
use super::rows::{Rows, Shared};
use crate::simd::{Body, Simd, dispatch};
use std::ops::Range;

/// Rows as they come.
#[derive(Debug, Clone, Copy)]
pub enum NewRows<'a> {
    /// Of the cache's own elements.
    Same(NarrowRows<'a>),
    /// Of f32, for a cache of bfloat16.
    Wide(Rows<'a>),
}

impl NewRows<'_> {
    /// The count of rows, and the bytes of each in the cache.
    fn dims(&self) -> [usize; 2] {
        match self {
            NewRows::Same(rows) => [rows.rows(), rows.width()],
            NewRows::Wide(rows) => [rows.rows(), 2 * rows.cols()],
        }
    }
}

/// Rows, and where they go.
#[derive(Debug, Clone, Copy)]
pub struct CacheWrite<'a> {
    /// `[n, heads * d]`.
    pub new: NewRows<'a>,
    /// Slots, heads, positions and columns of a head: the cache.
    pub cache: [usize; 4],
    /// `[n]`: the slot of each row; of the first alone, where there are no places.
    pub slot: &'a [i32],
    /// `[n]`: the place of each row; in turn from 0, where absent.
    pub at: Option<&'a [i32]>,
}

impl CacheWrite<'_> {
    /// The slot and the place of row `i`.
    fn place(&self, i: usize) -> [usize; 2] {
        let (slot, at) = self.at.map_or((self.slot[0], i), |at| (self.slot[i], at[i] as usize));
        let [slots, _, positions, _] = self.cache;
        let slot = slot as usize;
        let fits = slot < slots && at < positions;
        assert!(fits, "place {at} of slot {slot} in a state of {slots} x {positions}");
        [slot, at]
    }
}

/// Writes the rows to the bytes of a cache.
///
/// # Panics
/// When shapes don't fit or an index is out of range.
pub fn cache_write(cx: Cx<'_>, args: &CacheWrite<'_>, cache: &mut [u8]) {
    let [slots, heads, positions, d] = args.cache;
    let [rows, width] = args.new.dims();
    assert_eq!(cache.len(), slots * positions * width, "bytes of a cache");
    let size = width / (heads * d).max(1);
    assert_eq!(width, size * heads * d, "columns of a cache");
    let cache = Shared::new(cache);
    // Rows with places of their own are few, and nobody has seen that no two are the same.
    let work = if args.at.is_some() { 0 } else { rows * heads * d };
    cx.split(rows, work, |rows| dispatch(cx.isa, Write { args, rows, size, cache }));
}

/// Some rows.
struct Write<'a, 'c> {
    args: &'a CacheWrite<'a>,
    rows: Range<usize>,
    /// Bytes of a value.
    size: usize,
    cache: Shared<'c, u8>,
}

impl Body for Write<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Write { args, rows, size, cache } = self;
        let [_, heads, positions, d] = args.cache;
        for i in rows {
            let [slot, at] = args.place(i);
            for head in 0..heads {
                let start = ((slot * heads + head) * positions + at) * d;
                // SAFETY: rows in turn have places of their own, and others are written by one thread.
                let to = unsafe { cache.slice(size * start, size * d) };
                match args.new {
                    NewRows::Same(new) => copy(&new.row(i)[size * head * d..][..size * d], to),
                    NewRows::Wide(new) => narrow_row(&new.row(i)[head * d..][..d], to),
                }
            }
        }
    }
}

/// Copies a head of a row, of the sizes that are frequent without a call: a factor, and the bytes of 64 columns.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        4 => to[..4].copy_from_slice(&from[..4]),
        64 => to[..64].copy_from_slice(&from[..64]),
        _ => to.copy_from_slice(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{noise, on_every_path};
    use half::bf16;

    #[test]
    fn each_head_of_a_row_goes_to_its_place_and_nothing_else_changes() {
        let [slots, heads, positions, d] = [2, 3, 40, 20];
        let new = noise(1, 5 * heads * d);
        let wide: Vec<u8> = new.iter().flat_map(|x| x.to_ne_bytes()).collect();
        let rounded: Vec<u8> = new.iter().flat_map(|x| bf16::from_f32(*x).to_bits().to_ne_bytes()).collect();
        let same = |rows, size| NewRows::Same(NarrowRows::new(rows, 5, [size * heads * d; 2]));
        let (slot, at) = ([1, 0, 1, 0, 1], [39, 0, 7, 8, 0]);
        let in_turn = [[1, 0], [1, 1], [1, 2], [1, 3], [1, 4]];
        let placed: [[usize; 2]; 5] = std::array::from_fn(|i| [slot[i] as usize, at[i] as usize]);
        on_every_path(|cx| {
            for (new, rows, size) in [
                (same(&wide, 4), &wide, 4),
                (same(&rounded, 2), &rounded, 2),
                (NewRows::Wide(Rows::new(&new, 5, heads * d)), &rounded, 2),
                (same(&wide, 1), &wide, 1),
            ] {
                let args =
                    CacheWrite { new, cache: [slots, heads, positions, d], slot: &slot, at: Some(&at) };
                for (args, places) in [(args, placed), (CacheWrite { slot: &[1], at: None, ..args }, in_turn)]
                {
                    let mut got = vec![0xa5; slots * heads * positions * d * size];
                    let mut want = got.clone();
                    for (row, [slot, at]) in rows.chunks(size * heads * d).zip(places) {
                        for (head, row) in row.chunks(size * d).enumerate() {
                            let start = ((slot * heads + head) * positions + at) * d * size;
                            want[start..start + size * d].copy_from_slice(row);
                        }
                    }
                    cache_write(cx, &args, &mut got);
                    assert!(got == want, "{new:?} on {}", cx.isa);
                }
            }
        });
    }

    #[test]
    #[should_panic(expected = "place 2 of slot 0 in a state of 1 x 2")]
    fn a_place_out_of_range_is_refused() {
        let args = CacheWrite {
            new: NewRows::Wide(Rows::new(&[0.0; 4], 1, 4)),
            cache: [1, 2, 2, 2],
            slot: &[0],
            at: Some(&[2]),
        };
        let pool = crate::pool::Pool::new(1);
        cache_write(Cx { isa: crate::isa::Isa::Scalar, pool: &pool }, &args, &mut [0; 16]);
    }
}
