//! Products of narrow factors that stand in registers: in tiles, pairs, fours, and widened. Not those of kernels: the
//! sums are dropped.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

use crate::isa::Isa;

/// Does some number of steps of products, and gives their operations. Panics when the machine has no such products.
type Products = fn(usize) -> u64;

/// Sums in registers: enough to hide the latency of one.
const SUMS: usize = 12;

/// What multiplies factors of bfloat16; `None` where they are widened.
pub(super) fn of_bf16(isa: Isa) -> Option<Products> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Amx => Some(x86_64::tiles_of_bf16),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Bf16 => Some(x86_64::pairs),
        _ => None,
    }
}

/// What multiplies bytes; `None` where plain loops do.
pub(super) fn of_bytes(isa: Isa) -> Option<Products> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Amx => Some(x86_64::tiles_of_bytes),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Bf16 | Isa::Avx512Vnni => Some(x86_64::fours_512),
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni => Some(x86_64::fours_256),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx2 => Some(x86_64::widened),
        #[cfg(target_arch = "aarch64")]
        Isa::NeonDot => Some(aarch64::fours),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => Some(aarch64::widened),
        _ => None,
    }
}

/// Declares [`Products`] in vectors: a step multiplies the same factors for each of [`SUMS`] sums.
macro_rules! in_vectors {
    ($(
        $(#[$doc:meta])*
        fn $name:ident($isa:ident, $features:literal, $products:literal) {
            let $x:ident = $factors:expr;
            $sum:ident = $first:expr => $next:expr
        }
    )*) => { $(
        $(#[$doc])*
        pub(super) fn $name(steps: usize) -> u64 {
            #[target_feature(enable = $features)]
            fn products(steps: usize) {
                let mut sums = [$first; SUMS];
                let $x = $factors;
                for _ in 0..steps {
                    for sum in &mut sums {
                        let $sum = *sum;
                        *sum = $next;
                    }
                }
                black_box(sums);
            }
            assert!(Isa::$isa.is_available(), "{} is not available", Isa::$isa);
            // SAFETY: the features were detected.
            unsafe { products(steps) };
            (steps * SUMS * 2 * $products) as u64
        }
    )* };
}
use in_vectors;
