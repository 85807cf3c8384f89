//! Tensors in memory, for the interpreter, constants and tests. Not a device buffer.

use crate::{DType, TensorType};
use half::{bf16, f16};

/// The elements of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 16-bit floats.
    F16(Vec<f16>),
    /// Brain floats.
    BF16(Vec<bf16>),
    /// Signed bytes.
    I8(Vec<i8>),
    /// Signed 4-bit integers, a byte each.
    I4(Vec<i8>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// Truth values.
    Bool(Vec<bool>),
}

/// A tensor: sizes and row-major elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The sizes, outermost first.
    pub dims: Vec<usize>,
    /// The elements; as many as the product of `dims`.
    pub data: Data,
}

impl Tensor {
    /// An f32 tensor. Panics if the number of elements is not the product of `dims`.
    pub fn f32(dims: &[usize], data: Vec<f32>) -> Tensor {
        assert_eq!(dims.iter().product::<usize>(), data.len(), "elements of {dims:?}");
        Tensor { dims: dims.to_vec(), data: Data::F32(data) }
    }

    /// An i32 tensor. Panics if the number of elements is not the product of `dims`.
    pub fn i32(dims: &[usize], data: Vec<i32>) -> Tensor {
        assert_eq!(dims.iter().product::<usize>(), data.len(), "elements of {dims:?}");
        Tensor { dims: dims.to_vec(), data: Data::I32(data) }
    }

    /// A tensor of zeros.
    pub fn zeros(dtype: DType, dims: &[usize]) -> Tensor {
        Tensor::from_f32(dtype, dims, vec![0.0; dims.iter().product()])
    }

    /// Converts f32 values to `dtype` (round to nearest even; integers saturate and truncate; a bool is
    /// `x != 0`).
    pub fn from_f32(dtype: DType, dims: &[usize], values: Vec<f32>) -> Tensor {
        assert_eq!(dims.iter().product::<usize>(), values.len(), "elements of {dims:?}");
        let values_iter = || values.iter().copied();
        let data = match dtype {
            DType::F16 => Data::F16(values_iter().map(f16::from_f32).collect()),
            DType::BF16 => Data::BF16(values_iter().map(bf16::from_f32).collect()),
            DType::I8 => Data::I8(values_iter().map(|x| x as i8).collect()),
            DType::I4 => Data::I4(values_iter().map(|x| x.clamp(-8.0, 7.0) as i8).collect()),
            DType::I32 => Data::I32(values_iter().map(|x| x as i32).collect()),
            DType::Bool => Data::Bool(values_iter().map(|x| x != 0.0).collect()),
            DType::F32 => Data::F32(values),
        };
        Tensor { dims: dims.to_vec(), data }
    }

    /// The elements widened to f32 (exact for every type but large i32).
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.data {
            Data::F32(v) => v.clone(),
            Data::F16(v) => v.iter().map(|x| x.to_f32()).collect(),
            Data::BF16(v) => v.iter().map(|x| x.to_f32()).collect(),
            Data::I8(v) | Data::I4(v) => v.iter().map(|x| f32::from(*x)).collect(),
            Data::I32(v) => v.iter().map(|x| *x as f32).collect(),
            Data::Bool(v) => v.iter().map(|x| f32::from(u8::from(*x))).collect(),
        }
    }

    /// The elements of an f32 tensor. Panics for another element type: the verifier has checked it.
    pub fn as_f32(&self) -> &[f32] {
        match &self.data {
            Data::F32(v) => v,
            other => panic!("expected f32 elements, got {:?}", dtype_of(other)),
        }
    }

    /// The elements of an i32 tensor. Panics for another element type: the verifier has checked it.
    pub fn as_i32(&self) -> &[i32] {
        match &self.data {
            Data::I32(v) => v,
            other => panic!("expected i32 elements, got {:?}", dtype_of(other)),
        }
    }

    /// How elements are stored.
    pub fn dtype(&self) -> DType {
        dtype_of(&self.data)
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type, all sizes constant.
    pub fn ty(&self) -> TensorType {
        TensorType::fixed(self.dtype(), &self.dims)
    }
}

fn dtype_of(data: &Data) -> DType {
    match data {
        Data::F32(_) => DType::F32,
        Data::F16(_) => DType::F16,
        Data::BF16(_) => DType::BF16,
        Data::I8(_) => DType::I8,
        Data::I4(_) => DType::I4,
        Data::I32(_) => DType::I32,
        Data::Bool(_) => DType::Bool,
    }
}
