//! Names of the instruction sets that the kernels are written for, and their detection. Not the code that
//! uses them: `simd` holds that.

/// An instruction set path. Results are bit-equal within one path, not between paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust, any machine; multiplies and adds are rounded separately.
    Scalar,
    /// x86-64 with AVX2, FMA and F16C.
    Avx2,
    /// [`Isa::Avx2`] with AVX-VNNI: products of bytes.
    AvxVnni,
    /// x86-64 with AVX-512 F, DQ, BW and VL, and all of [`Isa::Avx2`].
    Avx512,
    /// [`Isa::Avx512`] with VNNI: products of bytes.
    Avx512Vnni,
    /// [`Isa::Avx512Vnni`] with BF16: products of bfloat16.
    Avx512Bf16,
    /// [`Isa::Avx512Bf16`] with AMX tiles of bfloat16 and of bytes, which the system grants to this process.
    Amx,
    /// `AArch64` NEON.
    Neon,
    /// [`Isa::Neon`] with the dot products of Armv8.2: products of bytes.
    NeonDot,
}

impl Isa {
    /// Every path, slowest first.
    pub const ALL: [Isa; 9] = [
        Isa::Scalar,
        Isa::Avx2,
        Isa::AvxVnni,
        Isa::Avx512,
        Isa::Avx512Vnni,
        Isa::Avx512Bf16,
        Isa::Amx,
        Isa::Neon,
        Isa::NeonDot,
    ];

    /// The fastest path of this machine.
    pub fn best() -> Isa {
        Isa::ALL.into_iter().rfind(|isa| isa.is_available()).unwrap_or(Isa::Scalar)
    }

    /// The paths of this machine, slowest first; [`Isa::Scalar`] is always among them.
    pub fn available() -> impl Iterator<Item = Isa> {
        Isa::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// Whether this machine can run the path.
    pub fn is_available(self) -> bool {
        match self {
            Isa::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("f16c")
            }
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => Isa::Avx2.is_available() && is_x86_feature_detected!("avxvnni"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                Isa::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => Isa::Avx512.is_available() && is_x86_feature_detected!("avx512vnni"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Bf16 => Isa::Avx512Vnni.is_available() && is_x86_feature_detected!("avx512bf16"),
            #[cfg(target_arch = "x86_64")]
            Isa::Amx => Isa::Avx512Bf16.is_available() && crate::simd::Amx::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(target_arch = "aarch64")]
            Isa::NeonDot => Isa::Neon.is_available() && std::arch::is_aarch64_feature_detected!("dotprod"),
            #[allow(unreachable_patterns)] // The names of the other architecture.
            _ => false,
        }
    }

    /// The f32 lanes of one vector of this path.
    pub const fn lanes(self) -> usize {
        match self {
            Isa::Scalar | Isa::Neon | Isa::NeonDot => 4,
            Isa::Avx2 | Isa::AvxVnni => 8,
            Isa::Avx512 | Isa::Avx512Vnni | Isa::Avx512Bf16 | Isa::Amx => 16,
        }
    }

    /// The path whose f32 vectors this one has: f32 kernels give the same bits on both.
    #[must_use]
    pub const fn vectors(self) -> Isa {
        match self {
            Isa::AvxVnni => Isa::Avx2,
            Isa::Avx512Vnni | Isa::Avx512Bf16 | Isa::Amx => Isa::Avx512,
            Isa::NeonDot => Isa::Neon,
            other => other,
        }
    }

    /// Whether the path multiplies bfloat16; others widen it.
    pub const fn multiplies_bf16(self) -> bool {
        matches!(self, Isa::Avx512Bf16 | Isa::Amx)
    }

    /// The name as it is printed and recorded: `scalar`, `avx2`, `avx_vnni`, `avx512`, `avx512_vnni`, `avx512_bf16`,
    /// `amx`, `neon`, `neon_dotprod`.
    pub const fn name(self) -> &'static str {
        match self {
            Isa::Scalar => "scalar",
            Isa::Avx2 => "avx2",
            Isa::AvxVnni => "avx_vnni",
            Isa::Avx512 => "avx512",
            Isa::Avx512Vnni => "avx512_vnni",
            Isa::Avx512Bf16 => "avx512_bf16",
            Isa::Amx => "amx",
            Isa::Neon => "neon",
            Isa::NeonDot => "neon_dotprod",
        }
    }
}

impl std::fmt::Display for Isa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_is_the_last_available() {
        assert_eq!(Isa::available().last(), Some(Isa::best()));
        assert_eq!(Isa::available().next(), Some(Isa::Scalar));
    }
}
