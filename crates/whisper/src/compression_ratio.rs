//! How much a text repeats itself, as openai-whisper measures it. Not for any other deflater: another one's sizes
//! differ, and the threshold of 2.4 was chosen on zlib's.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Bytes of the text over bytes of its zlib stream at level 6. An empty text has ratio 0.
pub fn compression_ratio(text: &str) -> f64 {
    let mut encoder = ZlibEncoder::new(Count(0), Compression::new(6));
    let size = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).map(|count| count.0);
    text.len() as f64 / size.expect("writing to a counter succeeds") as f64
}

/// A writer that only counts.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_openai_whisper_on_transcripts() {
        for (text, ratio) in [
            ("in being comparatively modern.", 0.789_473_684_210_526_3),
            ("8. The Press Yard", 0.68),
            ("in 1813.", 0.5),
            ("廣州市 佛地產 中間協會分析", 0.775_510_204_081_632_6),
            ("Les deux autres sont situés au bord de la mer zone.", 0.912_280_701_754_385_9),
            ("Um grupo de crianças está andando em um rio perto da margem do rio.", 0.971_830_985_915_493),
            (
                "produced the block books, which were the immediate predecessors of the true printed book.",
                1.171_052_631_578_947_3,
            ),
        ] {
            assert_eq!(compression_ratio(text), ratio, "{text}");
        }
    }

    #[test]
    fn agrees_with_zlib_on_loops_long_texts_and_nothing() {
        assert_eq!(compression_ratio(&" ha".repeat(100)), 20.0);
        assert_eq!(compression_ratio(""), 0.0);
        // Longer than zlib's window and than one of its blocks: `len(zlib.compress(..))` in Python.
        let numbers: Vec<String> = (0..40_001_u64).map(|i| (i * i * 7919 % 104_729).to_string()).collect();
        let numbers = numbers.join(" ");
        assert_eq!(compression_ratio(&numbers), 237_572.0 / 111_343.0);
    }
}
