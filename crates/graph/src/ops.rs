//! The closed set of ops. Each is declared in a file of its own; its name stands once, in the `ops!` list.
//! Not a place for meaning: shape rule, evaluation and cases live with the op.

pub mod attention;
pub mod attr;
pub mod cache_write;
pub mod cached_attention;
pub mod cached_scores;
pub mod concat;
pub mod constant;
pub mod conv1d;
pub mod convert;
pub mod elementwise;
pub mod fused;
pub mod gather;
pub mod gather_elements;
pub mod iota;
pub mod layer_norm;
pub mod linear;
pub mod lstm;
pub mod mask_spans;
pub mod matmul;
pub mod median_filter;
pub mod pad;
pub mod picked_linear;
pub mod quantize;
pub mod quantize_low_rank;
pub mod reduce;
pub mod reshape;
pub mod scatter_elements;
pub mod slice;
pub mod softmax;
pub mod spectrogram;
pub mod top_k;
pub mod transpose;

use crate::{Tensor, TensorType};
pub use attention::Attention;
use attr::Attrs;
pub use cache_write::CacheWrite;
pub use cached_attention::CachedAttention;
pub use cached_scores::CachedScores;
pub use concat::Concat;
pub use constant::Constant;
pub use conv1d::Conv1d;
pub use convert::Convert;
pub use elementwise::Elementwise;
pub use fused::Fused;
pub use gather::Gather;
pub use gather_elements::GatherElements;
pub use iota::Iota;
pub use layer_norm::LayerNorm;
pub use linear::{Activation, Linear};
pub use lstm::Lstm;
pub use mask_spans::MaskSpans;
pub use matmul::Matmul;
pub use median_filter::MedianFilter;
pub use pad::{Pad, PadMode};
pub use picked_linear::PickedLinear;
pub use quantize::Quantize;
pub use quantize_low_rank::QuantizeLowRank;
pub use reduce::{Reduce, ReduceKind};
pub use reshape::Reshape;
pub use scatter_elements::ScatterElements;
pub use slice::Slice;
pub use softmax::Softmax;
pub use spectrogram::Spectrogram;
pub use top_k::TopK;
pub use transpose::Transpose;

/// Why an op does not fit its inputs or attributes: one sentence with what was got and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpError(pub String);

/// Gives `Err(OpError)` with a formatted sentence unless the condition holds.
macro_rules! require {
    ($cond:expr, $($message:tt)+) => {
        let holds: bool = $cond;
        if !holds {
            return Err($crate::ops::OpError(format!($($message)+)));
        }
    };
}
pub(crate) use require;

/// What one op means. [`Op`] is the closed enum of all that implement it.
pub trait OpDef: Sized {
    /// Cases that every device is checked with against [`OpDef::eval`]: `name type, type {attributes}`, all
    /// sizes constant. Integers and truth values in them are drawn within the sizes that they index.
    const CASES: &'static [&'static str];

    /// The shape rule: the types of the results.
    ///
    /// # Errors
    /// Says which input is what, and what it had to be.
    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError>;

    /// The meaning: plain loops in f32 over row-major elements. `results` are the inferred types with all
    /// sizes constant. Inputs are of inferred types; indices out of range may panic.
    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor>;
}

/// Declares an op's struct: its name in the text form, its doc and its attributes.
macro_rules! op {
    ($(#[doc = $doc:literal])+ $ty:ident = $name:literal { $($(#[doc = $fdoc:literal])+ $field:ident : $fty:ty),* $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $ty { $($(#[doc = $fdoc])+ pub $field: $fty),* }

        impl $ty {
            /// The name in the text form.
            pub const NAME: &'static str = $name;
            /// The reference text.
            pub const DOC: &'static str = concat!($($doc, "\n"),+);
            /// Each attribute with its reference text.
            pub const ATTRIBUTES: &'static [(&'static str, &'static str)] =
                &[$((stringify!($field), concat!($($fdoc, "\n"),+))),*];

            pub(super) fn attributes(&self) -> $crate::ops::attr::Attrs {
                $crate::ops::attr::Attrs(vec![
                    $((stringify!($field).to_owned(), $crate::ops::attr::Attribute::to_attr(&self.$field))),*
                ])
            }

            pub(super) fn from_attributes(attrs: &$crate::ops::attr::Attrs) -> Result<Self, $crate::ops::OpError> {
                attrs.only($name, &[$(stringify!($field)),*])?;
                Ok($ty { $($field: attrs.take($name, stringify!($field))?),* })
            }
        }
    };
}
pub(crate) use op;

macro_rules! ops {
    ($($variant:ident),* $(,)?) => {
        /// An operation: a closed enum, so that every match says what happens with each op.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            $(#[doc = concat!("See [`", stringify!($variant), "`].")] $variant($variant),)*
            /// See [`Elementwise`].
            Elementwise(Elementwise),
        }

        $(impl From<$variant> for Op {
            fn from(op: $variant) -> Op { Op::$variant(op) }
        })*

        impl Op {
            /// The name in the text form.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Op::$variant(_) => $variant::NAME,)*
                    Op::Elementwise(e) => e.name(),
                }
            }

            /// The attributes, in the order of declaration.
            pub fn attributes(&self) -> Attrs {
                match self {
                    $(Op::$variant(op) => op.attributes(),)*
                    Op::Elementwise(_) => Attrs(Vec::new()),
                }
            }

            /// The op called `name` with `attrs`.
            ///
            /// # Errors
            /// The op or an attribute is unknown, missing or of another kind.
            pub fn from_attributes(name: &str, attrs: &Attrs) -> Result<Op, OpError> {
                $(if name == $variant::NAME {
                    return $variant::from_attributes(attrs).map(Op::$variant);
                })*
                let row = Elementwise::ALL.iter().find(|e| e.name() == name);
                let row = row.ok_or_else(|| OpError(format!("unknown op {name:?}")))?;
                attrs.only(name, &[])?;
                Ok(Op::Elementwise(*row))
            }

            /// The types of the results for inputs of types `inputs`.
            ///
            /// # Errors
            /// Says which input is what, and what it had to be.
            pub fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
                match self {
                    $(Op::$variant(op) => op.infer(inputs),)*
                    Op::Elementwise(op) => op.infer(inputs),
                }
            }

            /// The results' elements; see [`OpDef::eval`].
            pub fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
                match self {
                    $(Op::$variant(op) => op.eval(inputs, results),)*
                    Op::Elementwise(op) => op.eval(inputs, results),
                }
            }

            /// Every op's name, reference text, attributes and conformance cases, elementwise rows last.
            pub fn reference() -> Vec<Reference> {
                let mut all = vec![$(Reference {
                    name: $variant::NAME, doc: $variant::DOC,
                    attributes: $variant::ATTRIBUTES, cases: <$variant as OpDef>::CASES.iter().map(ToString::to_string).collect(),
                }),*];
                all.extend(Elementwise::ALL.iter().map(|row| Reference {
                    name: row.name(), doc: row.doc(), attributes: &[], cases: row.cases(),
                }));
                all
            }
        }
    };
}

/// What the op reference and the conformance suite know of an op.
pub struct Reference {
    /// The name in the text form.
    pub name: &'static str,
    /// The reference text.
    pub doc: &'static str,
    /// Each attribute with its reference text.
    pub attributes: &'static [(&'static str, &'static str)],
    /// Conformance cases; see [`OpDef::CASES`].
    pub cases: Vec<String>,
}

ops! {
    Attention, CacheWrite, CachedAttention, CachedScores, Concat, Constant, Conv1d, Convert, Fused, Gather,
    GatherElements, Iota, LayerNorm, Linear, Lstm, MaskSpans, Matmul, MedianFilter, Pad, PickedLinear, Quantize,
    QuantizeLowRank,
    Reduce, Reshape, ScatterElements, Slice, Softmax, Spectrogram, TopK, Transpose,
}

/// Checks the number of inputs.
fn arity(name: &str, inputs: &[TensorType], expected: usize) -> Result<(), OpError> {
    require!(inputs.len() == expected, "{name} takes {expected} inputs, got {}", inputs.len());
    Ok(())
}

/// Checks that an input is of a type written with `expected`, for messages that name both.
fn expect(what: &str, got: &TensorType, expected: &TensorType) -> Result<(), OpError> {
    require!(got == expected, "{what} is {got}, expected {expected}");
    Ok(())
}

#[cfg(test)]
mod tests;
