//! Text tokens in, whole characters out, as they come. Not for text that is there at once: see `Tokenizer::decode`.

use super::Tokenizer;

/// Holds back the bytes of a character until its last one has come.
///
/// What comes out, joined, is [`Tokenizer::decode`] of the same text tokens, replacement characters included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextStream {
    pending: Vec<u8>,
}

impl TextStream {
    /// A stream that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a token and returns the characters that it completes. Special tokens complete none.
    pub fn push(&mut self, tokenizer: &Tokenizer, token: u32) -> String {
        self.pending.extend_from_slice(tokenizer.bytes(token).unwrap_or_default());
        let mut out = String::new();
        let mut rest = self.pending.as_slice();
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(text) => {
                    out.push_str(text);
                    rest = &[];
                    break;
                }
                Err(error) => error,
            };
            let (valid, after) = rest.split_at(error.valid_up_to());
            out.push_str(&String::from_utf8_lossy(valid));
            rest = after;
            let Some(wrong) = error.error_len() else { break };
            out.push(char::REPLACEMENT_CHARACTER);
            rest = &rest[wrong..];
        }
        let kept = rest.to_vec();
        self.pending = kept;
        out
    }

    /// Ends the stream: what is left of a character becomes U+FFFD.
    pub fn flush(&mut self) -> String {
        let rest = std::mem::take(&mut self.pending);
        String::from_utf8_lossy(&rest).into_owned()
    }
}
