//! The Whisper model: config, weights, tokenizer, graphs and decoding. Not a transcriber: files and windows are the library's.

#![forbid(unsafe_code)]
