//! Patterns: formulas over ops with variables. Not conditions on types or attributes beyond an op's own: those
//! stand in a rule's `only_if`.

use graph::Op;
use graph::ops::{Conv1d, Convert, Elementwise, Linear, Matmul, Reduce, ReduceKind, Softmax, Transpose};
use std::ops::{Add, Div, Mul, Sub};

/// A variable of a pattern. It stands for the same value wherever it occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var(pub(super) usize);

/// As many variables as there are names on the left side.
pub fn vars<const N: usize>() -> [Var; N] {
    std::array::from_fn(Var)
}

/// Which ops a node of a pattern accepts.
#[derive(Clone, Debug)]
pub(super) enum Accepts {
    Exactly(Op),
    When(fn(&Op) -> bool),
}

/// A formula to look for.
#[derive(Clone, Debug)]
pub struct Pattern(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Any value.
    Any(Var),
    /// The result of a `constant`.
    Constant(Var),
    /// The one result of a node.
    Node(Box<NodePattern>),
}

#[derive(Clone, Debug)]
pub(super) struct NodePattern {
    pub accepts: Accepts,
    /// `None`: whatever the inputs are.
    pub inputs: Option<Vec<Pattern>>,
    pub bound: Option<Var>,
    pub shared: bool,
}

impl Pattern {
    fn of(accepts: Accepts, inputs: Option<Vec<Pattern>>) -> Pattern {
        Pattern(Kind::Node(Box::new(NodePattern { accepts, inputs, bound: None, shared: false })))
    }

    /// Binds `var` to the value that this part of the pattern matches.
    #[must_use]
    pub fn bind(mut self, var: Var) -> Pattern {
        if let Kind::Node(node) = &mut self.0 {
            node.bound = Some(var);
        }
        self
    }

    /// Lets this node's result be used outside the pattern too: it stays as it is if it is.
    #[must_use]
    pub fn shared(mut self) -> Pattern {
        if let Kind::Node(node) = &mut self.0 {
            node.shared = true;
        }
        self
    }
}

impl From<Var> for Pattern {
    fn from(var: Var) -> Pattern {
        Pattern(Kind::Any(var))
    }
}

impl From<&Pattern> for Pattern {
    fn from(pattern: &Pattern) -> Pattern {
        pattern.clone()
    }
}

/// A `constant`.
pub fn constant(var: Var) -> Pattern {
    Pattern(Kind::Constant(var))
}

/// A node whose op is accepted, whatever its inputs are, bound to `var`.
pub fn node(var: Var, accepts: fn(&Op) -> bool) -> Pattern {
    Pattern::of(Accepts::When(accepts), None).bind(var)
}

/// An elementwise op.
pub fn elementwise(op: Elementwise, inputs: impl IntoIterator<Item = Pattern>) -> Pattern {
    exactly(Op::Elementwise(op), inputs)
}

/// A `matmul`.
pub fn matmul(a: impl Into<Pattern>, b: impl Into<Pattern>) -> Pattern {
    exactly(Matmul {}, [a.into(), b.into()])
}

/// A `linear` without bias, activation and residual.
pub fn linear(x: impl Into<Pattern>, w: impl Into<Pattern>) -> Pattern {
    exactly(Linear::PLAIN, [x.into(), w.into()])
}

/// A `conv1d` of any stride and padding without bias and activation.
pub fn conv1d(x: impl Into<Pattern>, w: impl Into<Pattern>) -> Pattern {
    let plain = |op: &Op| {
        let Op::Conv1d(Conv1d { activation, bias, .. }) = op else { return false };
        *activation == graph::ops::Activation::None && !bias
    };
    Pattern::of(Accepts::When(plain), Some(vec![x.into(), w.into()]))
}

/// A `convert` to any element type.
pub fn convert(x: impl Into<Pattern>) -> Pattern {
    Pattern::of(Accepts::When(|op| matches!(op, Op::Convert(Convert { .. }))), Some(vec![x.into()]))
}

/// A `softmax`.
pub fn softmax(x: impl Into<Pattern>) -> Pattern {
    exactly(Softmax {}, [x.into()])
}

/// A `reduce` of the last axis to its mean.
pub fn mean(x: impl Into<Pattern>) -> Pattern {
    exactly(Reduce { kind: ReduceKind::Mean, axis: -1 }, [x.into()])
}

/// A `reshape` to any shape.
pub fn reshape(x: impl Into<Pattern>) -> Pattern {
    Pattern::of(Accepts::When(|op| matches!(op, Op::Reshape(_))), Some(vec![x.into()]))
}

/// A `transpose` by any permutation.
pub fn permuted(x: impl Into<Pattern>) -> Pattern {
    Pattern::of(Accepts::When(|op| matches!(op, Op::Transpose(_))), Some(vec![x.into()]))
}

/// A `reshape` or a `transpose`: the same elements elsewhere.
pub fn moved(x: impl Into<Pattern>) -> Pattern {
    let moves = |op: &Op| matches!(op, Op::Reshape(_) | Op::Transpose(_));
    Pattern::of(Accepts::When(moves), Some(vec![x.into()]))
}

/// An `attention` of any number of heads and any scale.
pub fn attention(q: impl Into<Pattern>, k: impl Into<Pattern>, v: impl Into<Pattern>) -> Pattern {
    let accepts = |op: &Op| matches!(op, Op::Attention(_));
    Pattern::of(Accepts::When(accepts), Some(vec![q.into(), k.into(), v.into()]))
}

/// A `transpose` by `perm`.
pub fn transpose(perm: &[usize], x: impl Into<Pattern>) -> Pattern {
    exactly(Transpose { perm: perm.to_vec() }, [x.into()])
}

fn exactly(op: impl Into<Op>, inputs: impl IntoIterator<Item = Pattern>) -> Pattern {
    Pattern::of(Accepts::Exactly(op.into()), Some(inputs.into_iter().collect()))
}

macro_rules! operators {
    ($($left:ty),*) => { $(
        operators!($left, Add add Add, Sub sub Sub, Mul mul Mul, Div div Div);
    )* };
    ($left:ty, $($op:ident $method:ident $row:ident),*) => { $(
        impl<T: Into<Pattern>> $op<T> for $left {
            type Output = Pattern;

            fn $method(self, right: T) -> Pattern {
                elementwise(Elementwise::$row, [self.into(), right.into()])
            }
        }
    )* };
}

operators!(Var, Pattern, &Pattern);
