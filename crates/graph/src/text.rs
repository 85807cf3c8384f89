//! Graphs as text: printing and parsing. Not verification: a parsed graph may be wrong until verified.

mod lex;
mod parse;
mod print;

pub use parse::{ParseError, Parsed, parse, parse_case};
pub use print::{dot, print};
