//! The tokens before a window's text, against those of faster-whisper's `get_prompt` with the same vocabulary. Not what
//! is decoded after them.

use crate::model;
use whisper::{Attempt, Hotwords, Start, Task};

#[test]
fn hotwords_stand_where_faster_whisper_puts_them() {
    let model = model();
    let tokenizer = &model.tokenizer;
    let earlier = tokenizer.encode(" He was ill.");
    let english = "en".parse().expect("it is known");
    let prefix = tokenizer.encode(" So");
    let initial = |hotwords: &str, prompt: &[u32], prefix: &[u32], timestamps: bool| {
        let phrases = Hotwords::parse(hotwords).expect("they are phrases");
        let hotwords = Hotwords::prompt(&phrases, tokenizer);
        let start =
            Start { hotwords: &hotwords, prefix, ..Start::new(english, Task::Transcribe, timestamps) };
        Attempt::new(&model, 0, prompt, start).expect("it fits").initial
    };
    let both = "John Dashwood:2,Norland Park";
    let expected = [50361, 2619, 23453, 6092, 11, 6966, 1661, 4964, 50258, 50259, 50359];
    assert_eq!(initial(both, &[], &[], true), expected);
    let expected = [50361, 2619, 23453, 6092, 11, 6966, 1661, 4964, 634, 390, 3171, 13, 50258, 50259, 50359];
    assert_eq!(initial(both, &earlier, &[], true), expected);
    let expected = [50361, 2619, 23453, 6092, 634, 390, 3171, 13, 50258, 50259, 50359, 50363];
    assert_eq!(initial(" John Dashwood ", &earlier, &[], false), expected);
    // faster-whisper's has <|0.00|> before the prefix, as openai-whisper's has not.
    assert_eq!(initial("John Dashwood", &[], &prefix, true), [50258, 50259, 50359, 407]);
    assert_eq!(initial("", &[], &[], true), [50258, 50259, 50359]);
}
