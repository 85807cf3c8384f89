//! Any sound file or stream to 16 kHz mono samples. Not a feature extractor: log-mel is a graph.

#![forbid(unsafe_code)]
