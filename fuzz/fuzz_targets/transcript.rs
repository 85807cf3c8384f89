//! Fuzzes the reader of transcripts in JSON, and every writer on what it reads. Not the bytes that are written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use undertone::layout::Layout;
use undertone::writers::{Format, WriterOptions, write_with};

fuzz_target!(|data: &[u8]| {
    let Ok(transcript) = undertone::reader::read(data) else { return };
    for layout in [None, Some(Layout::default())] {
        let options = WriterOptions { highlight_words: true, layout, ..WriterOptions::default() };
        for format in Format::every() {
            let mut bytes = Vec::new();
            write_with(format, &transcript, &options, &mut bytes).expect("a vector takes everything");
            if format == Format::Json {
                let again = undertone::reader::read(&bytes).expect("what was written is read");
                assert_eq!(again.segments.len(), transcript.segments.len());
            }
        }
    }
});
