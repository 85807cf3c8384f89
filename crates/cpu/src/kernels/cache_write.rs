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
    /// Of f32.
    Wide(Rows<'a>),
    /// Of bfloat16.
    Narrow(NarrowRows<'a>),
}

impl NewRows<'_> {
    /// The count of rows, and the values of each.
    fn dims(&self) -> [usize; 2] {
        match self {
            NewRows::Wide(rows) => [rows.rows(), rows.cols()],
            NewRows::Narrow(rows) => [rows.rows(), rows.width() / 2],
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

/// Writes the rows to the bytes of a cache of f32, or of bfloat16 where it has half as many.
///
/// # Panics
/// When shapes don't fit, an index is out of range, or rows of bfloat16 meet a cache of f32.
pub fn cache_write(cx: Cx<'_>, args: &CacheWrite<'_>, cache: &mut [u8]) {
    let [slots, heads, positions, d] = args.cache;
    let [rows, cols] = args.new.dims();
    assert_eq!(cols, heads * d, "columns of a cache");
    let values = slots * heads * positions * d;
    let size = if cache.len() == 2 * values { 2 } else { size_of::<f32>() };
    assert_eq!(cache.len(), size * values, "bytes of a cache");
    assert!(size == 2 || matches!(args.new, NewRows::Wide(_)), "rows are narrower than the cache");
    let cache = Shared::new(cache);
    // Rows with places of their own are few, and nobody has seen that no two are the same.
    let work = if args.at.is_some() { 0 } else { rows * cols };
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
                    NewRows::Narrow(new) => to.copy_from_slice(&new.row(i)[2 * head * d..][..2 * d]),
                    NewRows::Wide(new) if size == 2 => narrow_row(&new.row(i)[head * d..][..d], to),
                    NewRows::Wide(new) => {
                        let row = &new.row(i)[head * d..][..d];
                        to.chunks_exact_mut(4)
                            .zip(row)
                            .for_each(|(to, x)| to.copy_from_slice(&x.to_ne_bytes()));
                    }
                }
            }
        }
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
        let rows = NewRows::Wide(Rows::new(&new, 5, heads * d));
        let rounded: Vec<u8> = new.iter().flat_map(|x| bf16::from_f32(*x).to_bits().to_ne_bytes()).collect();
        let rounded = NewRows::Narrow(NarrowRows::new(&rounded, 5, [2 * heads * d; 2]));
        let (slot, at) = ([1, 0, 1, 0, 1], [39, 0, 7, 8, 0]);
        let placed =
            CacheWrite { new: rows, cache: [slots, heads, positions, d], slot: &slot, at: Some(&at) };
        let in_turn = CacheWrite { slot: &[1], at: None, ..placed };
        on_every_path(|cx| {
            for args in [placed, in_turn] {
                let mut want = vec![f32::NAN; slots * heads * positions * d];
                for (i, row) in new.chunks(heads * d).enumerate() {
                    let (slot, at) =
                        if args.at.is_some() { (slot[i] as usize, at[i] as usize) } else { (1, i) };
                    for (head, row) in row.chunks(d).enumerate() {
                        want[((slot * heads + head) * positions + at) * d..][..d].copy_from_slice(row);
                    }
                }
                let wide: Vec<u8> = want.iter().flat_map(|x| x.to_ne_bytes()).collect();
                let narrow: Vec<u8> =
                    want.iter().flat_map(|x| bf16::from_f32(*x).to_bits().to_ne_bytes()).collect();
                for want in [wide, narrow] {
                    let size = want.len() / (slots * heads * positions * d);
                    let untouched = if size == 2 {
                        bf16::NAN.to_bits().to_ne_bytes().to_vec()
                    } else {
                        f32::NAN.to_ne_bytes().to_vec()
                    };
                    let mut got = untouched.repeat(want.len() / size);
                    cache_write(cx, &args, &mut got);
                    assert!(got == want, "{} bytes on {}", size, cx.isa);
                    if size == 2 {
                        let mut got = untouched.repeat(want.len() / size);
                        cache_write(cx, &CacheWrite { new: rounded, ..args }, &mut got);
                        assert!(got == want, "rounded rows on {}", cx.isa);
                    }
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
        cache_write(Cx { isa: crate::isa::Isa::Scalar, pool: &pool }, &args, &mut [0; 32]);
    }
}
