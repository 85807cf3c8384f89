//! AMX: products of tiles of sixteen rows, in bfloat16 and in bytes. Not vectors: those of this path are AVX-512's.
//!
//! Stable Rust has no intrinsics for tiles, so each use is one block of assembly. Tiles are all of sixteen rows of 64
//! bytes: four sums (0 to 3), two of rows (4, 5), two of weights (6, 7). LLVM allocates no tile register by itself, so
//! what [`Tiles::new`] configures holds until it is dropped, on the thread that did it.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// The token of [`crate::Isa::Amx`]; only [`Amx::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Amx(());

impl Amx {
    /// The token, when this machine has tiles of both kinds and the system lets this process use them.
    pub fn detect() -> Option<Amx> {
        // A fact of the machine, asked once: the request is a system call, and a virtual machine traps CPUID.
        static GRANTED: OnceLock<bool> = OnceLock::new();
        GRANTED.get_or_init(|| has_tiles() && is_granted()).then_some(Amx(()))
    }
}

/// Whether CPUID lists amx-bf16, amx-tile and amx-int8 (Intel SDM, leaf 7, EDX bits 22, 24 and 25).
fn has_tiles() -> bool {
    const BITS: u32 = 1 << 22 | 1 << 24 | 1 << 25;
    __cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).edx & BITS == BITS
}

/// Asks Linux for the tile data state (arch_prctl ARCH_REQ_XCOMP_PERM), which it grants to the whole process.
#[cfg(target_os = "linux")]
fn is_granted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XFEATURE_XTILEDATA: u64 = 18;
    let result: i64;
    // SAFETY: the system call takes two numbers and touches no memory of ours.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn is_granted() -> bool {
    false
}

/// Palette 1, eight tiles of sixteen rows of 64 bytes (Intel SDM, LDTILECFG).
#[repr(C, align(64))]
struct Config([u8; 64]);

static CONFIG: Config = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        bytes[16 + 2 * tile] = 64;
        bytes[48 + tile] = 16;
        tile += 1;
    }
    Config(bytes)
};

/// The tiles of this thread, configured until they are dropped. Tied to the thread: neither `Send` nor `Sync`.
#[derive(Debug)]
pub struct Tiles(PhantomData<*const ()>);

impl Tiles {
    /// Configures this thread's tiles. At most one of these is alive on a thread.
    pub fn new(_: Amx) -> Tiles {
        // SAFETY: the token exists, so the instruction may run; the configuration is one of its table.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const CONFIG, options(nostack, readonly)) };
        Tiles(PhantomData)
    }
}

impl Tiles {
    /// One product of whatever the tiles hold.
    #[inline(always)]
    pub fn stay_awake(&self) {
        // SAFETY: the tiles are configured; no sum outlives the block of assembly that made it.
        unsafe { asm!("tdpbssd tmm0, tmm4, tmm6", out("tmm0") _, options(nomem, nostack)) };
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: the token existed, so the instruction may run.
        unsafe { asm!("tilerelease", options(nomem, nostack)) };
    }
}

/// A tile of sums before the first product: zeros, or what lies in their place.
macro_rules! start {
    (zero, $tile:literal, $at:literal) => {
        concat!("tilezero ", $tile)
    };
    (sums, $tile:literal, $at:literal) => {
        concat!("tileloadd ", $tile, ", [{c} + {row}", $at, "]")
    };
}

/// One product of row tiles and weight tiles: `steps` pairs, added up from what `$start` says. The sums are two tiles
/// wide: 32 outputs to a row, as f32 or i32.
macro_rules! products {
    ($one:ident, $two:ident, $start:ident, $dot:literal, $what:literal, $come:literal) => {
        impl Tiles {
            #[doc = concat!("Sixteen rows of ", $what, " times 32 outputs; sums ", $come, " `out`, 32 to a row.")]
            ///
            /// # Safety
            /// `rows` points to `steps` tiles, `weights` to `2 * steps`, and `out` takes sixteen rows.
            #[inline(always)]
            pub unsafe fn $one(&self, rows: *const u8, weights: *const u8, steps: usize, out: *mut u8) {
                // SAFETY: the tiles are configured; the caller vouches for the memory.
                unsafe {
                    asm!(
                        start!($start, "tmm0", ""),
                        start!($start, "tmm1", " + 64"),
                        "test {n}, {n}",
                        "jz 3f",
                        "2:",
                        "tileloadd tmm4, [{a} + {line}]",
                        "tileloadd tmm6, [{b} + {line}]",
                        concat!($dot, " tmm0, tmm4, tmm6"),
                        "tileloadd tmm7, [{b} + {line} + 1024]",
                        concat!($dot, " tmm1, tmm4, tmm7"),
                        "add {a}, 1024",
                        "add {b}, 2048",
                        "dec {n}",
                        "jnz 2b",
                        "3:",
                        "tilestored [{c} + {row}], tmm0",
                        "tilestored [{c} + {row} + 64], tmm1",
                        a = inout(reg) rows => _,
                        b = inout(reg) weights => _,
                        n = inout(reg) steps => _,
                        c = in(reg) out,
                        line = in(reg) 64_usize,
                        row = in(reg) 128_usize,
                        out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm6") _, out("tmm7") _,
                        options(nostack),
                    );
                }
            }

            #[doc = concat!("Thirty-two rows of ", $what, " times 32 outputs; sums ", $come, " `out`, 32 to a row.")]
            ///
            /// # Safety
            /// `rows` points to `steps` tiles, `more` to as many of the next sixteen rows, `weights` to `2 * steps`,
            /// and `out` takes thirty-two rows.
            #[inline(always)]
            pub unsafe fn $two(
                &self,
                [rows, more]: [*const u8; 2],
                weights: *const u8,
                steps: usize,
                out: *mut u8,
            ) {
                // SAFETY: the tiles are configured; the caller vouches for the memory.
                unsafe {
                    asm!(
                        start!($start, "tmm0", ""),
                        start!($start, "tmm1", " + 64"),
                        start!($start, "tmm2", " + 2048"),
                        start!($start, "tmm3", " + 2112"),
                        "test {n}, {n}",
                        "jz 3f",
                        "2:",
                        "tileloadd tmm4, [{a} + {line}]",
                        "tileloadd tmm6, [{b} + {line}]",
                        concat!($dot, " tmm0, tmm4, tmm6"),
                        "tileloadd tmm5, [{d} + {line}]",
                        concat!($dot, " tmm2, tmm5, tmm6"),
                        "tileloadd tmm7, [{b} + {line} + 1024]",
                        concat!($dot, " tmm1, tmm4, tmm7"),
                        concat!($dot, " tmm3, tmm5, tmm7"),
                        "add {a}, 1024",
                        "add {d}, 1024",
                        "add {b}, 2048",
                        "dec {n}",
                        "jnz 2b",
                        "3:",
                        "tilestored [{c} + {row}], tmm0",
                        "tilestored [{c} + {row} + 64], tmm1",
                        "add {c}, 2048",
                        "tilestored [{c} + {row}], tmm2",
                        "tilestored [{c} + {row} + 64], tmm3",
                        a = inout(reg) rows => _,
                        d = inout(reg) more => _,
                        b = inout(reg) weights => _,
                        n = inout(reg) steps => _,
                        c = inout(reg) out => _,
                        line = in(reg) 64_usize,
                        row = in(reg) 128_usize,
                        out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                        out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                        options(nostack),
                    );
                }
            }
        }
    };
}

products!(bf16_16, bf16_32, zero, "tdpbf16ps", "pairs of bfloat16", "go to");
products!(bf16_16_onto, bf16_32_onto, sums, "tdpbf16ps", "pairs of bfloat16", "are added to what is in");
products!(i8_16, i8_32, zero, "tdpbssd", "fours of signed bytes", "go to");

/// Attention of up to sixteen queries with a head of 64 columns: tiles 0 to 3 hold sums, 4 and 5 rows, 6 and 7 weights.
impl Tiles {
    /// Thirty-two rows of 64 bfloat16 times sixteen columns; sums go to `out`, 16 to a row.
    ///
    /// # Safety
    /// `rows` points to the rows, `weights` to two tiles, and `out` takes 32 rows.
    #[inline(always)]
    pub unsafe fn two_of_32(&self, rows: *const u8, weights: *const u8, out: *mut f32) {
        // SAFETY: the tiles are configured; the caller vouches for the memory.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tileloadd tmm6, [{b} + {line}]",
                "tileloadd tmm7, [{b} + {line} + 1024]",
                "tileloadd tmm4, [{a} + {row}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{a} + {row} + 64]",
                "tdpbf16ps tmm0, tmm5, tmm7",
                "tileloadd tmm4, [{a} + {row} + 2048]",
                "tdpbf16ps tmm1, tmm4, tmm6",
                "tileloadd tmm5, [{a} + {row} + 2112]",
                "tdpbf16ps tmm1, tmm5, tmm7",
                "tilestored [{c} + {line}], tmm0",
                "tilestored [{c} + {line} + 1024], tmm1",
                a = in(reg) rows,
                b = in(reg) weights,
                c = in(reg) out,
                row = in(reg) 128_usize,
                line = in(reg) 64_usize,
                out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }

    /// Sixty-four rows of 64 bytes times sixteen columns; sums of i32 go to `out`, 16 to a row.
    ///
    /// # Safety
    /// `rows` points to the rows, `weights` to a tile, and `out` takes 64 rows.
    #[inline(always)]
    pub unsafe fn four_of_64(&self, rows: *const u8, weights: *const u8, out: *mut i32) {
        // SAFETY: the tiles are configured; the caller vouches for the memory.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "tileloadd tmm6, [{b} + {line}]",
                "tileloadd tmm4, [{a} + {line}]",
                "tdpbssd tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{a} + {line} + 1024]",
                "tdpbssd tmm1, tmm5, tmm6",
                "tileloadd tmm4, [{a} + {line} + 2048]",
                "tdpbssd tmm2, tmm4, tmm6",
                "tileloadd tmm5, [{a} + {line} + 3072]",
                "tdpbssd tmm3, tmm5, tmm6",
                "tilestored [{c} + {line}], tmm0",
                "tilestored [{c} + {line} + 1024], tmm1",
                "tilestored [{c} + {line} + 2048], tmm2",
                "tilestored [{c} + {line} + 3072], tmm3",
                a = in(reg) rows,
                b = in(reg) weights,
                c = in(reg) out,
                line = in(reg) 64_usize,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _,
                options(nostack),
            );
        }
    }
}

/// Attention of sixteen queries with a head of 64 columns to panels of 32 keys, one product at a time, so that vectors
/// work between them: tiles 0 to 3 hold sums of weighted values, 4 and 5 scores, 6 queries or weights, 7 keys or values.
impl Tiles {
    /// Starts sums of weighted values.
    #[inline(always)]
    pub fn start_sums(&self) {
        // SAFETY: the tiles are configured, and the compiler uses none.
        unsafe {
            asm!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _, options(nomem, nostack));
        }
    }

    /// Product `I` of the four of a panel. The last one writes the scores to `out`, 32 to a row.
    ///
    /// # Safety
    /// `queries` points to two tiles, `keys` to four, and `out` takes sixteen rows; products are called in order.
    #[inline(always)]
    pub unsafe fn score<const I: usize>(&self, queries: *const u8, keys: *const u8, out: *mut f32) {
        // SAFETY: the tiles are configured, and the compiler uses none, so that they stay from product to product; the
        // caller vouches for the memory.
        unsafe {
            if I.is_multiple_of(2) {
                asm!("tileloadd tmm6, [{a} + {line}]", a = in(reg) queries.add(512 * I), line = in(reg) 64_usize,
                    out("tmm6") _, options(nostack, readonly));
            }
            asm!("tileloadd tmm7, [{b} + {line}]", b = in(reg) keys.add(1024 * I), line = in(reg) 64_usize,
                out("tmm7") _, options(nostack, readonly));
            match I {
                0 => {
                    asm!("tilezero tmm4", "tdpbf16ps tmm4, tmm6, tmm7", out("tmm4") _, options(nomem, nostack));
                }
                1 => {
                    asm!("tilezero tmm5", "tdpbf16ps tmm5, tmm6, tmm7", out("tmm5") _, options(nomem, nostack));
                }
                2 => asm!("tdpbf16ps tmm4, tmm6, tmm7", out("tmm4") _, options(nomem, nostack)),
                _ => asm!(
                    "tilestored [{c} + {row}], tmm4",
                    "tdpbf16ps tmm5, tmm6, tmm7",
                    "tilestored [{c} + {row} + 64], tmm5",
                    c = in(reg) out,
                    row = in(reg) 128_usize,
                    out("tmm5") _,
                    options(nostack),
                ),
            }
        }
    }

    /// Adds the weighted values of a panel to columns `16 * I..` of 64.
    ///
    /// # Safety
    /// `weights` points to a tile, and so does `values`; columns are called in order.
    #[inline(always)]
    pub unsafe fn add_values<const I: usize>(&self, weights: *const u8, values: *const u8) {
        // SAFETY: as in `score`.
        unsafe {
            if I == 0 {
                asm!("tileloadd tmm6, [{a} + {line}]", a = in(reg) weights, line = in(reg) 64_usize,
                    out("tmm6") _, options(nostack, readonly));
            }
            asm!("tileloadd tmm7, [{b} + {line}]", b = in(reg) values, line = in(reg) 64_usize,
                out("tmm7") _, options(nostack, readonly));
            match I {
                0 => asm!("tdpbf16ps tmm0, tmm6, tmm7", out("tmm0") _, options(nomem, nostack)),
                1 => asm!("tdpbf16ps tmm1, tmm6, tmm7", out("tmm1") _, options(nomem, nostack)),
                2 => asm!("tdpbf16ps tmm2, tmm6, tmm7", out("tmm2") _, options(nomem, nostack)),
                _ => asm!("tdpbf16ps tmm3, tmm6, tmm7", out("tmm3") _, options(nomem, nostack)),
            }
        }
    }

    /// Writes the sums of weighted values, 64 to a row.
    ///
    /// # Safety
    /// `out` takes sixteen rows.
    #[inline(always)]
    pub unsafe fn store_sums(&self, out: *mut f32) {
        // SAFETY: the tiles are configured; the caller vouches for the memory.
        unsafe {
            asm!(
                "tilestored [{c} + {row}], tmm0",
                "tilestored [{c} + {row} + 64], tmm1",
                "tilestored [{c} + {row} + 128], tmm2",
                "tilestored [{c} + {row} + 192], tmm3",
                c = in(reg) out,
                row = in(reg) 256_usize,
                options(nostack),
            );
        }
    }
}

/// Sixteen rows times 64 columns, whose weights are written as they are needed.
macro_rules! wide {
    ($name:ident, $dot:literal, $what:literal) => {
        impl Tiles {
            #[doc = concat!("Sixteen rows of `steps` times ", $what, ", `stride` bytes apart, times 64 columns: `fill` writes each step's")]
            /// weights, four tiles, to `weights`. Sums go to `out`, 64 to a row.
            ///
            /// # Safety
            /// `rows` points to the rows, `weights` to four tiles, and `out` takes sixteen rows; `fill` uses no tiles.
            #[inline(always)]
            pub unsafe fn $name(
                &self,
                (rows, stride, steps): (*const u8, usize, usize),
                weights: *mut u8,
                mut fill: impl FnMut(usize),
                out: *mut f32,
            ) {
                // SAFETY: the tiles are configured, and the compiler uses none, so that sums stay from block to block; the
                // caller vouches for the memory.
                unsafe {
                    self.start_sums();
                    for step in 0..steps {
                        fill(step);
                        asm!(
                            "tileloadd tmm4, [{a} + {stride}]",
                            "tileloadd tmm6, [{b} + {line}]",
                            concat!($dot, " tmm0, tmm4, tmm6"),
                            "tileloadd tmm7, [{b} + {line} + 1024]",
                            concat!($dot, " tmm1, tmm4, tmm7"),
                            "tileloadd tmm6, [{b} + {line} + 2048]",
                            concat!($dot, " tmm2, tmm4, tmm6"),
                            "tileloadd tmm7, [{b} + {line} + 3072]",
                            concat!($dot, " tmm3, tmm4, tmm7"),
                            a = in(reg) rows.add(64 * step),
                            b = in(reg) weights,
                            stride = in(reg) stride,
                            line = in(reg) 64_usize,
                            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                            out("tmm4") _, out("tmm6") _, out("tmm7") _,
                            options(nostack),
                        );
                    }
                    self.store_sums(out);
                }
            }
        }
    };
}

wide!(wide_16, "tdpbf16ps", "32 bfloat16");
wide!(wide_16_of_bytes, "tdpbssd", "64 signed bytes");
