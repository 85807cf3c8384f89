//! Attribute values: what stands in `{eps=1e-5, perm=[1, 0, 2]}`. Not operands: they are known when a graph is
//! built.

use crate::ops::{OpError, require};
use crate::scalar::Expr;
use crate::{DType, Dim, Shape};
use std::fmt;

/// One attribute value as it stands in the text form.
#[derive(Clone, Debug, PartialEq)]
pub enum Attr {
    /// `3`
    Int(i64),
    /// `1e-5`, `-inf`
    Float(f32),
    /// `true`, `gelu`, `f32`
    Word(String),
    /// `[n, 8, 64]`
    Dims(Shape),
    /// `"add($0, $1)"`
    Text(String),
}

impl fmt::Display for Attr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attr::Int(i) => write!(f, "{i}"),
            Attr::Float(x) => write!(f, "{x:?}"),
            Attr::Word(word) => f.write_str(word),
            Attr::Dims(shape) => write!(f, "{shape}"),
            Attr::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// An op's attributes by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attrs(pub Vec<(String, Attr)>);

impl Attrs {
    /// Checks that no attribute but `names` stands here.
    ///
    /// # Errors
    /// Names the first other attribute.
    pub fn only(&self, op: &str, names: &[&str]) -> Result<(), OpError> {
        for (name, _) in &self.0 {
            require!(names.contains(&name.as_str()), "{op} has no attribute {name}; it has {names:?}");
        }
        Ok(())
    }

    /// The value of attribute `name` of `op`.
    ///
    /// # Errors
    /// It is missing or of another kind.
    pub fn take<T: Attribute>(&self, op: &str, name: &str) -> Result<T, OpError> {
        let attr = self.0.iter().find(|(n, _)| n == name).map(|(_, a)| a);
        let attr = attr.ok_or_else(|| OpError(format!("{op} needs the attribute {name}")))?;
        T::from_attr(attr).map_err(|expected| OpError(format!("{op}: {name} is {attr}, expected {expected}")))
    }
}

impl fmt::Display for Attrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.0.iter().enumerate() {
            write!(f, "{}{name}={value}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

/// A Rust type that an attribute can have.
pub trait Attribute: Sized {
    /// The value as it stands in the text form.
    fn to_attr(&self) -> Attr;

    /// The value back.
    ///
    /// # Errors
    /// Says what kind was expected.
    fn from_attr(attr: &Attr) -> Result<Self, String>;
}

impl Attribute for usize {
    fn to_attr(&self) -> Attr {
        Attr::Int(*self as i64)
    }

    fn from_attr(attr: &Attr) -> Result<usize, String> {
        match attr {
            // Sizes far beyond any tensor are refused here, so that sums of a few of them can't overflow.
            Attr::Int(i) if (0..1 << 40).contains(i) => Ok(*i as usize),
            _ => Err("a whole number from 0 to 2^40".to_owned()),
        }
    }
}

impl Attribute for i64 {
    fn to_attr(&self) -> Attr {
        Attr::Int(*self)
    }

    fn from_attr(attr: &Attr) -> Result<i64, String> {
        match attr {
            Attr::Int(i) => Ok(*i),
            _ => Err("a whole number".to_owned()),
        }
    }
}

impl Attribute for f32 {
    fn to_attr(&self) -> Attr {
        Attr::Float(*self)
    }

    fn from_attr(attr: &Attr) -> Result<f32, String> {
        match attr {
            Attr::Float(x) => Ok(*x),
            Attr::Int(i) => Ok(*i as f32),
            _ => Err("a number".to_owned()),
        }
    }
}

impl Attribute for bool {
    fn to_attr(&self) -> Attr {
        Attr::Word(self.to_string())
    }

    fn from_attr(attr: &Attr) -> Result<bool, String> {
        match attr {
            Attr::Word(w) if w == "true" => Ok(true),
            Attr::Word(w) if w == "false" => Ok(false),
            _ => Err("true or false".to_owned()),
        }
    }
}

impl Attribute for DType {
    fn to_attr(&self) -> Attr {
        Attr::Word(self.name().to_owned())
    }

    fn from_attr(attr: &Attr) -> Result<DType, String> {
        match attr {
            Attr::Word(w) => w.parse(),
            _ => Err("an element type".to_owned()),
        }
    }
}

impl Attribute for Shape {
    fn to_attr(&self) -> Attr {
        Attr::Dims(self.clone())
    }

    fn from_attr(attr: &Attr) -> Result<Shape, String> {
        match attr {
            Attr::Dims(shape) => Ok(shape.clone()),
            _ => Err("a shape like [n, 8, 64]".to_owned()),
        }
    }
}

impl Attribute for Vec<usize> {
    fn to_attr(&self) -> Attr {
        Attr::Dims(Shape(self.iter().map(|i| Dim::fixed(*i)).collect()))
    }

    fn from_attr(attr: &Attr) -> Result<Vec<usize>, String> {
        match attr {
            Attr::Dims(shape) => shape.as_fixed(),
            _ => None,
        }
        .ok_or_else(|| "a list like [1, 0, 2]".to_owned())
    }
}

impl Attribute for Expr {
    fn to_attr(&self) -> Attr {
        Attr::Text(self.to_string())
    }

    fn from_attr(attr: &Attr) -> Result<Expr, String> {
        match attr {
            Attr::Text(text) => Expr::parse(text),
            _ => Err("an expression like \"add($0, $1)\"".to_owned()),
        }
    }
}

/// Declares an enum that is an attribute written as one word.
macro_rules! word_attr {
    ($(#[doc = $doc:literal])+ $ty:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal),* $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $ty { $($(#[doc = $vdoc])+ $variant),* }

        impl $crate::ops::attr::Attribute for $ty {
            fn to_attr(&self) -> $crate::ops::attr::Attr {
                let word = match self { $($ty::$variant => $word),* };
                $crate::ops::attr::Attr::Word(word.to_owned())
            }

            fn from_attr(attr: &$crate::ops::attr::Attr) -> Result<$ty, String> {
                match attr {
                    $($crate::ops::attr::Attr::Word(w) if w == $word => Ok($ty::$variant),)*
                    _ => Err([$($word),*].join(" or ")),
                }
            }
        }
    };
}
pub(crate) use word_attr;
