//! The parser. Types are read as they stand: the verifier compares them with what the ops infer.

use super::lex::{Token, lex};
use crate::graph::{Def, Graph, Node, NodeId, Param, ParamKind, SymbolRange, Value, ValueInfo};
use crate::ops::attr::{Attr, Attrs};
use crate::{Dim, Op, Shape, Symbol, TensorType};
use std::collections::HashMap;

/// Where the text stops being a graph, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// What was got and what was expected.
    pub message: String,
}

/// A parsed graph and where its parts stand.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The graph; not yet verified.
    pub graph: Graph,
    /// The line of each node.
    pub node_lines: Vec<usize>,
    /// The line of each parameter.
    pub param_lines: Vec<usize>,
    /// The line of `return`.
    pub return_line: usize,
}

/// Reads one graph.
///
/// # Errors
/// The first place where the text is not a graph.
pub fn parse(text: &str) -> Result<Parsed, ParseError> {
    let tokens = lex(text).map_err(|(line, message)| ParseError { line, message })?;
    let mut parser = Parser::new(&tokens);
    parser.graph()?;
    parser.end()?;
    Ok(parser.out)
}

/// Reads a conformance case: `layer_norm f32[2, 8], f32[8], f32[8] {eps=1e-5, digits=0}`.
///
/// # Errors
/// The text is no such case, or the op does not accept the types.
pub fn parse_case(text: &str) -> Result<(Op, Vec<TensorType>), ParseError> {
    let tokens = lex(text).map_err(|(line, message)| ParseError { line, message })?;
    let mut parser = Parser::new(&tokens);
    let name = parser.word("an op")?;
    let mut types = Vec::new();
    while matches!(parser.peek(), Some(Token::Word(_))) {
        types.push(parser.ty()?);
        if !parser.take(",") {
            break;
        }
    }
    let attrs = parser.attributes()?;
    parser.end()?;
    let op = Op::from_attributes(name, &attrs).map_err(|e| parser.fail(e.to_string()))?;
    op.infer(&types).map_err(|e| parser.fail(e.to_string()))?;
    Ok((op, types))
}

struct Parser<'a> {
    tokens: &'a [(usize, Token<'a>)],
    at: usize,
    out: Parsed,
    names: HashMap<&'a str, Value>,
}

type Result1<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    fn new(tokens: &'a [(usize, Token<'a>)]) -> Parser<'a> {
        let out = Parsed { graph: Graph::default(), node_lines: vec![], param_lines: vec![], return_line: 0 };
        Parser { tokens, at: 0, out, names: HashMap::new() }
    }

    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at).map(|(_, t)| t)
    }

    fn line(&self) -> usize {
        let last = self.tokens.last().map_or(1, |(line, _)| *line);
        self.tokens.get(self.at).map_or(last, |(line, _)| *line)
    }

    fn fail(&self, message: String) -> ParseError {
        ParseError { line: self.line(), message }
    }

    fn unexpected<T>(&self, expected: &str) -> Result1<T> {
        let got = self.peek().map_or("the end".to_owned(), |t| format!("{:?}", t.to_string()));
        Err(self.fail(format!("expected {expected}, got {got}")))
    }

    fn take(&mut self, sign: &str) -> bool {
        let fits = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(fits);
        fits
    }

    fn sign(&mut self, sign: &str) -> Result1<()> {
        if self.take(sign) { Ok(()) } else { self.unexpected(sign) }
    }

    fn word(&mut self, what: &str) -> Result1<&'a str> {
        match self.peek() {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word)
            }
            _ => self.unexpected(what),
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let fits = matches!(self.peek(), Some(Token::Word(w)) if *w == word);
        self.at += usize::from(fits);
        fits
    }

    fn value_name(&mut self) -> Result1<&'a str> {
        match self.peek() {
            Some(Token::Value(name)) if !name.is_empty() => {
                self.at += 1;
                Ok(name)
            }
            _ => self.unexpected("a value like %x"),
        }
    }

    fn at_name(&mut self) -> Result1<&'a str> {
        match self.peek() {
            Some(Token::At(name)) if !name.is_empty() => {
                self.at += 1;
                Ok(name)
            }
            _ => self.unexpected("a name like @encoder"),
        }
    }

    fn end(&self) -> Result1<()> {
        if self.at == self.tokens.len() { Ok(()) } else { self.unexpected("the end") }
    }

    fn size(&mut self) -> Result1<usize> {
        let word = self.word("a size")?;
        let size = word.parse().ok().filter(|n| *n < 1_usize << 40);
        size.ok_or_else(|| self.fail(format!("expected a whole number from 0 to 2^40, got {word:?}")))
    }

    fn symbol(&mut self, word: &str) -> Result1<Symbol> {
        Symbol::new(word)
            .ok_or_else(|| self.fail(format!("{word:?} is no symbol: at most 8 letters, digits, _")))
    }

    fn graph(&mut self) -> Result1<()> {
        if !self.take_word("graph") {
            return self.unexpected("graph");
        }
        self.at_name()?.clone_into(&mut self.out.graph.name);
        if self.take("[") {
            loop {
                let word = self.word("a symbol")?;
                let symbol = self.symbol(word)?;
                if !self.take_word("in") {
                    return self.unexpected("in");
                }
                let min = self.size()?;
                self.sign("..=")?;
                let max = self.size()?;
                self.out.graph.symbols.push(SymbolRange { symbol, min, max });
                if !self.take(",") {
                    break;
                }
            }
            self.sign("]")?;
        }
        self.params()?;
        self.sign("{")?;
        while !self.take_word("return") {
            self.node()?;
        }
        self.out.return_line = self.line();
        while matches!(self.peek(), Some(Token::Value(_))) {
            let result = self.used()?;
            self.out.graph.results.push(result);
            if !self.take(",") {
                break;
            }
        }
        self.sign("}")
    }

    fn params(&mut self) -> Result1<()> {
        self.sign("(")?;
        while !self.take(")") {
            let line = self.line();
            let state = self.take_word("state");
            let name = self.value_name()?;
            self.sign(":")?;
            let ty = self.ty()?;
            let kind = if state {
                ParamKind::State
            } else if self.take("=") {
                ParamKind::Weight(self.at_name()?.to_owned())
            } else {
                ParamKind::Input
            };
            let value = self.define(name, ty, Def::Param(self.out.graph.params.len()))?;
            self.out.graph.params.push(Param { value, kind });
            self.out.param_lines.push(line);
            if !self.take(",") {
                self.sign(")")?;
                break;
            }
        }
        Ok(())
    }

    fn node(&mut self) -> Result1<()> {
        let line = self.line();
        let mut outputs = vec![self.value_name()?];
        while self.take(",") {
            outputs.push(self.value_name()?);
        }
        self.sign("=")?;
        let name = self.word("an op")?;
        let mut inputs = Vec::new();
        while matches!(self.peek(), Some(Token::Value(_))) {
            inputs.push(self.used()?);
            if !self.take(",") {
                break;
            }
        }
        let attrs = self.attributes()?;
        let op =
            Op::from_attributes(name, &attrs).map_err(|e| ParseError { line, message: e.to_string() })?;
        self.sign(":")?;
        let id = NodeId(self.out.graph.nodes.len());
        let mut values = Vec::new();
        for (i, output) in outputs.iter().enumerate() {
            if i > 0 {
                self.sign(",")?;
            }
            let ty = self.ty()?;
            values.push(self.define(output, ty, Def::Node(id, i))?);
        }
        self.out.graph.nodes.push(Node { op, inputs, outputs: values });
        self.out.node_lines.push(line);
        Ok(())
    }

    fn used(&mut self) -> Result1<Value> {
        let name = self.value_name()?;
        let known = self.names.get(name).copied();
        known.ok_or_else(|| ParseError {
            line: self.tokens[self.at - 1].0,
            message: format!("%{name} is not defined"),
        })
    }

    fn define(&mut self, name: &'a str, ty: TensorType, def: Def) -> Result1<Value> {
        let value = Value(self.out.graph.values.len() as u32);
        if self.names.insert(name, value).is_some() {
            return Err(self.fail(format!("%{name} is defined twice")));
        }
        self.out.graph.values.push(ValueInfo { ty, name: name.to_owned(), def });
        Ok(value)
    }

    fn ty(&mut self) -> Result1<TensorType> {
        let word = self.word("a type like f32[n, 384]")?;
        let dtype = word.parse().map_err(|e| self.fail(e))?;
        Ok(TensorType { dtype, shape: self.shape()? })
    }

    fn shape(&mut self) -> Result1<Shape> {
        self.sign("[")?;
        let mut dims = Vec::new();
        while !self.take("]") {
            dims.push(self.dim()?);
            if !self.take(",") {
                self.sign("]")?;
                break;
            }
        }
        Ok(Shape(dims))
    }

    fn dim(&mut self) -> Result1<Dim> {
        let is_number =
            matches!(self.peek(), Some(Token::Word(w)) if w.starts_with(|c: char| c.is_ascii_digit()));
        let mut scale = 1;
        if is_number {
            scale = self.size()?;
            if !self.take("*") {
                return Ok(Dim::fixed(scale));
            }
        }
        let word = self.word("a symbol")?;
        let symbol = self.symbol(word)?;
        let offset = if self.take("+") { self.size()? } else { 0 };
        Ok(Dim::affine(scale, symbol, offset))
    }

    fn attributes(&mut self) -> Result1<Attrs> {
        let mut attrs = Attrs::default();
        if !self.take("{") {
            return Ok(attrs);
        }
        while !self.take("}") {
            let name = self.word("an attribute")?;
            self.sign("=")?;
            let value = self.attribute()?;
            attrs.0.push((name.to_owned(), value));
            if !self.take(",") {
                self.sign("}")?;
                break;
            }
        }
        Ok(attrs)
    }

    fn attribute(&mut self) -> Result1<Attr> {
        match self.peek() {
            Some(Token::Sign("[")) => Ok(Attr::Dims(self.shape()?)),
            Some(Token::Text(text)) => {
                self.at += 1;
                Ok(Attr::Text((*text).to_owned()))
            }
            Some(Token::Word(word)) => {
                self.at += 1;
                let number = || {
                    word.parse()
                        .ok()
                        .filter(|_| word.starts_with(|c: char| c == '-' || c == 'i' || c.is_ascii_digit()))
                };
                Ok(match word.parse() {
                    Ok(int) => Attr::Int(int),
                    Err(_) => number().map_or_else(|| Attr::Word((*word).to_owned()), Attr::Float),
                })
            }
            _ => self.unexpected("an attribute's value"),
        }
    }
}
