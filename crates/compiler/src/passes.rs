//! The passes, one file each: what, why, when it must not fire, then the rules. Not their order: see
//! [`crate::pipeline`].

pub mod canonicalize;
pub mod cse;
pub mod dce;
pub mod fold_constants;
pub mod fuse_attention;
pub mod fuse_elementwise;
pub mod fuse_layer_norm;
pub mod fuse_linear;
pub mod fuse_qkv;
pub mod narrow;
pub mod narrow_results;
pub mod narrow_states;
pub mod quantize;
pub mod quantize_picked;
