//! The real binary on real speech, end to end: its command line, what it writes, and how it ends. Not the library's
//! own tests.

mod bench;
mod binary;
mod interrupt;
mod openai_draws;
mod openai_runs;
mod options_page;
mod pack_cache;
mod short_form;
mod speech;
mod usage;
