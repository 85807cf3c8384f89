//! What is in a model: its tensors and their sizes by part. Not a check: opening the model does that.

use graph::DType;
use whisper::Model;

/// One tensor of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorRow<'a> {
    /// Its name, as openai-whisper has it.
    pub name: &'a str,
    /// Its sizes, outermost first.
    pub shape: &'a [usize],
    /// How its elements are stored.
    pub dtype: DType,
    /// How much it takes in the file.
    pub bytes: usize,
}

/// The tensors of one part of a model, added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSize {
    /// `encoder`, `decoder`, or `embedding` (of the tokens, which is also the output projection).
    pub part: &'static str,
    /// How many tensors.
    pub tensors: usize,
    /// How many elements.
    pub parameters: usize,
    /// How much they take.
    pub bytes: usize,
}

/// Every tensor, in the order of the model.
pub fn tensors(model: &Model) -> Vec<TensorRow<'_>> {
    let rows = model.tensors.weights.tensors();
    rows.map(|(name, view)| TensorRow { name, shape: view.shape, dtype: view.dtype, bytes: view.bytes.len() })
        .collect()
}

/// The size of each part.
pub fn parts(rows: &[TensorRow<'_>]) -> [PartSize; 3] {
    let empty = |part| PartSize { part, tensors: 0, parameters: 0, bytes: 0 };
    let mut parts = [empty("encoder"), empty("decoder"), empty("embedding")];
    for row in rows {
        let at = match row.name {
            "decoder.token_embedding.weight" => 2,
            name if name.starts_with("decoder.") => 1,
            _ => 0,
        };
        parts[at].tensors += 1;
        parts[at].parameters += row.shape.iter().product::<usize>();
        parts[at].bytes += row.bytes;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        let row = |name, shape| TensorRow { name, shape, dtype: DType::F16, bytes: 12 };
        let rows = [
            row("encoder.conv1.weight", &[2, 3][..]),
            row("decoder.token_embedding.weight", &[6]),
            row("decoder.positional_embedding", &[6]),
            row("decoder.ln.bias", &[6]),
        ];
        let sizes = parts(&rows).map(|part| (part.part, part.tensors, part.parameters, part.bytes));
        assert_eq!(sizes, [("encoder", 1, 6, 12), ("decoder", 2, 12, 24), ("embedding", 1, 6, 12)]);
    }
}
