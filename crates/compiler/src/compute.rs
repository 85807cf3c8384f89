//! The precision in which a model computes. Not an element type: each names the passes that choose them.

use std::fmt;
use std::str::FromStr;

/// What products are made of; sums, normalisation, softmax and the rules are f32 in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compute {
    /// f32 as the model was trained: the reference.
    #[default]
    F32,
    /// Factors of bf16 where many rows share their weights, and in the encoder's attention.
    Bf16,
    /// Factors of int8 in linear layers, with a factor for each output's weights and each row, and in scores of the encoder's
    /// attention where that is faster; else as [`Compute::Bf16`].
    Int8,
}

impl Compute {
    /// Every precision, the reference first.
    pub const ALL: [Compute; 3] = [Compute::F32, Compute::Bf16, Compute::Int8];

    /// The name on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Compute::F32 => "f32",
            Compute::Bf16 => "bf16",
            Compute::Int8 => "int8",
        }
    }
}

impl fmt::Display for Compute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no precision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no precision is called {name:?}; expected one of {}", Compute::ALL.map(Compute::name).join(", "))]
pub struct UnknownCompute {
    /// The name.
    pub name: String,
}

impl FromStr for Compute {
    type Err = UnknownCompute;

    fn from_str(name: &str) -> Result<Compute, UnknownCompute> {
        Compute::ALL
            .into_iter()
            .find(|c| c.name() == name)
            .ok_or_else(|| UnknownCompute { name: name.to_owned() })
    }
}
