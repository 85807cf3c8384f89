//! Matrix products with packed weights, and what follows them: every linear layer, convolution and vocabulary
//! product. Not attention, which has its own kernels over the same tile.
//!
//! One tile serves any count of rows, so the law of order holds by construction: each output is a sum of chains
//! `acc = fma(x[i], w[i], acc)` from 0, cut at the same products whatever the rows. What varies is the cut. Many rows: threads split the
//! rows, and each takes blocks of rows that fit the second-level cache past each panel. Few rows: threads split
//! the panels, and weights stream through once.

mod finish;
pub mod groups;
pub mod narrow;
mod nibbles;
pub mod pack;
mod stored;
pub(crate) mod tile;

use std::ops::Range;

use half::{bf16, f16};

use super::rows::{Beside, Rows, RowsMut};
use super::scratch::{Shares, scratch_len};
use super::{Cx, cut};
use crate::isa::Isa;
use crate::simd::{Body, Simd, dispatch};
pub use finish::{Activation, Epilogue, Factors, Residual};
use finish::{Place, finish};
use pack::{Element, Elements, Panels, panel_width};
pub use stored::Stored;
use tile::{MAX_TILE, block_len, fill_block, tile};

/// Bytes of rows that are kept at hand while panels pass: half of a second-level cache of 1 MiB.
const BLOCK_BYTES: usize = 512 << 10;

/// The f32 values of scratch that [`linear`] needs for `rows` rows of `k` products on `threads` threads.
pub fn linear_scratch(isa: Isa, threads: usize, rows: usize, k: usize) -> usize {
    scratch_len(threads, share(isa, rows, k))
}

/// The f32 values of a block of rows.
fn share(isa: Isa, rows: usize, k: usize) -> usize {
    let tile_rows = tile_rows(isa);
    let tiles = rows.div_ceil(tile_rows).min(block_tiles(tile_rows, k));
    block_len((tiles * tile_rows).min(rows), k)
}

/// `out = epilogue(x * weights)`: `x` is `[rows, k]`, `out` `[rows, n]`.
///
/// `scratch` holds [`linear_scratch`] values or more, of any content.
///
/// # Panics
/// When shapes don't fit, the scratch is short or the weights are packed for another path.
pub fn linear<T: Stored>(
    cx: Cx<'_>,
    x: Rows<'_>,
    weights: Panels<'_>,
    epilogue: &Epilogue<'_>,
    out: Out<'_, '_, T>,
) {
    let Out { rows, scratch } = out;
    linear_in_parts(cx, x, weights, epilogue, (&mut [rows], scratch));
}

/// [`linear`] whose columns are cut into `out`, as many for each.
///
/// # Panics
/// As [`linear`], and when one of several is not whole panels.
pub fn linear_in_parts<T: Stored>(
    cx: Cx<'_>,
    x: Rows<'_>,
    weights: Panels<'_>,
    epilogue: &Epilogue<'_>,
    (out, scratch): (&mut [RowsMut<'_, T>], &mut [f32]),
) {
    assert_eq!(weights.isa(), cx.isa, "weights are packed for another path");
    let [rows, n] = [out[0].rows(), out.iter().map(RowsMut::cols).sum()];
    assert_eq!((x.cols(), x.rows(), weights.n()), (weights.k(), rows, n), "shapes of a product");
    assert!(out.len() == 1 || out[0].cols().is_multiple_of(panel_width(cx.isa)), "parts of panels");
    assert!(epilogue.bias.is_none_or(|b| b.len() == n), "a bias of another length");
    if let Residual::Rows(r) = epilogue.residual {
        assert_eq!((r.rows(), r.cols()), (rows, n), "a residual of another shape");
    }
    if x.rows() == 0 || weights.n() == 0 {
        return;
    }
    let threads = cx.pool.threads();
    let tiles = x.rows().div_ceil(tile_rows(cx.isa));
    let panels = weights.n().div_ceil(panel_width(cx.isa));
    let bytes = weights.elements().kind().bytes() * weights.n() * weights.k();
    let cuts = Cuts::new(threads, [tiles, block_tiles(tile_rows(cx.isa), x.cols())], [panels, bytes]);
    let scratch = Shares::new(scratch, threads, share(cx.isa, x.rows(), x.cols()));
    let out = Beside::new(out);
    cx.pool.run_on(cuts.parts, &|thread, part| {
        let [tiles, panels] = cuts.part(part);
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        dispatch(cx.isa, Part { x, weights, epilogue, out, tiles, panels, scratch });
    });
}

/// How the tiles of rows and the panels of weights of a product are cut into parts. Many rows: a part is a block, and threads
/// have the same count of them. Few: a part is some panels.
struct Cuts {
    by_rows: bool,
    parts: usize,
    tiles: usize,
    panels: usize,
}

impl Cuts {
    /// Cuts of so many tiles, of which a block has so many, and of panels of `bytes` in all.
    fn new(threads: usize, [tiles, of_block]: [usize; 2], [panels, bytes]: [usize; 2]) -> Self {
        let by_rows = tiles >= 4 * threads;
        let parts = if by_rows {
            tiles.div_ceil(of_block).next_multiple_of(threads).min(tiles)
        } else {
            panels.min(parts_of_weights(threads, bytes))
        };
        Self { by_rows, parts, tiles, panels }
    }

    /// The tiles and the panels of a part.
    fn part(&self, part: usize) -> [Range<usize>; 2] {
        let Self { by_rows, parts, tiles, panels } = *self;
        if by_rows { [cut(part, parts, tiles), 0..panels] } else { [0..tiles, cut(part, parts, panels)] }
    }
}

/// The parts of `bytes` of weights that stream through once: two for each thread, so that one that comes late does less,
/// but one where it would end before memory is up to speed.
fn parts_of_weights(threads: usize, bytes: usize) -> usize {
    const LEAST: usize = 512 << 10;
    if threads > 1 && bytes >= 2 * threads * LEAST { 2 * threads } else { threads }
}

/// Where a product goes, and what it may write on the way.
#[derive(Debug)]
pub struct Out<'a, 's, T = f32> {
    /// `[rows, n]`.
    pub rows: RowsMut<'a, T>,
    /// As long as the kernel's scratch function says.
    pub scratch: &'s mut [f32],
}

/// Some row tiles times some panels.
struct Part<'a, 's, T> {
    x: Rows<'a>,
    weights: Panels<'a>,
    epilogue: &'a Epilogue<'a>,
    out: Beside<'a, T>,
    tiles: Range<usize>,
    panels: Range<usize>,
    scratch: &'s mut [f32],
}

impl<T: Stored> Body for Part<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.weights.elements() {
            Elements::F32(w) => self.go::<S, f32>(s, w),
            Elements::F16(w) => self.go::<S, f16>(s, w),
            Elements::Bf16(w) => self.go::<S, bf16>(s, w),
        }
    }
}

impl<T: Stored> Part<'_, '_, T> {
    #[inline(always)]
    fn go<S: Simd, E: Element>(self, s: S, w: &[E]) {
        let (k, rows, width) = (self.x.cols(), self.x.rows(), 2 * S::LANES);
        let single = rows == 1;
        let step = block_tiles(S::TILE_ROWS, k);
        for first in self.tiles.clone().step_by(step) {
            let tiles = first..(first + step).min(self.tiles.end);
            let tile_at = |t: usize| (t * S::TILE_ROWS, S::TILE_ROWS.min(rows - t * S::TILE_ROWS));
            let block_at = |t: usize| (t - first) * block_len(S::TILE_ROWS, k);
            if !single {
                for t in tiles.clone() {
                    let (row, count) = tile_at(t);
                    let to = &mut self.scratch[block_at(t)..][..block_len(count, k)];
                    // SAFETY: x holds the rows from `row`, and the slice the block.
                    unsafe {
                        fill_block(s, self.x.row(row).as_ptr(), [count, k, self.x.stride()], to.as_mut_ptr());
                    }
                }
            }
            for panel in self.panels.clone() {
                let weights = &w[panel * width * k..][..width * k];
                let out = self.out.of(panel * width);
                for t in tiles.clone() {
                    let (row, count) = tile_at(t);
                    let block = if single {
                        self.x.row(0)
                    } else {
                        &self.scratch[block_at(t)..][..block_len(count, k)]
                    };
                    let mut buf = [std::mem::MaybeUninit::<f32>::uninit(); MAX_TILE];
                    let buf = buf.as_mut_ptr().cast::<f32>();
                    let at = Place { row, rows: count, col: panel * width, n: self.weights.n(), width };
                    // SAFETY: block and panel have these dims (a single row is read up to k only); parts have
                    // disjoint tiles or panels, so places in `out` are disjoint.
                    unsafe {
                        tile(s, block.as_ptr(), weights.as_ptr(), [count, k], buf);
                        finish::<S, T, 1>(s, self.epilogue, buf, out, at);
                    }
                }
            }
        }
    }
}

/// The row tiles that fit [`BLOCK_BYTES`]; at least four, so that a panel is read for more than one.
fn block_tiles(tile_rows: usize, k: usize) -> usize {
    (BLOCK_BYTES / (4 * block_len(tile_rows, k)).max(1)).max(4)
}

pub(crate) fn tile_rows(isa: Isa) -> usize {
    struct TileRows;
    impl Body for TileRows {
        type Out = usize;
        #[inline(always)]
        fn run<S: Simd>(self, _s: S) -> usize {
            S::TILE_ROWS
        }
    }
    dispatch(isa, TileRows)
}

#[cfg(test)]
mod tests;
