//! Signs join the words that they belong to. Not the splitting of tokens into words.

use super::WordTiming;
use crate::tokenizer::strip;

/// Signs that join the word after them (timing.py's default).
pub const PREPENDED: &str = "\"'“¿([{-";
/// Signs that join the word before them (timing.py's default).
pub const APPENDED: &str = "\"'.。,，!！?？:：”)]}、";

/// Joins words that are signs of `prepended`, after a space, to the word after them, and those of `appended` to the
/// word before them. What was joined stays in its place, without text and tokens; times are not changed (timing.py,
/// `merge_punctuations`: a run of signs joins where it is a piece of the list, and so does white space alone).
pub fn merge_punctuations(words: &mut [WordTiming], prepended: &str, appended: &str) {
    let mut following = words.len().saturating_sub(1);
    for i in (0..following).rev() {
        let word = &words[i].word;
        if word.starts_with(' ') && prepended.contains(strip(word)) {
            let (mut word, mut tokens) = take(&mut words[i]);
            let after = &mut words[following];
            word.push_str(&after.word);
            tokens.append(&mut after.tokens);
            (after.word, after.tokens) = (word, tokens);
        } else {
            following = i;
        }
    }
    let mut previous = 0;
    for j in 1..words.len() {
        if !words[previous].word.ends_with(' ') && appended.contains(words[j].word.as_str()) {
            let (word, mut tokens) = take(&mut words[j]);
            words[previous].word.push_str(&word);
            words[previous].tokens.append(&mut tokens);
        } else {
            previous = j;
        }
    }
}

fn take(word: &mut WordTiming) -> (String, Vec<u32>) {
    (std::mem::take(&mut word.word), std::mem::take(&mut word.tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(words: &[&str]) -> Vec<(String, Vec<u32>)> {
        let word = |(i, word): (usize, &&str)| WordTiming {
            word: (*word).to_owned(),
            tokens: vec![i as u32],
            start: 0.0,
            end: 0.0,
            probability: 0.0,
        };
        let mut words: Vec<WordTiming> = words.iter().enumerate().map(word).collect();
        merge_punctuations(&mut words, PREPENDED, APPENDED);
        words.into_iter().map(|w| (w.word, w.tokens)).collect()
    }

    fn check(words: &[&str], expected: &[(&str, &[u32])]) {
        let expected: Vec<_> = expected.iter().map(|(w, t)| ((*w).to_owned(), t.to_vec())).collect();
        assert_eq!(merged(words), expected);
    }

    /// Values of timing.py's `merge_punctuations`.
    #[test]
    fn signs_join_as_in_openai_whisper() {
        let words =
            [" He", " said", " \"", "Hello", ",", " world", "!", "\"", " -", " (", "ok", ").", " end"];
        check(
            &words,
            &[
                (" He", &[0]),
                (" said", &[1]),
                ("", &[]),
                (" \"Hello,", &[2, 3, 4]),
                ("", &[]),
                (" world!\"", &[5, 6, 7]),
                ("", &[]),
                ("", &[]),
                ("", &[]),
                ("", &[]),
                (" - (ok", &[8, 9, 10]),
                (").", &[11]),
                (" end", &[12]),
            ],
        );
        check(
            &[" (", " \"", "a", ".", "\"", " "],
            &[("", &[]), ("", &[]), (" ( \"a.\"", &[0, 1, 2, 3, 4]), ("", &[]), ("", &[]), (" ", &[5])],
        );
    }

    /// Values of timing.py's `merge_punctuations`.
    #[test]
    fn white_space_alone_joins_and_a_single_word_stays() {
        check(
            &["Oh", " ", "no", "?", "!"],
            &[("Oh", &[0]), ("", &[]), (" no?!", &[1, 2, 3, 4]), ("", &[]), ("", &[])],
        );
        check(&[" -"], &[(" -", &[0])]);
        check(&[], &[]);
    }
}
