//! Whether a window's text repeats the text that was its prompt: what models do where they hear little. Not a loop, which
//! is within one text.
//!
//! Nothing is dropped for it: the window is decoded once more without a prompt, and what is truly said twice comes again.

/// Text tokens of a run that is believed to be copied: some nine words.
const RUN: usize = 12;

/// Whether `said` has a run of [`RUN`] tokens that `before` has.
pub(crate) fn is_echo(before: &[u32], said: &[u32]) -> bool {
    said.windows(RUN).any(|run| before.windows(RUN).any(|other| other == run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_a_sentence_is_an_echo() {
        let before: Vec<u32> = (0..40).collect();
        let said = |from: u32, len: u32| [vec![90, 91], (from..from + len).collect(), vec![92]].concat();
        assert!(is_echo(&before, &said(7, 12)));
        assert!(is_echo(&before, &said(28, 12)));
        assert!(!is_echo(&before, &said(7, 11)), "people say a phrase again");
        assert!(!is_echo(&before, &said(35, 12)), "only its beginning is the same");
        assert!(!is_echo(&[], &said(0, 30)) && !is_echo(&before, &[]));
    }
}
