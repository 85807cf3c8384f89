//! The detector's weights, in the binary. Not a loader: there is one file, and it is always there.
//!
//! `weights/silero_vad_16k.safetensors` comes unchanged from the package `silero-vad` 6.2.3 on PyPI; its licence, MIT,
//! stands beside it. The package's ONNX and TorchScript models hold other weights than this file.

use crate::Error;
use compiler::{TensorView, Weights};
use graph::DType;
use safetensors::tensor::{Dtype, Metadata};
use safetensors::{SafeTensorError, SafeTensors};

const FILE: &[u8] = include_bytes!("../weights/silero_vad_16k.safetensors");

/// The tensors of the embedded file.
#[derive(Debug)]
pub struct Embedded {
    metadata: Metadata,
    data: &'static [u8],
}

impl Embedded {
    /// Reads the file's header.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn read() -> Result<Embedded, Error> {
        read(FILE).map_err(Error::Weights)
    }
}

fn read(file: &'static [u8]) -> Result<Embedded, SafeTensorError> {
    let (header, metadata) = SafeTensors::read_metadata(file)?;
    // The length of the header stands before it, in eight bytes.
    Ok(Embedded { metadata, data: file.get(8 + header..).unwrap_or_default() })
}

impl Weights for Embedded {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        let info = self.metadata.info(name)?;
        let (start, end) = info.data_offsets;
        let bytes = self.data.get(start..end)?;
        (info.dtype == Dtype::F32).then_some(TensorView { dtype: DType::F32, dims: &info.shape, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_found_with_their_sizes() {
        let weights = Embedded::read().unwrap();
        let bias = weights.tensor("final_conv.bias").unwrap();
        assert_eq!((bias.dims, bias.bytes.len()), (&[1][..], 4));
        assert_eq!(weights.tensor("lstm_cell.weight_hh").unwrap().dims, [512, 128]);
        assert!(weights.tensor("lstm_cell.weight").is_none());
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        for length in [0, 7, 8, 100, FILE.len() - 1] {
            let error = read(&FILE[..length]).map_err(Error::Weights).unwrap_err().to_string();
            assert!(error.starts_with("the detector's weights are damaged ("), "{error}");
        }
    }
}
