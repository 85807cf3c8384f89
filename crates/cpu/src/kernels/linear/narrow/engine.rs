//! What multiplies blocks of rows by panels: tiles, vectors or plain loops. Not the cut into blocks and panels.

use super::super::groups::{
    Factor, GROUPS, NarrowRows, PANEL, STEP_BYTES, STEP_WORDS, Weights, fill_groups, steps,
};
use super::MAX_SUMS;
use crate::isa::Isa;
use crate::simd::Fours;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Amx, PairDots, Tiles};

/// The instructions that multiply, ready on this thread.
pub(crate) enum Engine {
    /// Tiles of sixteen rows.
    #[cfg(target_arch = "x86_64")]
    Tiles(Tiles, Factor),
    /// Pairs of bfloat16 in vectors.
    #[cfg(target_arch = "x86_64")]
    Pairs(PairDots),
    /// Fours of bytes in vectors.
    Fours(Fours),
    /// The same with weights of 4 bits, as they are packed.
    Nibbles(Fours),
    /// Fours of bytes in plain loops.
    Plain,
}

impl Engine {
    /// What multiplies `rows` rows by weights of 4 bits as they are packed, if anything does.
    pub(crate) fn of_nibbles(isa: Isa, rows: usize) -> Option<Engine> {
        if rows <= Fours::FEW { Fours::detect_nibbles(isa).map(Engine::Nibbles) } else { None }
    }

    /// # Panics
    /// When the path does not multiply the factors or the machine lacks it.
    pub(crate) fn new(isa: Isa, factor: Factor) -> Engine {
        match (isa, factor) {
            #[cfg(target_arch = "x86_64")]
            (Isa::Amx, _) => Engine::Tiles(Tiles::new(Amx::detect().expect("amx is not available")), factor),
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx512Bf16, Factor::Bf16) => {
                Engine::Pairs(PairDots::detect().expect("avx512_bf16 is not available"))
            }
            (Isa::Scalar, Factor::Int8 | Factor::Int4) => Engine::Plain,
            (_, Factor::Int8 | Factor::Int4) => {
                Engine::Fours(Fours::detect(isa).unwrap_or_else(|| panic!("{isa} is not available")))
            }
            (_, Factor::Bf16) => panic!("{isa} multiplies no bfloat16"),
        }
    }

    /// Whether tiles multiply, so that a product is done before memory answers.
    #[inline(always)]
    pub(crate) fn has_tiles(&self) -> bool {
        #[cfg(target_arch = "x86_64")]
        if let Engine::Tiles(..) = self {
            return true;
        }
        false
    }

    /// Uses tiles for nothing, so that what multiplies them does not sleep.
    #[inline(always)]
    pub(crate) fn stay_awake(&self) {
        #[cfg(target_arch = "x86_64")]
        if let Engine::Tiles(tiles, _) = self {
            tiles.stay_awake();
        }
    }

    /// Fills the block of a tile with `count` rows from `first`: of tiles, one after the other.
    #[inline(always)]
    pub(crate) fn fill(&self, x: NarrowRows<'_>, first: usize, count: usize, block: &mut [u8]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Engine::Tiles(..) => {
                let half = block.len() / 2;
                let (upper, lower) = block.split_at_mut(half);
                fill_groups(x, first, [count.min(16), 16], upper);
                if count > 16 {
                    fill_groups(x, first + 16, [count - 16, 16], lower);
                }
            }
            _ if self.takes_unsigned() => {
                fill_groups(x, first, [count, count], block);
                let filled = steps(x.width()) * count * STEP_BYTES;
                move_by_half(&mut block[..filled]);
            }
            _ => fill_groups(x, first, [count, count], block),
        }
    }

    /// Whether rows are multiplied as unsigned bytes, 128 more than they are.
    #[inline(always)]
    fn takes_unsigned(&self) -> bool {
        matches!(self, Engine::Fours(fours) | Engine::Nibbles(fours) if fours.takes_unsigned())
    }

    /// Makes a block of unsigned bytes what [`Engine::multiply_unsigned`] takes.
    #[inline(always)]
    pub(crate) fn take_unsigned(&self, block: &mut [u8]) {
        if !self.takes_unsigned() {
            move_by_half(block);
        }
    }

    /// [`Engine::multiply`] of rows of unsigned bytes.
    #[inline(always)]
    pub(crate) fn multiply_unsigned(&self, rows: usize, block: &[u8], panel: Weights<'_>, sums: &mut [f32]) {
        if self.takes_unsigned() {
            return self.multiply(rows, block, Weights { sums: &[0; PANEL], ..panel }, sums);
        }
        self.multiply(rows, block, panel, sums);
        for row in sums.chunks_exact_mut(PANEL).take(rows) {
            for (sum, of_weights) in row.iter_mut().zip(panel.sums) {
                *sum = f32::from_bits((sum.to_bits().cast_signed() + (of_weights << 7)).cast_unsigned());
            }
        }
    }

    /// Where step `step` of row `row` lies in the block of a tile of `count` rows, `steps` steps each.
    #[inline(always)]
    pub(crate) fn place(&self, [row, step]: [usize; 2], count: usize, steps: usize) -> usize {
        let height = match self {
            #[cfg(target_arch = "x86_64")]
            Engine::Tiles(..) => 16,
            _ => count,
        };
        let [upper, row] = if row < height { [0, row] } else { [1, row - height] };
        ((upper * steps + step) * height + row) * STEP_BYTES
    }

    /// The sums of a block of `rows` rows times a panel; of bytes, the bits of i32.
    #[inline(always)]
    pub(crate) fn multiply(&self, rows: usize, block: &[u8], panel: Weights<'_>, sums: &mut [f32]) {
        let words_of_step = if matches!(self, Engine::Nibbles(_)) { STEP_WORDS / 2 } else { STEP_WORDS };
        let steps = panel.words.len() / words_of_step;
        assert!(sums.len() == MAX_SUMS && block.len() >= steps * rows * STEP_BYTES);
        match self {
            #[cfg(target_arch = "x86_64")]
            Engine::Tiles(tiles, factor) => {
                let (both, w, out) = tile_pointers(rows, block, panel, sums);
                // SAFETY: as they say.
                unsafe {
                    let [x, _] = both;
                    match (factor, rows <= 16) {
                        (Factor::Bf16, true) => tiles.bf16_16(x, w, steps, out),
                        (Factor::Bf16, false) => tiles.bf16_32(both, w, steps, out),
                        (Factor::Int8 | Factor::Int4, true) => tiles.i8_16(x, w, steps, out),
                        (Factor::Int8 | Factor::Int4, false) => tiles.i8_32(both, w, steps, out),
                    }
                }
            }
            #[cfg(target_arch = "x86_64")]
            Engine::Pairs(pairs) => {
                let x = words(block);
                // SAFETY: the block and the panel hold the steps, the sums the rows.
                unsafe { pairs.product(rows, x, panel.words.as_ptr(), steps, (sums.as_mut_ptr(), false)) };
            }
            Engine::Fours(fours) | Engine::Nibbles(fours) => {
                assert!(panel.sums.len() == PANEL);
                let (w, out) = ([panel.words.as_ptr(), panel.sums.as_ptr()], sums.as_mut_ptr().cast());
                // SAFETY: the block and the panel hold the steps, the sums the rows.
                unsafe { fours.product(rows, words(block), w, steps, out) };
            }
            Engine::Plain => plain(rows, block, panel, sums),
        }
    }

    /// Adds the sums of a block of `rows` rows of bfloat16 times a panel to `sums`.
    #[inline(always)]
    pub(crate) fn multiply_onto(&self, rows: usize, block: &[u8], panel: Weights<'_>, sums: &mut [f32]) {
        let steps = panel.words.len() / STEP_WORDS;
        assert!(sums.len() == MAX_SUMS && block.len() >= steps * rows * STEP_BYTES);
        match self {
            #[cfg(target_arch = "x86_64")]
            Engine::Tiles(tiles, Factor::Bf16) => {
                let (both, w, out) = tile_pointers(rows, block, panel, sums);
                // SAFETY: as they say.
                unsafe {
                    if rows <= 16 {
                        tiles.bf16_16_onto(both[0], w, steps, out);
                    } else {
                        tiles.bf16_32_onto(both, w, steps, out);
                    }
                }
            }
            #[cfg(target_arch = "x86_64")]
            Engine::Pairs(pairs) => {
                let (x, w) = (words(block), panel.words.as_ptr());
                // SAFETY: the block and the panel hold the steps, the sums the rows.
                unsafe { pairs.product(rows, x, w, steps, (sums.as_mut_ptr(), true)) };
            }
            _ => unreachable!("no other engine multiplies bfloat16"),
        }
    }
}

/// Adds 128 to signed bytes, which makes unsigned ones of them, or takes it from unsigned ones.
#[inline(always)]
fn move_by_half(bytes: &mut [u8]) {
    for byte in bytes {
        *byte ^= 0x80;
    }
}

/// What a product of tiles takes: the block holds two tiles of each step of the panel, the sums 32 rows.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn tile_pointers(
    rows: usize,
    block: &[u8],
    panel: Weights<'_>,
    sums: &mut [f32],
) -> ([*const u8; 2], *const u8, *mut u8) {
    let needed = panel.words.len() / STEP_WORDS * 32 * STEP_BYTES;
    assert!(sums.len() == MAX_SUMS && block.len() >= needed && rows <= 32);
    let (upper, lower) = block.split_at(block.len() / 2);
    ([upper.as_ptr(), lower.as_ptr()], panel.words.as_ptr().cast(), sums.as_mut_ptr().cast())
}

/// The block as groups; blocks lie in f32 scratch.
#[allow(clippy::cast_ptr_alignment)]
fn words(block: &[u8]) -> *const i32 {
    block.as_ptr().cast()
}

/// Products of bytes without an instruction for them. Written so that compilers make vectors of it; for a path without any
/// features, so it need not be inlined, where it would cost others the look at its options.
#[inline(never)]
fn plain(rows: usize, block: &[u8], panel: Weights<'_>, sums: &mut [f32]) {
    for (r, out) in sums.chunks_exact_mut(PANEL).enumerate().take(rows) {
        let mut acc = [0_i32; PANEL];
        for (step, w) in panel.words.chunks_exact(STEP_WORDS).enumerate() {
            let x = &block[(step * rows + r) * STEP_BYTES..][..STEP_BYTES];
            for (group, x) in x.chunks_exact(4).enumerate() {
                for (lane, acc) in acc.iter_mut().enumerate() {
                    let w = w[lane / 16 * 16 * GROUPS + group * 16 + lane % 16].to_le_bytes();
                    for (x, w) in x.iter().zip(w) {
                        *acc += i32::from(x.cast_signed()) * i32::from(w.cast_signed());
                    }
                }
            }
        }
        out.iter_mut().zip(acc).for_each(|(out, acc)| *out = f32::from_bits(acc.cast_unsigned()));
    }
}
