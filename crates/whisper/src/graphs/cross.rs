//! Cross keys and values as they are kept from the encoder to the decoder and the alignment. Not the decoder's own past.

use crate::config::Config;
use compiler::Compute;
use graph::{Builder, DType, Dim, OpError, TensorType, Value};

/// Keys or values of a layer for every window: `[windows, n_text_head, n_audio_ctx, d]`, of f32, or of bytes with a factor
/// for each head of a place.
#[derive(Clone, Copy)]
pub(super) struct Cross {
    /// The keys or values.
    pub(super) rows: Value,
    /// What they are times, if they are of bytes.
    pub(super) factors: Option<Value>,
    heads: usize,
}

impl Cross {
    /// The states `cross.LAYER.KIND` of each layer, key before value. In int8 each is of bytes, and the state
    /// `cross.LAYER.KIND.factors: f32[windows, n_text_head, n_audio_ctx, 1]` follows: every graph that shares a state
    /// declares it so.
    pub(super) fn states(
        b: &mut Builder,
        config: &Config,
        windows: usize,
        compute: Compute,
    ) -> Vec<[Cross; 2]> {
        let mut state = |layer, kind| Cross::state(b, config, (windows, compute), (layer, kind));
        (0..config.n_text_layer).map(|layer| ["key", "value"].map(|kind| state(layer, kind))).collect()
    }

    /// One of [`Cross::states`].
    pub(super) fn state(
        b: &mut Builder,
        config: &Config,
        (windows, compute): (usize, Compute),
        (layer, kind): (usize, &str),
    ) -> Cross {
        let dims = |d: usize| [windows, config.n_text_head, config.n_audio_ctx, d];
        let name = format!("cross.{layer}.{kind}");
        let is_bytes = compute == Compute::Int8;
        let dtype = if is_bytes { DType::I8 } else { DType::F32 };
        let rows = b.state(&name, TensorType::fixed(dtype, &dims(config.head_width())));
        let factors = TensorType::fixed(DType::F32, &dims(1));
        let factors = is_bytes.then(|| b.state(&format!("{name}.factors"), factors));
        Cross { rows, factors, heads: config.n_text_head }
    }

    /// Writes `new: f32[t, n_text_head * d]` to the first t places of the window `slot: i32[1]`.
    pub(super) fn write(self, b: &mut Builder, new: Value, slot: Value) -> Result<(), OpError> {
        let Some(factors) = self.factors else {
            b.cache_write(&[self.rows, new, slot])?;
            return Ok(());
        };
        // Half the memory to write and to read before they become bytes, of whose steps bf16 is a fraction.
        let new = b.convert(new, DType::BF16)?;
        let dims = b.ty(new).shape.0.clone();
        let d = dims[1].as_fixed().unwrap_or(0) / self.heads.max(1);
        let by_head = b.reshape(new, [dims[0], Dim::fixed(self.heads), Dim::fixed(d)])?;
        let (bytes, own) = b.quantize(by_head)?;
        let bytes = b.reshape(bytes, dims)?;
        b.cache_write(&[self.rows, bytes, slot])?;
        b.cache_write(&[factors, own, slot])?;
        Ok(())
    }
}
