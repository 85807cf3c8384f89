//! Element types. Not tensors: a `DType` says how one element is stored.

use std::fmt;
use std::str::FromStr;

/// How one element is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper 16 bits of a binary32.
    BF16,
    /// Signed 8-bit integer.
    I8,
    /// Signed 4-bit integer, from -8 to 7.
    I4,
    /// Signed 32-bit integer: token ids, rows, positions.
    I32,
    /// One byte, 0 or 1.
    Bool,
}

impl DType {
    /// Every element type, in the order of the enum.
    pub const ALL: [DType; 7] =
        [DType::F32, DType::F16, DType::BF16, DType::I8, DType::I4, DType::I32, DType::Bool];

    /// The name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F16 => "f16",
            DType::BF16 => "bf16",
            DType::I8 => "i8",
            DType::I4 => "i4",
            DType::I32 => "i32",
            DType::Bool => "bool",
        }
    }

    /// Bytes of one element of a tensor: a 4-bit integer has one to itself, and shares it with another where a device
    /// packs them.
    pub fn bytes(self) -> usize {
        match self {
            DType::F32 | DType::I32 => 4,
            DType::F16 | DType::BF16 => 2,
            DType::I8 | DType::I4 | DType::Bool => 1,
        }
    }

    /// Whether the elements are floating point numbers.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F16 | DType::BF16)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        DType::ALL.into_iter().find(|d| d.name() == text).ok_or_else(|| {
            format!("unknown element type {text:?}; expected one of f32, f16, bf16, i8, i4, i32, bool")
        })
    }
}
