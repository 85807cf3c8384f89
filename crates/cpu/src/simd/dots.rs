//! Products of groups in vectors: 32 bits of a row times 32 bits of each output, as two bfloat16 or four bytes. Not
//! tiles of AMX.
//!
//! A step is sixteen groups of each row, and of the weights sixteen outputs' groups, then the other sixteen's.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::dot;
#[cfg(target_arch = "x86_64")]
pub use x86_64::PairDots;

use crate::isa::Isa;

/// Products of fours of bytes in the vectors of one path. One exists where the machine has the path.
#[derive(Debug, Clone, Copy)]
pub struct Fours {
    product: Product,
    unsigned: bool,
}

/// See [`Fours::product`].
type Product = unsafe fn(usize, *const i32, [*const i32; 2], usize, *mut i32);

impl Fours {
    /// Those of `isa`, when this machine has it. [`Isa::Scalar`] has none.
    #[inline]
    pub fn detect(isa: Isa) -> Option<Fours> {
        let (product, unsigned): (Product, bool) = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 | Isa::Avx512 => (x86_64::widened, false),
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => (x86_64::dots_256, true),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Avx512Bf16 | Isa::Amx => (x86_64::dots_512, true),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => (aarch64::widened, false),
            #[cfg(target_arch = "aarch64")]
            Isa::NeonDot => (aarch64::dots, false),
            _ => return None,
        };
        isa.is_available().then_some(Fours { product, unsigned })
    }

    /// Those of `isa` with weights of 4 bits as they are packed, of few rows: up to [`Fours::FEW`]. `w` then points to
    /// `steps * 256` words. Where there are none, weights are spread into bytes first.
    #[inline]
    pub fn detect_nibbles(isa: Isa) -> Option<Fours> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Avx512Bf16 if isa.is_available() => {
                Some(Fours { product: x86_64::nibbles_512, unsigned: true })
            }
            _ => None,
        }
    }

    /// The most rows of a product of [`Fours::detect_nibbles`].
    pub const FEW: usize = 6;

    /// The most rows of a product of `isa`: as many as have their sums in registers, or twelve where one row's are
    /// there after another's.
    pub const fn most_rows(isa: Isa) -> usize {
        if matches!(isa, Isa::AvxVnni | Isa::NeonDot) { 6 } else { 12 }
    }

    /// Whether rows are taken as unsigned bytes: 128 more than they are. The sums of the weights take that back.
    #[inline]
    pub fn takes_unsigned(self) -> bool {
        self.unsigned
    }

    /// 1 to [`Fours::most_rows`] rows of groups times 32 outputs; sums go to `out`, 32 to a row. `w` are the weights,
    /// then the sum of each output's.
    ///
    /// # Safety
    /// `x` points to `steps * rows * 16` groups, `w` to `steps * 512` and to 32 sums; `out` takes `rows` rows.
    #[inline]
    pub unsafe fn product(self, rows: usize, x: *const i32, w: [*const i32; 2], steps: usize, out: *mut i32) {
        // SAFETY: the token exists, so the features were detected; the caller vouches for the memory.
        unsafe { (self.product)(rows, x, w, steps, out) }
    }
}

/// Calls a tile, or another function, with its rows as a constant.
macro_rules! with_rows {
    ($rows:ident of $($n:literal)*, $tile:ident $args:tt) => {
        match $rows {
            // SAFETY: the caller's contract.
            $($n => unsafe { $tile::<$n> $args },)*
            _ => unreachable!("a product of {} rows", $rows),
        }
    };
}
pub(crate) use with_rows;

/// Declares a [`Product`] of one path by its tile.
macro_rules! product {
    ($name:ident, $isa:ident, $tile:ident of $($n:literal)*) => {
        #[doc = concat!("See [`super::Fours::product`].\n\n# Safety\nAs there, and the machine has [`crate::Isa::", stringify!($isa), "`].")]
        pub(super) unsafe fn $name(rows: usize, x: *const i32, w: [*const i32; 2], steps: usize, out: *mut i32) {
            $crate::simd::dots::with_rows!(rows of $($n)*, $tile(x, w, steps, out));
        }
    };
}
use product;
