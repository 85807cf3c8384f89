//! Symbolic dimensions: `a*s + b` with one symbol. Not an algebra: products of symbols do not exist.

use std::fmt;

/// The name of a symbolic size, at most eight ASCII letters, digits or underscores, so that it is `Copy`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol([u8; 8]);

impl Symbol {
    /// The symbol called `name`; `None` unless it is one to eight ASCII letters, digits or underscores that
    /// start with a letter.
    pub fn new(name: &str) -> Option<Symbol> {
        let bytes = name.as_bytes();
        let fits = (1..=8).contains(&bytes.len())
            && bytes[0].is_ascii_alphabetic()
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        fits.then(|| {
            let mut out = [0; 8];
            out[..bytes.len()].copy_from_slice(bytes);
            Symbol(out)
        })
    }

    /// The symbol's name.
    pub fn name(&self) -> &str {
        let len = self.0.iter().position(|b| *b == 0).unwrap_or(8);
        std::str::from_utf8(&self.0[..len]).unwrap_or_default()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The sizes that symbols stand for in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings(Vec<(Symbol, usize)>);

impl Bindings {
    /// No symbol bound.
    pub fn new() -> Bindings {
        Bindings::default()
    }

    /// Binds `symbol` to `size`; `false` if it is bound to another size already.
    pub fn bind(&mut self, symbol: Symbol, size: usize) -> bool {
        if let Some(bound) = self.get(symbol) {
            return bound == size;
        }
        self.0.push((symbol, size));
        true
    }

    /// The size bound to `symbol`.
    pub fn get(&self, symbol: Symbol) -> Option<usize> {
        self.0.iter().find(|(s, _)| *s == symbol).map(|(_, size)| *size)
    }

    /// Forgets every binding, keeping the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// One dimension: `scale*symbol + offset`, or the constant `offset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dim {
    symbol: Option<Symbol>,
    scale: usize,
    offset: usize,
}

impl Dim {
    /// A constant size.
    pub const fn fixed(size: usize) -> Dim {
        Dim { symbol: None, scale: 0, offset: size }
    }

    /// `scale*symbol + offset`; a scale of 0 gives the constant.
    pub fn affine(scale: usize, symbol: Symbol, offset: usize) -> Dim {
        if scale == 0 { Dim::fixed(offset) } else { Dim { symbol: Some(symbol), scale, offset } }
    }

    /// The size, if it is a constant.
    pub fn as_fixed(&self) -> Option<usize> {
        self.symbol.is_none().then_some(self.offset)
    }

    /// The symbol, if there is one.
    pub fn symbol(&self) -> Option<Symbol> {
        self.symbol
    }

    /// `self + n`.
    #[must_use]
    pub fn plus(&self, n: usize) -> Dim {
        Dim { offset: self.offset.saturating_add(n), ..*self }
    }

    /// `self * n`.
    #[must_use]
    pub fn times(&self, n: usize) -> Dim {
        match self.symbol {
            Some(symbol) => Dim::affine(self.scale.saturating_mul(n), symbol, self.offset.saturating_mul(n)),
            None => Dim::fixed(self.offset.saturating_mul(n)),
        }
    }

    /// `self * n`; `None` on overflow.
    pub fn checked_times(&self, n: usize) -> Option<Dim> {
        let (scale, offset) = (self.scale.checked_mul(n)?, self.offset.checked_mul(n)?);
        Some(self.symbol.map_or(Dim::fixed(offset), |symbol| Dim::affine(scale, symbol, offset)))
    }

    /// `floor((self - minus) / by) + 1`, the number of windows of length `minus` at distance `by`, when it is
    /// again affine: the scale is a multiple of `by` and the length is never negative.
    pub fn windows(&self, minus: usize, by: usize) -> Option<Dim> {
        match self.symbol {
            None => self.offset.checked_sub(minus).map(|rest| Dim::fixed(rest / by + 1)),
            // (a*s + b - m) / by + 1 with by | a; b - m may be negative down to -by (then one window less).
            Some(symbol) if self.scale.is_multiple_of(by) => {
                let windows = self.offset.checked_add(by)?.checked_sub(minus)? / by;
                Some(Dim::affine(self.scale / by, symbol, windows))
            }
            Some(_) => None,
        }
    }

    /// The size under `bindings`; `None` if the symbol is not bound or the size overflows.
    pub fn eval(&self, bindings: &Bindings) -> Option<usize> {
        match self.symbol {
            None => Some(self.offset),
            Some(symbol) => bindings.get(symbol)?.checked_mul(self.scale)?.checked_add(self.offset),
        }
    }

    /// The symbol's value for which this dimension is `size`; `None` if there is none.
    pub fn solve(&self, size: usize) -> Option<(Symbol, usize)> {
        let symbol = self.symbol?;
        let rest = size.checked_sub(self.offset)?;
        rest.is_multiple_of(self.scale).then(|| (symbol, rest / self.scale))
    }
}

impl From<usize> for Dim {
    fn from(size: usize) -> Dim {
        Dim::fixed(size)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(symbol) = self.symbol else { return write!(f, "{}", self.offset) };
        if self.scale != 1 {
            write!(f, "{}*", self.scale)?;
        }
        write!(f, "{symbol}")?;
        if self.offset != 0 {
            write!(f, " + {}", self.offset)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stft_frames_are_affine() {
        let n = Symbol::new("n").unwrap();
        let padded = Dim::affine(160, n, 240);
        assert_eq!(padded.windows(400, 160), Some(Dim::affine(1, n, 0)));
        assert_eq!(Dim::fixed(480_240).windows(400, 160), Some(Dim::fixed(3000)));
        assert_eq!(padded.windows(400, 100), None, "100 does not divide 160");
        assert_eq!(padded.to_string(), "160*n + 240");
    }

    #[test]
    fn solving_undoes_evaluating() {
        let n = Symbol::new("n").unwrap();
        let dim = Dim::affine(160, n, 40);
        let mut bindings = Bindings::new();
        assert!(bindings.bind(n, 3000));
        assert!(!bindings.bind(n, 2999));
        assert_eq!(dim.solve(dim.eval(&bindings).unwrap()), Some((n, 3000)));
        assert_eq!(dim.solve(41), None);
        assert_eq!(dim.solve(39), None);
    }

    #[test]
    fn symbols_are_short_names() {
        assert!(Symbol::new("n_tokens").is_some());
        assert!(
            Symbol::new("").is_none() && Symbol::new("1n").is_none() && Symbol::new("ninechars").is_none()
        );
    }
}
