//! Typed tensor graphs: types, ops, text form, verifier and reference interpreter. Not an executor: it knows
//! no device, pass, thread or file.

#![forbid(unsafe_code)]

mod builder;
mod dim;
mod dtype;
mod graph;
pub mod interpret;
pub mod ops;
pub mod scalar;
mod tensor;
pub mod text;
mod types;
pub mod verify;

pub use builder::Builder;
pub use dim::{Bindings, Dim, Symbol};
pub use dtype::DType;
pub use graph::{Def, Graph, Node, NodeId, Param, ParamKind, SymbolRange, Value, ValueInfo};
pub use ops::{Op, OpError};
pub use tensor::{Data, Tensor};
pub use types::{Shape, TensorType};
