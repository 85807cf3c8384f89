//! Products of narrow factors that stand in registers: in tiles, pairs, fours, and widened. Not those of kernels: the
//! sums are dropped.

use crate::simd::{Amx, Dots, Madds, PairDots, Tiles};
use std::arch::asm;
use std::arch::x86_64::{
    __m512bh, __m512i, _mm256_add_epi32, _mm256_madd_epi16, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_set1_epi32, _mm512_set1_ps,
};
use std::hint::black_box;

/// Sums in registers: enough to hide the latency of one.
const SUMS: usize = 12;

/// A tile of bfloat16 about one, which are as good as bytes.
#[repr(align(64))]
struct Tile([u16; 512]);

static TILE: Tile = {
    let mut values = [0; 512];
    let mut i = 0;
    while i < values.len() {
        values[i] = 0x3f00 | (i * 37 % 256) as u16;
        i += 1;
    }
    Tile(values)
};

/// Four sums of tiles in turns; a step is a product for each.
macro_rules! tiles {
    ($name:ident, $dot:literal, $factors:literal, $what:literal) => {
        #[doc = concat!("`steps` steps of products of ", $what, " in tiles; gives their operations.")]
        ///
        /// # Panics
        /// When the machine has no tiles.
        pub(super) fn $name(steps: usize) -> u64 {
            let _tiles = Tiles::new(Amx::detect().expect("amx is not available"));
            if steps == 0 {
                return 0;
            }
            // SAFETY: the tiles are configured, and what they load is one tile.
            unsafe {
                asm!(
                    "tileloadd tmm4, [{x} + {line}]",
                    "tileloadd tmm5, [{x} + {line}]",
                    "tileloadd tmm6, [{x} + {line}]",
                    "tileloadd tmm7, [{x} + {line}]",
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "tilezero tmm2",
                    "tilezero tmm3",
                    "2:",
                    concat!($dot, " tmm0, tmm4, tmm6"),
                    concat!($dot, " tmm1, tmm4, tmm7"),
                    concat!($dot, " tmm2, tmm5, tmm6"),
                    concat!($dot, " tmm3, tmm5, tmm7"),
                    "dec {n}",
                    "jnz 2b",
                    x = in(reg) &raw const TILE.0,
                    line = in(reg) 64_usize,
                    n = inout(reg) steps => _,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack, readonly),
                );
            }
            (steps * 4 * 2 * 16 * 16 * $factors) as u64
        }
    };
}

tiles!(tiles_of_bf16, "tdpbf16ps", 32, "bfloat16");
tiles!(tiles_of_bytes, "tdpbssd", 64, "bytes");

/// `steps` steps of products of pairs of bfloat16; gives their operations.
///
/// # Panics
/// When the machine has no such instruction, as [`fours`] and [`widened`] do.
pub(super) fn pairs(steps: usize) -> u64 {
    #[target_feature(enable = "avx512f,avx512bf16")]
    fn products(steps: usize) {
        let mut sums = [_mm512_set1_ps(black_box(0.0)); SUMS];
        // SAFETY: any bits are pairs.
        let x =
            unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_set1_epi32(black_box(0x3f80_3f00))) };
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_dpbf16_ps(*sum, x, x);
            }
        }
        black_box(sums);
    }
    PairDots::detect().expect("avx512_bf16 is not available");
    // SAFETY: the token exists, so the features were detected.
    unsafe { products(steps) };
    (steps * SUMS * 2 * 32) as u64
}

/// `steps` steps of products of fours of bytes; gives their operations.
pub(super) fn fours(steps: usize) -> u64 {
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn products(steps: usize) {
        let mut sums = [_mm512_set1_epi32(black_box(0)); SUMS];
        let x = _mm512_set1_epi32(black_box(0x0102_0304));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, x, x);
            }
        }
        black_box(sums);
    }
    Dots::detect().expect("avx512_vnni is not available");
    // SAFETY: the token exists, so the features were detected.
    unsafe { products(steps) };
    (steps * SUMS * 2 * 64) as u64
}

/// `steps` steps of products of bytes widened to 16 bits; gives their operations.
pub(super) fn widened(steps: usize) -> u64 {
    #[target_feature(enable = "avx2")]
    fn products(steps: usize) {
        // A product of the sum itself, or the compiler takes it out of the loop.
        let mut sums = [_mm256_set1_epi32(black_box(1)); SUMS];
        let x = _mm256_set1_epi16(black_box(3));
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(*sum, x));
            }
        }
        black_box(sums);
    }
    Madds::detect().expect("avx2 is not available");
    // SAFETY: the token exists, so the features were detected.
    unsafe { products(steps) };
    (steps * SUMS * 2 * 16) as u64
}
