//! What can go wrong in this crate, as one enum. Not a place for what a device or a graph reports.

use crate::session::Part;
use std::path::PathBuf;

/// A failure of the model's host side. Every message is one sentence with what was got and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened, mapped or read.
    #[error("{path} can't be read: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No weight format recognises the path.
    #[error("{path} is not a model: expected {expected}")]
    UnknownFormat {
        /// The path given.
        path: PathBuf,
        /// What the known formats look like.
        expected: String,
    },
    /// A folder lacks a file that the format needs.
    #[error("{folder} has no {expected}")]
    MissingFile {
        /// The folder searched.
        folder: PathBuf,
        /// The file names that would have done.
        expected: &'static str,
    },
    /// A side file is larger than any real one.
    #[error("{path} has {got} bytes, more than the {limit} expected of such a file")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        got: u64,
        /// The largest size read.
        limit: u64,
    },
    /// A file is not the JSON that it should be.
    #[error("{file} is not the JSON expected: {source}")]
    Json {
        /// The file, by the name it has in the format.
        file: String,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// A size or a switch of the model is out of range.
    #[error("the model's {field} is {got}, expected {expected}")]
    Config {
        /// The field, by openai-whisper's name where it has one.
        field: &'static str,
        /// The value read.
        got: String,
        /// The values allowed.
        expected: String,
    },
    /// A header of a weights file is wrong.
    #[error("the {format} {what} is {got}, expected {expected}")]
    Header {
        /// The weight format.
        format: &'static str,
        /// The part of the header.
        what: &'static str,
        /// The value read.
        got: String,
        /// The values allowed.
        expected: String,
    },
    /// The file ends too early.
    #[error(
        "the weights end at byte {have}, inside {inside}, which needs {needed} bytes; fetch the file again"
    )]
    Truncated {
        /// The tensor, or the part of the header.
        inside: String,
        /// Bytes that the file would need up to the end of that part.
        needed: u64,
        /// Bytes that it has.
        have: u64,
    },
    /// A tensor is absent.
    #[error("tensor {tensor} is missing, expected {expected}")]
    MissingTensor {
        /// Its name in the file's spelling.
        tensor: String,
        /// The shape that the config implies, or the rank where the config is read from it.
        expected: String,
    },
    /// A tensor has no place in the model.
    #[error("tensor {tensor} of shape {got:?} is not part of a Whisper model of this size")]
    ExtraTensor {
        /// Its name in the file's spelling.
        tensor: String,
        /// Its shape.
        got: Vec<usize>,
    },
    /// A tensor has the wrong shape.
    #[error("tensor {tensor} has shape {got:?}, expected {expected:?}")]
    Shape {
        /// Its name in the file's spelling.
        tensor: String,
        /// Its shape.
        got: Vec<usize>,
        /// The shape that the config implies.
        expected: Vec<usize>,
    },
    /// A tensor is stored in a type that is not read.
    #[error("tensor {tensor} is stored as {got}, expected {expected}")]
    Type {
        /// Its name in the file's spelling.
        tensor: String,
        /// The type found.
        got: String,
        /// The types read, and how to get them.
        expected: &'static str,
    },
    /// A tensor's bytes do not add up to its shape.
    #[error("tensor {tensor} of shape {shape:?} has {got} bytes, expected {expected}")]
    Bytes {
        /// Its name in the file's spelling.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Bytes stored.
        got: u64,
        /// Bytes that the shape takes, or why there is no such number.
        expected: String,
    },
    /// A name is there twice.
    #[error("tensor {tensor} is there twice, expected once")]
    Duplicate {
        /// The name.
        tensor: String,
    },
    /// An alias points nowhere.
    #[error("alias {alias} points to {target}, which is not in the file")]
    Alias {
        /// The alias.
        alias: String,
        /// The name it points to.
        target: String,
    },
    /// A key projection has a bias; Whisper's keys have none.
    #[error("tensor {tensor} has a key bias at row {row}, expected zeros: Whisper's keys have no bias")]
    KeyBias {
        /// The fused bias.
        tensor: String,
        /// The first row that is not zero.
        row: usize,
    },
    /// An output projection differs from the token embedding.
    #[error("tensor {tensor} differs from {expected}, expected a tied copy")]
    Untied {
        /// The projection.
        tensor: String,
        /// The embedding.
        expected: String,
    },
    /// A vocabulary is not one of Whisper's.
    #[error("the vocabulary's {what} is {got}, expected {expected}")]
    Vocabulary {
        /// The part of it.
        what: &'static str,
        /// What was found.
        got: String,
        /// What would have done.
        expected: String,
    },
    /// A language that no model knows.
    #[error(
        "{got} is not a language that Whisper knows, expected a code such as en or a name such as english"
    )]
    UnknownLanguage {
        /// The text given.
        got: String,
    },
    /// A language that this model lacks.
    #[error("this model does not know {got}, expected one of its {known} languages")]
    Language {
        /// The language's name.
        got: &'static str,
        /// How many it knows.
        known: u32,
    },
    /// A token id that the model lacks.
    #[error("token {got} is not in the vocabulary, expected {expected}")]
    Token {
        /// The id.
        got: i64,
        /// The ids allowed.
        expected: String,
    },
    /// An option of decoding is out of range or contradicts another.
    #[error("{option} is {got}, expected {expected}")]
    Decoding {
        /// The option, by openai-whisper's name where it has one.
        option: &'static str,
        /// Its value.
        got: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// More tokens than the model's context holds.
    #[error("{what} has {got} tokens, expected at most {limit}, which the model's context holds")]
    Context {
        /// What has them.
        what: &'static str,
        /// How many.
        got: usize,
        /// Tokens of the model's context.
        limit: usize,
    },
    /// What was recorded while decoding does not fit the text.
    #[error(
        "{queries} values of queries and {probabilities} probabilities were recorded, expected {rows} x {width} values \
         and a probability less than rows"
    )]
    Recorded {
        /// Values recorded.
        queries: usize,
        /// Probabilities recorded.
        probabilities: usize,
        /// Text tokens and one.
        rows: usize,
        /// Values of one query, over all layers.
        width: usize,
    },
    /// A graph can't be built: the model's sizes contradict each other.
    #[error("the {part} graph does not fit together: {source}")]
    Graph {
        /// The part of the model.
        part: Part,
        /// What does not fit.
        source: graph::OpError,
    },
    /// A graph can't be compiled.
    #[error("the {part} can't be compiled: {source}")]
    Compile {
        /// The part of the model.
        part: Part,
        /// Why.
        source: compiler::CompileError,
    },
    /// A compiled graph can't be loaded.
    #[error("the {part} can't be loaded: {source}")]
    Load {
        /// The part of the model.
        part: Part,
        /// Why.
        source: compiler::LoadError,
    },
    /// A run was refused.
    #[error("the {part} can't be run: {source}")]
    Run {
        /// The part of the model.
        part: Part,
        /// Why.
        source: compiler::RunError,
    },
    /// A grammar in GBNF can't be used.
    #[error("the grammar at line {line}, column {column} has {got}, expected {expected}")]
    Grammar {
        /// The line, from 1.
        line: usize,
        /// The character in it, from 1.
        column: usize,
        /// What stands there.
        got: String,
        /// What would have done.
        expected: String,
    },
    /// A regular expression can't be used.
    #[error("the regular expression at column {column} has {got}, expected {expected}")]
    Pattern {
        /// The character at which the fault begins, from 1.
        column: usize,
        /// The fault.
        got: String,
        /// What would have done.
        expected: String,
    },
    /// A hotword can't be used.
    #[error("hotword {number} is {got}, expected {expected}")]
    Hotword {
        /// Its place in the list, from 1.
        number: usize,
        /// What was given.
        got: String,
        /// What would have done.
        expected: &'static str,
    },
}
