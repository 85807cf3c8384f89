//! A block of keys and values, and of queries, as bytes that are multiplied. Not the products.

use half::bf16;

use super::{KEYS, MAX_ROWS};
use crate::kernels::linear::groups::{
    GROUPS, NarrowRows, PANEL, STEP_BYTES, STEP_WORDS, Weights, turn_panel,
};
use crate::kernels::linear::narrow::Engine;
use crate::kernels::quantize::{greatest, quantize_row, write_digits};
use crate::kernels::vectors::{read, spans, write};
use crate::simd::Simd;
use graph::ops::quantize::{MOST, factor, inverse};

/// Panels of a block of keys.
pub(super) const KEY_PANELS: usize = KEYS / PANEL;
/// Steps of a block of values, or of weights.
pub(super) const VALUE_STEPS: usize = KEYS / STEP_BYTES;
/// Words of a panel of keys: its step, the sum of each key's bytes.
const KEY_WORDS: usize = STEP_WORDS + PANEL;
/// Words of a panel of columns of values: its steps, the sum and the factor of each column.
const VALUE_WORDS: usize = VALUE_STEPS * STEP_WORDS + 2 * PANEL;
/// Words of the keys of a block: their panels, and a vector whose first word is their factor.
const KEYS_WORDS: usize = KEY_PANELS * KEY_WORDS + GROUPS;

/// Words of a block of keys and values of heads of `d` columns.
pub(super) const fn block_words(d: usize) -> usize {
    KEYS_WORDS + d.div_ceil(PANEL) * VALUE_WORDS
}

/// A panel of keys.
pub(super) fn keys(block: &[i32], panel: usize) -> Weights<'_> {
    let (words, sums) = block[panel * KEY_WORDS..][..KEY_WORDS].split_at(STEP_WORDS);
    Weights { words, sums }
}

/// The factor of a block's keys.
pub(super) fn factor_of_keys(block: &[i32]) -> f32 {
    f32::from_bits(block[KEY_PANELS * KEY_WORDS].cast_unsigned())
}

/// A panel of columns of values, and the bits of their factors.
pub(super) fn values(block: &[i32], panel: usize) -> (Weights<'_>, &[i32; PANEL]) {
    let at = KEYS_WORDS + panel * VALUE_WORDS;
    let (words, behind) = block[at..][..VALUE_WORDS].split_at(VALUE_STEPS * STEP_WORDS);
    let (sums, factors) = behind.split_at(PANEL);
    (Weights { words, sums }, factors.first_chunk().expect("factors of a panel"))
}

/// Packs the block of keys and values, bfloat16 of one head, from key `first`.
#[inline(always)]
pub(super) fn pack<S: Simd>(s: S, [k, v]: [NarrowRows<'_>; 2], first: usize, to: &mut [i32]) {
    let (to_keys, to_values) = to.split_at_mut(KEYS_WORDS);
    let count = KEYS.min(k.rows() - first);
    let [k, v] = [k, v].map(|rows| rows.part(first, count));
    pack_keys(s, k, to_keys);
    for (panel, to) in to_values.chunks_exact_mut(VALUE_WORDS).enumerate() {
        let at = 2 * panel * PANEL;
        pack_values(s, v.columns(at, (2 * PANEL).min(v.width() - at)), to);
    }
}

/// Up to [`KEYS`] keys. They share a factor, so that the greatest sum of products is the greatest score.
#[inline(always)]
fn pack_keys<S: Simd>(s: S, k: NarrowRows<'_>, to: &mut [i32]) {
    let mut magnitude = 0.0_f32;
    for key in 0..k.rows() {
        magnitude = magnitude.max(greatest(s, floats(k.row(key))));
    }
    let (panels, of_keys) = to.split_at_mut(KEY_PANELS * KEY_WORDS);
    of_keys[0] = factor(magnitude, 1).to_bits().cast_signed();
    for (panel, to) in panels.chunks_exact_mut(KEY_WORDS).enumerate() {
        let (words, sums) = to.split_at_mut(STEP_WORDS);
        let mut bytes = [[0; STEP_BYTES]; PANEL];
        for (key, bytes) in (panel * PANEL..k.rows()).zip(&mut bytes) {
            let key = floats(k.row(key));
            write_digits(s, key, inverse(magnitude), &mut bytes[..key.len()]);
        }
        turn_panel(s, NarrowRows::new(bytes.as_flattened(), PANEL, [STEP_BYTES; 2]), 0, words);
        add_up(words, sums);
    }
}

/// The sum of each output's bytes in a panel.
#[inline(always)]
fn add_up(words: &[i32], sums: &mut [i32]) {
    sums.fill(0);
    for (i, groups) in words.chunks_exact(GROUPS).enumerate() {
        let half = i / GROUPS % 2 * GROUPS;
        for (sum, word) in sums[half..][..GROUPS].iter_mut().zip(groups) {
            *sum += (word >> 24) + (word << 8 >> 24) + (word << 16 >> 24) + (word << 24 >> 24);
        }
    }
}

/// A panel of columns of up to [`KEYS`] values.
#[inline(always)]
fn pack_values<S: Simd>(s: S, v: NarrowRows<'_>, to: &mut [i32]) {
    let (words, behind) = to.split_at_mut(VALUE_STEPS * STEP_WORDS);
    let (sums, factors) = behind.split_at_mut(PANEL);
    if v.width() < 2 * PANEL {
        words.fill(0);
    }
    let mut of_columns = [0.0; PANEL];
    for (i, n) in spans(s, v.width() / 2) {
        let mut most = s.splat(0.0);
        for key in 0..v.rows() {
            most = s.max(s.abs(read(s, floats(v.row(key)), i, n)), most);
        }
        write(s, &mut of_columns, i, n, s.mul(most, s.splat(1.0 / MOST)));
        // Not infinite for a column of zeros.
        let inverse = s.div(s.splat(MOST), s.max(most, s.splat(1e-30)));
        for group in 0..KEYS / 4 {
            let mut word = s.splat_i(0);
            for key in 0..4 {
                if 4 * group + key < v.rows() {
                    let value = read(s, floats(v.row(4 * group + key)), i, n);
                    let byte = s.to_int(s.round(s.mul(value, inverse)));
                    word = s.or_i(word, s.shl(s.and_i(byte, s.splat_i(255)), 8 * key as u32));
                }
            }
            let place =
                group / GROUPS * STEP_WORDS + (i / GROUPS * GROUPS + group % GROUPS) * GROUPS + i % GROUPS;
            let to = &mut words[place..][..S::LANES];
            // SAFETY: the slice holds a vector.
            unsafe { s.store(to.as_mut_ptr().cast(), s.of_bits(word)) };
        }
    }
    add_up(words, sums);
    for (to, factor) in factors.iter_mut().zip(of_columns) {
        *to = factor.to_bits().cast_signed();
    }
}

/// Fills a block with `count` queries, bfloat16 of one head, from row `first`; gives what the scores of each are to be times.
#[inline(always)]
pub(super) fn fill<S: Simd>(
    s: S,
    engine: &Engine,
    queries: NarrowRows<'_>,
    (first, count): (usize, usize),
    block: &mut [u8],
) -> [f32; MAX_ROWS] {
    let mut factors = [1.0; MAX_ROWS];
    let mut bytes = [[0; STEP_BYTES]; MAX_ROWS];
    for (r, (bytes, factor)) in bytes.iter_mut().zip(&mut factors).enumerate().take(count) {
        let query = floats(queries.row(first + r));
        *factor = quantize_row(s, query, &mut bytes[..query.len()]);
    }
    engine.fill(NarrowRows::new(bytes.as_flattened(), count, [STEP_BYTES; 2]), 0, count, block);
    factors
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
