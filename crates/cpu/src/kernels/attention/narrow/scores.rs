//! Scores of queries with panels of keys: products of bfloat16, or of bytes with a factor for each head's part of a row.
//! Not the weights that they become.

use half::bf16;

use super::{MAX_ROWS, PANEL, STEP_BYTES, STEP_WORDS};
use crate::isa::Isa;
use crate::kernels::linear::groups::{Factor, NarrowRows, Weights, steps, turn_panel};
use crate::kernels::linear::narrow::Engine;
use crate::kernels::quantize::quantize_row;
use crate::simd::Simd;

/// What scores of heads of `d` columns are products of: of bytes where they may be and that is faster. Where tiles multiply
/// it is not: to make floats of sums takes longer than bytes save. A head of bytes is one step.
pub fn score_factor(isa: Isa, d: usize, bytes: bool) -> Factor {
    if bytes && isa == Isa::Avx512Bf16 && d <= STEP_BYTES { Factor::Int8 } else { Factor::Bf16 }
}

/// The words of a packed panel of keys: its steps and, of bytes, the sum and the factor of each key.
pub(super) const fn panel_words(factor: Factor, d: usize) -> usize {
    let behind = match factor {
        Factor::Bf16 => 0,
        Factor::Int8 | Factor::Int4 => 2 * PANEL,
    };
    steps(factor.bytes() * d) * STEP_WORDS + behind
}

/// Packs the panel of keys from row `first`: [`panel_words`].
#[inline(always)]
pub(super) fn pack<S: Simd>(s: S, factor: Factor, keys: NarrowRows<'_>, first: usize, to: &mut [i32]) {
    if factor == Factor::Bf16 {
        return turn_panel(s, keys, first, to);
    }
    let (words, behind) = to.split_at_mut(STEP_WORDS);
    let (sums, factors) = behind.split_at_mut(PANEL);
    let mut bytes = [[0; STEP_BYTES]; PANEL];
    for (i, bytes) in bytes.iter_mut().enumerate() {
        let key = if first + i < keys.rows() { floats(keys.row(first + i)) } else { &[] };
        factors[i] = quantize_row(s, key, &mut bytes[..key.len()]).to_bits().cast_signed();
        sums[i] = bytes.iter().map(|x| i32::from(x.cast_signed())).sum();
    }
    turn_panel(s, NarrowRows::new(bytes.as_flattened(), PANEL, [STEP_BYTES; 2]), 0, words);
}

/// A row of bfloat16.
///
/// # Panics
/// When it does not lie where bfloat16 may.
#[inline(always)]
fn floats(row: &[u8]) -> &[bf16] {
    // SAFETY: any bits are a bfloat16.
    let (before, floats, behind) = unsafe { row.align_to() };
    assert!(before.is_empty() && behind.is_empty(), "bfloat16 at an odd address");
    floats
}

/// What multiplies queries and keys.
pub(super) struct Scorer {
    engine: Engine,
    factor: Factor,
}

impl Scorer {
    /// # Panics
    /// When the path does not multiply the factor.
    pub(super) fn new(isa: Isa, factor: Factor) -> Self {
        Scorer { engine: Engine::new(isa, factor), factor }
    }

    /// Packs `count` queries from row `first`; gives what the scores of each are to be times.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(
        &self,
        s: S,
        queries: NarrowRows<'_>,
        (first, count): (usize, usize),
        block: &mut [u8],
    ) -> [f32; MAX_ROWS] {
        let mut factors = [1.0; MAX_ROWS];
        if self.factor == Factor::Bf16 {
            self.engine.fill(queries, first, count, block);
            return factors;
        }
        let mut bytes = [[0; STEP_BYTES]; MAX_ROWS];
        for (r, (bytes, factor)) in bytes.iter_mut().zip(&mut factors).enumerate().take(count) {
            let query = floats(queries.row(first + r));
            // Not 0, so that a key that is none has no weight whatever the query.
            *factor = quantize_row(s, query, &mut bytes[..query.len()]).max(TINY);
        }
        let rows = NarrowRows::new(bytes.as_flattened(), count, [STEP_BYTES; 2]);
        self.engine.fill(rows, 0, count, block);
        factors
    }

    /// Writes the scores of a block of `rows` queries with a panel of keys.
    #[inline(always)]
    pub(super) fn score<S: Simd>(
        &self,
        s: S,
        (rows, queries): (usize, &[u8]),
        keys: &[i32],
        scores: &mut [f32],
    ) {
        if self.factor == Factor::Bf16 {
            return self.engine.multiply(rows, queries, Weights { words: keys, sums: &[] }, scores);
        }
        let (words, behind) = keys.split_at(STEP_WORDS);
        let (sums, factors) = behind.split_at(PANEL);
        self.engine.multiply(rows, queries, Weights { words, sums }, scores);
        assert!(factors.len() == PANEL && scores.len() >= rows * PANEL);
        for v in (0..PANEL).step_by(S::LANES) {
            // SAFETY: the factors, which are bits of floats, and each row hold a vector from `v`.
            unsafe {
                let factors = s.load(factors.as_ptr().add(v).cast());
                for r in 0..rows {
                    let at = scores.as_mut_ptr().add(r * PANEL + v);
                    s.store(at, s.mul(s.to_float(s.bits(s.load(at))), factors));
                }
            }
        }
    }
}

/// The least factor of a query.
const TINY: f32 = 1e-20;
