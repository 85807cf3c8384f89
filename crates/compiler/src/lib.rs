//! Graphs to programs: passes, target facts, schedule, memory plan. Not a device: every test of it is text.

#![forbid(unsafe_code)]

pub mod load_time;
pub mod pass;
pub mod passes;
pub mod pipeline;
pub mod rewrite;
