//! Speech to text on compiled graphs: models found, files transcribed, transcripts written. Not a command line.

#![forbid(unsafe_code)]
