//! Products of bfloat16 where the machine multiplies them, with f32 sums. Not widened products: `linear` has those.
//!
//! Each output is one chain over the groups of its row, whatever the rows and threads, in the order of the path's own
//! instruction. Rows are copied into blocks of whole steps, which also takes them from strides that fight over cache
//! sets.

use std::ops::Range;

use super::finish::{Place, finish};
use super::groups::{Groups, NarrowRows, PANEL, STEP_BYTES, steps};
use super::{BLOCK_BYTES, Epilogue, Out, Residual};
use crate::isa::Isa;
use crate::kernels::rows::{Shared, SharedRows};
use crate::kernels::{Cx, cut};
use crate::simd::{Body, Simd, dispatch};

/// Rows of the tile of `isa`: twelve where they are registers, two tiles of sixteen.
pub(crate) const fn tile_rows(isa: Isa) -> usize {
    if matches!(isa, Isa::Amx) { 32 } else { 12 }
}

/// The tiles that fit [`BLOCK_BYTES`]; at least two, so that a panel is read for more than one.
fn block_tiles(isa: Isa, width: usize) -> usize {
    (BLOCK_BYTES / (tile_rows(isa) * steps(width) * STEP_BYTES).max(1)).max(2)
}

/// The f32 values of scratch that [`narrow_linear`] needs for `rows` rows of `width` bytes on `threads` threads.
pub fn narrow_scratch(isa: Isa, threads: usize, rows: usize, width: usize) -> usize {
    let tiles = rows.div_ceil(tile_rows(isa)).min(block_tiles(isa, width));
    threads * tiles * tile_rows(isa) * steps(width) * STEP_BYTES / size_of::<f32>()
}

/// `out = epilogue(x * weights)`: `x` is `[rows, k]` of bfloat16, `out` `[rows, n]`.
///
/// `scratch` holds [`narrow_scratch`] values or more, of any content.
///
/// # Panics
/// When shapes don't fit, the scratch is short, the weights are packed for another path, or the path multiplies no
/// bfloat16.
pub fn narrow_linear(
    cx: Cx<'_>,
    x: NarrowRows<'_>,
    weights: &Groups,
    epilogue: &Epilogue<'_>,
    out: Out<'_, '_>,
) {
    let Out { mut rows, scratch } = out;
    assert!(cx.isa.multiplies_bf16() && weights.isa() == cx.isa, "weights are packed for another path");
    let shape = (x.width(), x.rows(), weights.n());
    assert_eq!(shape, (2 * weights.k(), rows.rows(), rows.cols()), "shapes of a product");
    let threads = cx.pool.threads();
    assert!(scratch.len() >= narrow_scratch(cx.isa, threads, x.rows(), x.width()), "short scratch");
    assert!(epilogue.bias.is_none_or(|b| b.len() == weights.n()), "a bias of another length");
    if let Residual::Rows(r) = epilogue.residual {
        assert_eq!((r.rows(), r.cols()), (rows.rows(), rows.cols()), "a residual of another shape");
    }
    if x.rows() == 0 || weights.n() == 0 {
        return;
    }
    let tiles = x.rows().div_ceil(tile_rows(cx.isa));
    let panels = weights.n().div_ceil(PANEL);
    // As in `linear`: many rows are split among the threads, of few the panels are.
    let by_rows = tiles >= 4 * threads;
    let blocks = tiles.div_ceil(block_tiles(cx.isa, x.width())).next_multiple_of(threads);
    let parts =
        if by_rows { blocks.min(tiles) } else { panels.min(if threads == 1 { 1 } else { 2 * threads }) };
    let share = scratch.len() / threads / 16 * 16; // whole cache lines
    let scratch = Shared::new(scratch);
    let out = rows.shared();
    cx.pool.run_on(parts, &|thread, part| {
        let (tiles, panels) =
            if by_rows { (cut(part, parts, tiles), 0..panels) } else { (0..tiles, cut(part, parts, panels)) };
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.slice(thread * share, share) };
        let part = Part { isa: cx.isa, x, weights, epilogue, out, tiles, panels, scratch };
        dispatch(cx.isa, part);
    });
}

/// Some row tiles times some panels.
struct Part<'a, 's> {
    isa: Isa,
    x: NarrowRows<'a>,
    weights: &'a Groups,
    epilogue: &'a Epilogue<'a>,
    out: SharedRows<'a>,
    tiles: Range<usize>,
    panels: Range<usize>,
    scratch: &'s mut [f32],
}

impl Body for Part<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let engine = Engine::new(self.isa);
        let (height, rows, steps) = (tile_rows(self.isa), self.x.rows(), steps(self.x.width()));
        let block_len = height * steps * STEP_BYTES;
        let step = block_tiles(self.isa, self.x.width());
        let blocks = bytes_mut(self.scratch);
        let mut buf = Buf([0.0; MAX_SUMS]);
        for first in self.tiles.clone().step_by(step) {
            let tiles = first..(first + step).min(self.tiles.end);
            let tile_at = |t: usize| (t * height, height.min(rows - t * height));
            for t in tiles.clone() {
                let (row, count) = tile_at(t);
                engine.fill(self.x, row, count, &mut blocks[(t - first) * block_len..][..block_len]);
            }
            for panel in self.panels.clone() {
                let weights = self.weights.panel(panel);
                for t in tiles.clone() {
                    let (row, count) = tile_at(t);
                    let block = &blocks[(t - first) * block_len..][..block_len];
                    let at = Place { row, rows: count, col: panel * PANEL, n: self.weights.n() };
                    engine.multiply(count, block, weights, &mut buf.0);
                    // SAFETY: parts have disjoint tiles or panels, so places in `out` are disjoint.
                    unsafe { finish(s, self.epilogue, buf.0.as_ptr(), self.out, at) };
                }
            }
        }
    }
}

/// The floats as bytes.
pub(crate) fn bytes_mut(floats: &mut [f32]) -> &mut [u8] {
    // SAFETY: floats are plain bytes, and any bytes are floats.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), size_of_val(floats)) }
}

/// The most sums of a product: two tiles of sixteen rows of 32 outputs.
pub(crate) const MAX_SUMS: usize = 32 * PANEL;

/// Sums of a product, 32 to a row.
#[repr(align(64))]
struct Buf([f32; MAX_SUMS]);

#[cfg(target_arch = "x86_64")]
mod engine {
    //! What multiplies on x86-64.

    use super::{MAX_SUMS, NarrowRows, STEP_BYTES};
    use crate::isa::Isa;
    use crate::kernels::linear::groups::{STEP_WORDS, fill_groups};
    use crate::simd::{Amx, Dots, Tiles};

    /// The instructions that multiply, ready on this thread.
    pub(crate) enum Engine {
        Tiles(Tiles),
        Dots(Dots),
    }

    impl Engine {
        /// # Panics
        /// When the path multiplies no bfloat16 or the machine lacks it.
        pub(crate) fn new(isa: Isa) -> Engine {
            match isa {
                Isa::Amx => Engine::Tiles(Tiles::new(Amx::detect().expect("amx is not available"))),
                _ => Engine::Dots(Dots::detect().expect("avx512_bf16 is not available")),
            }
        }

        /// Fills the block of a tile with `count` rows from `first`: of tiles, one after the other.
        #[inline(always)]
        pub(crate) fn fill(&self, x: NarrowRows<'_>, first: usize, count: usize, block: &mut [u8]) {
            match self {
                Engine::Dots(_) => fill_groups(x, first, [count, count], block),
                Engine::Tiles(_) => {
                    let half = block.len() / 2;
                    let (upper, lower) = block.split_at_mut(half);
                    fill_groups(x, first, [count.min(16), 16], upper);
                    if count > 16 {
                        fill_groups(x, first + 16, [count - 16, 16], lower);
                    }
                }
            }
        }

        /// Where step `step` of row `row` lies in the block of a tile of `count` rows, `steps` steps each.
        #[inline(always)]
        pub(crate) fn place(&self, [row, step]: [usize; 2], count: usize, steps: usize) -> usize {
            match self {
                Engine::Dots(_) => (step * count + row) * STEP_BYTES,
                Engine::Tiles(_) => ((row / 16 * steps + step) * 16 + row % 16) * STEP_BYTES,
            }
        }

        /// The sums of a block of `rows` rows times a panel.
        #[inline(always)]
        pub(crate) fn multiply(&self, rows: usize, block: &[u8], panel: &[i32], sums: &mut [f32]) {
            let steps = panel.len() / STEP_WORDS;
            assert!(sums.len() == MAX_SUMS);
            let (x, w, out) = (block.as_ptr(), panel.as_ptr(), sums.as_mut_ptr());
            match self {
                Engine::Dots(dots) => {
                    assert!(block.len() >= steps * rows * STEP_BYTES);
                    #[allow(clippy::cast_ptr_alignment)] // Blocks lie in f32 scratch.
                    let x = x.cast::<i32>();
                    // SAFETY: the block and the panel hold the steps, the sums the rows.
                    unsafe { dots.bf16(rows, x, w, steps, out) };
                }
                Engine::Tiles(tiles) => {
                    assert!(block.len() >= steps * 32 * STEP_BYTES && rows <= 32);
                    let (w, out) = (w.cast(), out.cast());
                    // SAFETY: the block holds two tiles of each step, the panel the steps, the sums 32 rows.
                    unsafe {
                        if rows <= 16 {
                            tiles.bf16_16(x, w, steps, out);
                        } else {
                            tiles.bf16_32([x, x.add(block.len() / 2)], w, steps, out);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod engine {
    //! Nothing multiplies bfloat16 on this architecture yet.

    use super::NarrowRows;
    use crate::isa::Isa;

    /// The instructions that multiply; there are none.
    pub(crate) struct Engine;

    const NONE: &str = "no path of this architecture multiplies bfloat16";

    impl Engine {
        /// # Panics
        /// Always: no path of this architecture multiplies bfloat16.
        pub(crate) fn new(isa: Isa) -> Engine {
            assert!(isa.multiplies_bf16(), "{isa} multiplies no bfloat16");
            Engine
        }

        pub(crate) fn fill(&self, _: NarrowRows<'_>, _: usize, _: usize, _: &mut [u8]) {
            unreachable!("{NONE}")
        }

        pub(crate) fn place(&self, _: [usize; 2], _: usize, _: usize) -> usize {
            unreachable!("{NONE}")
        }

        pub(crate) fn multiply(&self, _: usize, _: &[u8], _: &[i32], _: &mut [f32]) {
            unreachable!("{NONE}")
        }
    }
}

pub(crate) use engine::Engine;

#[cfg(test)]
mod tests;
