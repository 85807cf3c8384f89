//! Scalar expressions: what an elementwise op computes for one element. Not tensors: broadcasting is the op's.

use std::fmt;

/// The scalar primitives of which every elementwise op is made. Truth values are 1 and 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prim {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// The larger; NaN if either is.
    Max,
    /// The smaller; NaN if either is.
    Min,
    /// `-a`
    Neg,
    /// `e^a`
    Exp,
    /// The natural logarithm.
    Log,
    /// The square root.
    Sqrt,
    /// The error function.
    Erf,
    /// 1 if `a < b`, else 0.
    Less,
    /// 1 if both are not 0, else 0.
    And,
    /// `b` if `a` is not 0, else `c`.
    Select,
}

impl Prim {
    /// Every primitive with its name and its number of operands.
    pub const ALL: [(Prim, &'static str, usize); 14] = [
        (Prim::Add, "add", 2),
        (Prim::Sub, "sub", 2),
        (Prim::Mul, "mul", 2),
        (Prim::Div, "div", 2),
        (Prim::Max, "max", 2),
        (Prim::Min, "min", 2),
        (Prim::Neg, "neg", 1),
        (Prim::Exp, "exp", 1),
        (Prim::Log, "log", 1),
        (Prim::Sqrt, "sqrt", 1),
        (Prim::Erf, "erf", 1),
        (Prim::Less, "less", 2),
        (Prim::And, "and", 2),
        (Prim::Select, "select", 3),
    ];

    /// The name in the text form.
    pub fn name(self) -> &'static str {
        Prim::ALL[self as usize].1
    }

    /// The number of operands.
    pub fn arity(self) -> usize {
        Prim::ALL[self as usize].2
    }

    /// Whether the result is a truth value.
    pub fn is_test(self) -> bool {
        matches!(self, Prim::Less | Prim::And)
    }

    /// The value for operands `a`, `b`, `c` (unused ones are ignored).
    pub fn eval(self, a: f32, b: f32, c: f32) -> f32 {
        let truth = |t: bool| f32::from(u8::from(t));
        match self {
            Prim::Add => a + b,
            Prim::Sub => a - b,
            Prim::Mul => a * b,
            Prim::Div => a / b,
            Prim::Max | Prim::Min if a.is_nan() || b.is_nan() => f32::NAN,
            Prim::Max => a.max(b),
            Prim::Min => a.min(b),
            Prim::Neg => -a,
            Prim::Exp => f64::from(a).exp() as f32,
            Prim::Log => f64::from(a).ln() as f32,
            Prim::Sqrt => a.sqrt(),
            Prim::Erf => libm::erf(f64::from(a)) as f32,
            Prim::Less => truth(a < b),
            Prim::And => truth(a != 0.0 && b != 0.0),
            Prim::Select => {
                if a == 0.0 {
                    c
                } else {
                    b
                }
            }
        }
    }
}

/// One step of an expression; operands name earlier steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inst {
    /// Operand number `.0` of the op.
    Input(usize),
    /// A constant.
    Const(f32),
    /// A primitive of earlier steps; unused operands are 0.
    Prim(Prim, [usize; 3]),
}

/// A scalar expression: steps of which the last is the result. Equal steps stand once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expr {
    insts: Vec<Inst>,
}

impl Expr {
    /// No step yet.
    pub fn new() -> Expr {
        Expr::default()
    }

    /// The steps; the last is the result.
    pub fn insts(&self) -> &[Inst] {
        &self.insts
    }

    /// Appends a step unless an equal one stands already; gives its index.
    pub fn push(&mut self, inst: Inst) -> usize {
        let same = |old: &Inst| match (old, &inst) {
            (Inst::Const(a), Inst::Const(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        };
        self.insts.iter().position(same).unwrap_or_else(|| {
            self.insts.push(inst);
            self.insts.len() - 1
        })
    }

    /// The result of a primitive of steps of this expression.
    pub fn prim(&mut self, prim: Prim, operands: &[usize]) -> usize {
        let mut args = [0; 3];
        args[..operands.len()].copy_from_slice(operands);
        self.push(Inst::Prim(prim, args))
    }

    /// Appends `other` with its operand `i` replaced by the step `inputs[i]`; gives the step of its result.
    pub fn inline(&mut self, other: &Expr, inputs: &[usize]) -> usize {
        let mut map = Vec::with_capacity(other.insts.len());
        for inst in &other.insts {
            let at = match *inst {
                Inst::Input(i) => inputs[i],
                Inst::Const(c) => self.push(Inst::Const(c)),
                Inst::Prim(p, args) => {
                    let args: Vec<usize> = args[..p.arity()].iter().map(|a| map[*a]).collect();
                    self.prim(p, &args)
                }
            };
            map.push(at);
        }
        map.last().copied().unwrap_or(0)
    }

    /// The number of operands that the expression reads: one more than the largest `Input`.
    pub fn arity(&self) -> usize {
        self.insts.iter().map(|i| if let Inst::Input(n) = i { n + 1 } else { 0 }).max().unwrap_or(0)
    }

    /// Whether the result is a truth value.
    pub fn is_test(&self) -> bool {
        matches!(self.insts.last(), Some(Inst::Prim(p, _)) if p.is_test())
    }

    /// The value for the operands `inputs`; `scratch` is reused between calls.
    pub fn eval(&self, inputs: &[f32], scratch: &mut Vec<f32>) -> f32 {
        scratch.clear();
        for inst in &self.insts {
            let value = match *inst {
                Inst::Input(i) => inputs[i],
                Inst::Const(c) => c,
                Inst::Prim(p, [a, b, c]) => p.eval(scratch[a], scratch[b], scratch[c]),
            };
            scratch.push(value);
        }
        scratch.last().copied().unwrap_or(0.0)
    }

    /// Reads the text form: `select(less($0, 0.5), $1, neg($1))`.
    ///
    /// # Errors
    /// A sentence that says what stands where which word was expected.
    pub fn parse(text: &str) -> Result<Expr, String> {
        let mut expr = Expr::new();
        let mut rest = text;
        parse_term(&mut expr, &mut rest, 0)?;
        if !rest.trim().is_empty() {
            return Err(format!("expected the end of the expression, got {:?}", rest.trim()));
        }
        Ok(expr)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, at: usize) -> fmt::Result {
        match self.insts[at] {
            Inst::Input(i) => write!(f, "${i}"),
            Inst::Const(c) => write!(f, "{c:?}"),
            Inst::Prim(p, args) => {
                write!(f, "{}(", p.name())?;
                for (i, arg) in args[..p.arity()].iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    self.write(f, *arg)?;
                }
                f.write_str(")")
            }
        }
    }
}

/// Deeper nesting than any op or fusion makes; a bound for hostile text.
const MAX_DEPTH: usize = 64;

fn parse_term(expr: &mut Expr, rest: &mut &str, depth: usize) -> Result<usize, String> {
    if depth > MAX_DEPTH {
        return Err(format!("the expression is nested deeper than {MAX_DEPTH}"));
    }
    *rest = rest.trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "$.-+_".contains(c))).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after.trim_start();
    if let Some(index) = word.strip_prefix('$') {
        let index: usize = index.parse().map_err(|_| format!("expected an operand like $0, got {word:?}"))?;
        if index >= 64 {
            return Err(format!("operand ${index} is beyond the 64 that an expression may have"));
        }
        return Ok(expr.push(Inst::Input(index)));
    }
    let Some(&(prim, name, arity)) = Prim::ALL.iter().find(|(_, name, _)| *name == word) else {
        let value: f32 =
            word.parse().map_err(|_| format!("expected a primitive, $operand or number, got {word:?}"))?;
        return Ok(expr.push(Inst::Const(value)));
    };
    let mut operands = Vec::new();
    for i in 0..arity {
        let open = if i == 0 { '(' } else { ',' };
        *rest =
            rest.trim_start().strip_prefix(open).ok_or_else(|| format!("{name} takes {arity} operands"))?;
        operands.push(parse_term(expr, rest, depth + 1)?);
    }
    *rest = rest.trim_start().strip_prefix(')').ok_or_else(|| format!("{name} takes {arity} operands"))?;
    Ok(expr.prim(prim, &operands))
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.insts.is_empty() { Ok(()) } else { self.write(f, self.insts.len() - 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_shares_equal_steps() {
        let text = "mul(mul(0.5, $0), add(1.0, erf(mul($0, 0.70710677))))";
        let expr = Expr::parse(text).unwrap();
        assert_eq!(expr.to_string(), text);
        assert_eq!(expr.insts().len(), 9, "$0 stands once");
        assert_eq!(expr.arity(), 1);
    }

    #[test]
    fn evaluation_follows_the_formula() {
        let expr = Expr::parse("select(less($0, $1), neg($0), max($0, -inf))").unwrap();
        let mut scratch = Vec::new();
        assert_eq!(expr.eval(&[1.0, 2.0], &mut scratch), -1.0);
        assert_eq!(expr.eval(&[3.0, 2.0], &mut scratch), 3.0);
    }

    #[test]
    fn bad_text_is_an_error() {
        for bad in ["", "add($0)", "add($0, $1", "$x", "foo($0)", "add($0, $1) 2", "$99"] {
            assert!(Expr::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Expr::parse(&"neg(".repeat(10_000)).is_err());
    }
}
