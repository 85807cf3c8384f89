//! Typed tensor graphs: types, ops, text form, verifier and reference interpreter. Not an executor: it knows no device, pass, thread or file.

#![forbid(unsafe_code)]
