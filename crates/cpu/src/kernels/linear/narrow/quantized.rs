//! Products whose rows are written as bytes with a factor each. Not another product: a few rows at a time are
//! multiplied into f32 that stays in a cache, and what is written of them are their bytes.

use super::{Part, check, multiplier, share, tile_rows};
use crate::caches;
use crate::isa::Isa;
use crate::kernels::linear::groups::{Factor, Groups, NarrowRows, PANEL};
use crate::kernels::linear::{Epilogue, Factors, Residual};
use crate::kernels::quantize::quantize_rows;
use crate::kernels::rows::{Beside, RowsMut, Shared};
use crate::kernels::scratch::{Shares, scratch_len};
use crate::kernels::{Cx, cut};
use crate::simd::dispatch;

/// Where rows of bytes go, and what a product may write on the way.
#[derive(Debug)]
pub struct Quantized<'a, 's> {
    /// `[rows, n]`, signed.
    pub bytes: &'a mut [u8],
    /// `[rows]`.
    pub factors: &'a mut [f32],
    /// As long as [`quantized_scratch`] says.
    pub scratch: &'s mut [f32],
}

/// Of `tiles`, those of a part of rows of `width` bytes and `n` outputs. Weights stay in the second-level cache if they are
/// half of it at the most and results an eighth. More weights come from further away for every part, and so may results:
/// as many as there are weights.
fn part_tiles(isa: Isa, threads: usize, tiles: usize, [width, n]: [usize; 2]) -> usize {
    let (weights, cache) = (n * width, caches::second_level());
    let results = if 2 * weights > cache { weights } else { cache / 8 };
    let most = results / (tile_rows(isa) * stride(n) * size_of::<f32>());
    most.clamp(1, tiles.div_ceil(threads).max(1))
}

/// The distance of two rows of results: a cache line more than they are, so that rows don't fight over sets of a cache.
const fn stride(n: usize) -> usize {
    n.next_multiple_of(16) + 16
}

/// The f32 values of scratch of parts of so many tiles: those that the product takes, and those of their results.
fn shares(isa: Isa, tiles: usize, factor: Factor, [width, n]: [usize; 2]) -> [usize; 2] {
    let rows = tiles * tile_rows(isa);
    [share(isa, rows, factor, width), rows * stride(n)]
}

/// The f32 values of scratch that [`quantized_linear`] needs for up to `rows` rows of `k` factors and `n` outputs on
/// `threads` threads.
pub fn quantized_scratch(
    isa: Isa,
    threads: usize,
    rows: usize,
    (factor, k, n): (Factor, usize, usize),
) -> usize {
    let dims = [factor.bytes() * k, n];
    // Few rows may be multiplied by another path, whose tile is no higher.
    let tiles = part_tiles(isa, threads, rows.div_ceil(tile_rows(isa)), dims);
    scratch_len(threads, shares(isa, tiles, factor, dims).iter().sum())
}

/// [`super::narrow_linear`] with each row written as [`crate::kernels::quantize::quantize`] makes bytes of one digit of
/// it, rotated. There is no residual. Threads split the rows, however few they are: a factor is of a whole row.
///
/// # Panics
/// As [`super::narrow_linear`], and when there is a residual.
pub fn quantized_linear(
    cx: Cx<'_>,
    x: NarrowRows<'_>,
    weights: &Groups,
    epilogue: &Epilogue<'_>,
    out: Quantized<'_, '_>,
) {
    let Quantized { bytes, factors, scratch } = out;
    let (n, threads) = (weights.n(), cx.pool.threads());
    let dims = [x.width(), n];
    check(cx.isa, x, weights, epilogue, [factors.len(), n]);
    assert_eq!(bytes.len(), factors.len() * n, "bytes of {} rows of {n}", factors.len());
    assert!(matches!(epilogue.residual, Residual::None), "a residual of rows in bytes");
    let digits = epilogue.factors.map_or(1, |f| f.digits);
    let isa = multiplier(cx.isa, weights.factor(), x.rows());
    let (height, tiles) = (tile_rows(isa), x.rows().div_ceil(tile_rows(isa)));
    let most = part_tiles(isa, threads, tiles, dims);
    let parts = tiles.div_ceil(most).next_multiple_of(threads).min(tiles);
    let [product, results] = shares(isa, most, weights.factor(), dims);
    let (bytes, all) = (Shared::new(bytes), Shared::new(factors));
    let scratch = Shares::new(scratch, threads, product + results);
    cx.pool.run_on(parts, &|thread, part| {
        let tiles = cut(part, parts, tiles);
        let first = tiles.start * height;
        let x = x.part(first, (tiles.len() * height).min(x.rows() - first));
        let (row, rows) = (first / digits, x.rows() / digits);
        // SAFETY: no two parts run on one thread at the same time, and each row is in one part.
        let (scratch, bytes, to) =
            unsafe { (scratch.of(thread), bytes.slice(row * n, rows * n), all.slice(row, rows)) };
        let factors = epilogue.factors.map(|f| Factors { rows: &f.rows[row..][..rows], ..f });
        let epilogue = &Epilogue { factors, ..*epilogue };
        let (scratch, wide) = scratch.split_at_mut(product);
        let out = &mut [RowsMut::strided(wide, rows, n, stride(n))];
        let (out, tiles, panels) = (Beside::new(out), 0..tiles.len(), 0..n.div_ceil(PANEL));
        dispatch(cx.isa, Part { isa, x, weights, epilogue, out, tiles, panels, scratch });
        quantize_rows(cx.isa, RowsMut::strided(wide, rows, n, stride(n)), bytes, to);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::linear::narrow::{narrow_linear, narrow_scratch};
    use crate::kernels::linear::pack::Elements;
    use crate::kernels::linear::{Activation, Out};
    use crate::kernels::quantize::{quantize, rotation_scratch};
    use crate::kernels::testing::{assert_same_bits, noise, on_every_path};
    use half::bf16;

    /// Checks that the bytes are those of the product in f32.
    fn check(cx: Cx<'_>, x: NarrowRows<'_>, weights: &Groups, epilogue: &Epilogue<'_>) {
        let (n, digits) = (weights.n(), epilogue.factors.map_or(1, |f| f.digits));
        let (rows, threads) = (x.rows() / digits, cx.pool.threads());
        let mut wide = vec![0.0; rows * n];
        let mut scratch =
            vec![f32::NAN; narrow_scratch(cx.isa, threads, x.rows(), (weights.factor(), weights.k()))];
        let out = Out { rows: RowsMut::new(&mut wide, rows, n), scratch: &mut scratch };
        narrow_linear(cx, x, weights, epilogue, out);
        let (mut want, mut want_factors) = (vec![7; rows * n], vec![7.0; rows]);
        let mut rotated = vec![f32::NAN; rotation_scratch(threads, n)];
        quantize(cx, Elements::F32(&wide), [n, 1], (&mut want, &mut want_factors), Some(&mut rotated));
        let (mut got, mut factors) = (vec![9; rows * n], vec![9.0; rows]);
        let mut scratch =
            vec![f32::NAN; quantized_scratch(cx.isa, threads, x.rows(), (weights.factor(), weights.k(), n))];
        let out = Quantized { bytes: &mut got, factors: &mut factors, scratch: &mut scratch };
        quantized_linear(cx, x, weights, epilogue, out);
        assert!(got == want, "{} {rows} {n} {digits}", cx.isa);
        assert_same_bits(&factors, &want_factors, cx.isa.name());
    }

    #[test]
    fn bytes_are_those_of_the_product() {
        let k = 75;
        for [rows, n] in [[0, 5], [1, 33], [3, 70], [40, 517], [130, 33], [300, 700]] {
            let (w, bias) = (noise(2, n * k), noise(3, n));
            let signed =
                |x: &[f32]| x.iter().map(|x| ((x * 127.0) as i8).cast_unsigned()).collect::<Vec<u8>>();
            let (row_factors, factors, w_bytes) = (noise(4, rows), noise(5, n), signed(&w));
            for (digits, bias, activation) in
                [(1, Some(&bias[..]), Some(Activation::GeluCoarse)), (2, Some(&bias), None), (1, None, None)]
            {
                // Rows of zeros, which stay zero without a bias.
                let mut x = noise(1, digits * rows * k);
                x[..digits * (rows / 2) * k].fill(0.0);
                let x = signed(&x);
                let factors = Some(Factors { rows: &row_factors, outputs: &factors, digits });
                let epilogue = Epilogue { factors, bias, activation, ..Epilogue::default() };
                let x = NarrowRows::new(&x, digits * rows, [k, k]);
                on_every_path(|cx| check(cx, x, &Groups::of_i8(cx.isa, &w_bytes, [n, k]), &epilogue));
            }
        }
    }

    #[test]
    fn bytes_are_those_of_a_product_of_bfloat16() {
        // Weights that don't stay at hand, so that a part has several tiles.
        let [rows, n, k] = [130, 1100, 500];
        let rounded = |seed, len| noise(seed, len).into_iter().map(bf16::from_f32).collect::<Vec<_>>();
        let (x, w) = (rounded(1, rows * k), rounded(2, n * k));
        let x: Vec<u8> = x.iter().flat_map(|x| x.to_bits().to_ne_bytes()).collect();
        let x = NarrowRows::new(&x, rows, [2 * k, 2 * k]);
        on_every_path(|cx| {
            if cx.isa.multiplies_bf16() {
                check(cx, x, &Groups::of_bf16(cx.isa, &w, [n, k]), &Epilogue::default());
            }
        });
    }
}
