//! Products in tiles of AMX and in vectors of AVX-512, AVX-VNNI and AVX2. Not products of f32.

use std::arch::asm;
use std::arch::x86_64::{
    __m512bh, __m512i, _mm256_add_epi32, _mm256_dpbusd_avx_epi32, _mm256_madd_epi16, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_set1_epi32, _mm512_set1_ps,
};
use std::hint::black_box;

use super::{SUMS, in_vectors};
use crate::isa::Isa;
use crate::simd::{Amx, Tiles};

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

in_vectors! {
    /// Pairs of bfloat16.
    fn pairs(Avx512Bf16, "avx512f,avx512bf16", 32) {
        // SAFETY: any bits are pairs.
        let x = unsafe {
            std::mem::transmute::<__m512i, __m512bh>(_mm512_set1_epi32(black_box(0x3f80_3f00)))
        };
        sum = _mm512_set1_ps(black_box(0.0)) => _mm512_dpbf16_ps(sum, x, x)
    }

    /// Fours of bytes in 512 bits.
    fn fours_512(Avx512Vnni, "avx512f,avx512vnni", 64) {
        let x = _mm512_set1_epi32(black_box(0x0102_0304));
        sum = _mm512_set1_epi32(black_box(0)) => _mm512_dpbusd_epi32(sum, x, x)
    }

    /// Fours of bytes in 256 bits.
    fn fours_256(AvxVnni, "avx2,avxvnni", 32) {
        let x = _mm256_set1_epi32(black_box(0x0102_0304));
        sum = _mm256_set1_epi32(black_box(0)) => _mm256_dpbusd_avx_epi32(sum, x, x)
    }

    /// Bytes widened to 16 bits: products of the sums themselves, or the compiler takes them out of the loop.
    fn widened(Avx2, "avx2", 16) {
        let x = _mm256_set1_epi16(black_box(3));
        sum = _mm256_set1_epi32(black_box(1)) => _mm256_add_epi32(sum, _mm256_madd_epi16(sum, x))
    }
}
