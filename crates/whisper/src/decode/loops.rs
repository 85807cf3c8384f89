//! When a hypothesis only repeats itself, so that the rest of its tokens need not be decoded. Not a judgement of a
//! finished text: that is the compression ratio's.
//!
//! A loop is told by its tokens first: the same run of up to [`LONGEST`] tokens [`REPEATS`] times in a row at the
//! end, over [`TOKENS`] tokens at least. People say "no, no, no, no", count, and sing choruses: a run of two
//! tokens must come twelve times, and a chorus four times without a word between. What is told so is believed only
//! if the whole text fails already for its compression ratio; so text is stopped that fails anyway, and the tokens
//! saved are those that the loop would still have filled the window with.

use crate::compression_ratio::compression_ratio;
use crate::tokenizer::Tokenizer;

/// Tokens of the longest run that is looked for: a long sentence.
const LONGEST: usize = 40;
/// How often a run comes in a loop.
const REPEATS: usize = 4;
/// Tokens that a loop covers at least.
const TOKENS: usize = 24;
/// The compression ratio above which openai-whisper's default decodes a window again.
const RATIO: f64 = 2.4;

/// Whether `sampled` ends in a loop for which its text fails. Timestamps between the repeats are passed over.
pub(super) fn is_loop(tokenizer: &Tokenizer, sampled: &[u32]) -> bool {
    let eot = tokenizer.specials().eot;
    let text: Vec<u32> = sampled.iter().copied().filter(|token| *token < eot).collect();
    period(&text).is_some() && compression_ratio(tokenizer.decode(&text).trim()) > RATIO
}

/// The length of the shortest run that the end of `text` repeats often enough.
fn period(text: &[u32]) -> Option<usize> {
    (1..=LONGEST).find(|run| {
        let covered = (run * REPEATS).max(TOKENS);
        let end = text.len().checked_sub(covered).map(|from| &text[from..]);
        end.is_some_and(|end| end[*run..] == end[..covered - run])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::tests::subset;

    fn said(text: &str) -> bool {
        is_loop(subset(), &subset().encode(text))
    }

    #[test]
    fn the_shortest_run_is_found_when_it_came_often_enough() {
        let of = |run: &[u32], times: usize| [vec![90, 91, 92], run.repeat(times)].concat();
        assert_eq!(period(&of(&[1], 23)), None);
        assert_eq!(period(&of(&[1], 24)), Some(1));
        assert_eq!(period(&of(&[1, 2], 12)), Some(2));
        assert_eq!(period(&of(&[1, 2, 3, 4, 5, 6, 7], 3)), None);
        assert_eq!(period(&of(&[1, 2, 3, 4, 5, 6, 7], 4)), Some(7));
        let long: Vec<u32> = (0..40).collect();
        assert_eq!((period(&of(&long, 3)), period(&of(&long, 4))), (None, Some(40)));
        let longer: Vec<u32> = (0..41).collect();
        assert_eq!(period(&of(&longer, 5)), None);
        // The loop is over.
        assert_eq!(period(&[of(&[1, 2], 20), vec![3]].concat()), None);
        assert_eq!(period(&[]), None);
    }

    /// The loops are what Whisper models are known to say on noise and music.
    #[test]
    fn loops_are_told() {
        assert!(said(&" I'm going to go to the next one.".repeat(6)));
        assert!(said(&" Thank you.".repeat(20)));
        assert!(said(&" the".repeat(60)));
        assert!(said(&["And so, my fellow Americans, ask not.", &" You know,".repeat(40)].concat()));
    }

    #[test]
    fn timestamps_between_the_repeats_do_not_hide_a_loop() {
        let begin = subset().specials().timestamp_begin;
        let line = subset().encode(" I'm going to go to the next one.");
        let lines =
            (0..6).flat_map(|i| [vec![begin + 100 * i], line.clone(), vec![begin + 100 * i + 100]].concat());
        let lines: Vec<u32> = lines.collect();
        assert!(is_loop(subset(), &lines));
    }

    #[test]
    fn people_may_repeat_themselves() {
        assert!(!said(" No, no, no, no, no, no."));
        assert!(!said(" Yeah, yeah, yeah, yeah. I want to hold your hand. I want to hold your hand."));
        assert!(!said(
            " One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen."
        ));
        assert!(!said(" We will, we will rock you. We will, we will rock you. We will, we will rock you."));
        assert!(!said(" ha ha ha ha ha ha ha ha ha ha"));
    }

    #[test]
    fn a_short_loop_behind_much_text_may_still_pass() {
        let text = " And so, my fellow Americans, ask not what your country can do for you, ask what you can do \
                    for your country. My fellow citizens of the world, ask not what America will do for you, but \
                    what together we can do for the freedom of man. Whether you are citizens of America or \
                    citizens of the world, ask of us here the same high standards of strength and sacrifice.";
        let looped = [text, &" no,".repeat(12)].concat();
        assert!(period(&subset().encode(&looped)).is_some());
        assert!(!said(&looped));
    }
}
