//! Words in the colours of their probabilities, for a terminal of 256 colours, as whisper.cpp's `--print-colors` has
//! them. Not a choice of when: that is the command line's.

use super::text::{line, on_one_line};
use crate::transcript::Segment;

/// Red by orange and yellow to green: the nearest of the 256 to whisper.cpp's colours, which colour-blind people can
/// tell apart (Paul Tol).
const RAMP: [u8; 7] = [160, 166, 208, 215, 227, 114, 71];

/// The segment's [`line`](super::line) with each word in the colour of its probability; without words, the whole text
/// in that of the segment's mean. Control characters in the text are left out.
pub fn coloured_line(segment: &Segment) -> String {
    let times = line(&Segment { text: String::new(), ..segment.clone() });
    match &segment.words {
        Some(words) if !words.is_empty() => {
            let words = words.iter().map(|word| coloured(&word.word, word.probability));
            format!("{times}{}", words.collect::<String>())
        }
        _ => format!("{times}{}", coloured(&segment.text, segment.avg_logprob.exp())),
    }
}

/// whisper.cpp's place in the ramp: the cube spreads what is likely, where most words are. No number is 0.
fn coloured(text: &str, probability: f64) -> String {
    let place = (probability.powi(3) * RAMP.len() as f64) as usize;
    let colour = RAMP[place.min(RAMP.len() - 1)];
    format!("\x1b[38;5;{colour}m{}\x1b[0m", on_one_line(text))
}

#[cfg(test)]
mod tests {
    use super::{Segment, coloured_line};
    use crate::transcript::Word;

    #[test]
    fn each_word_has_its_own_colour() {
        let word = |word: &str, probability| Word { word: word.into(), probability, ..Word::default() };
        let words = vec![word(" sure", 1.0), word(" may\x1b[2J be", 0.8), word(" no", f64::NAN)];
        let segment = Segment { end: 7.6, words: Some(words), ..Segment::default() };
        assert_eq!(
            coloured_line(&segment),
            "[00:00.000 --> 00:07.600] \x1b[38;5;71m sure\x1b[0m\x1b[38;5;215m may[2J be\x1b[0m\x1b[38;5;160m no\x1b[0m"
        );
    }

    #[test]
    fn without_words_the_segment_has_one_colour() {
        let segment = Segment { end: 7.6, text: " Hello.".into(), avg_logprob: -0.9, ..Segment::default() };
        assert_eq!(coloured_line(&segment), "[00:00.000 --> 00:07.600] \x1b[38;5;160m Hello.\x1b[0m");
    }
}
