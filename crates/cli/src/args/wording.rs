//! `undertone transcribe`: what the text begins with, prefers and avoids. Not how it is searched: see `search`.

use super::set;
use super::values::{self, List, Truth};
use crate::exit::Usage;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use undertone::Options;
use undertone::options::HotwordsForm;

/// What stands before a window's text.
#[derive(Args)]
#[command(next_help_heading = "Context")]
pub struct Context {
    /// Text that comes before the first window: names, a style
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    initial_prompt: Option<String>,

    /// Put that text before every window
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "True")]
    carry_initial_prompt: Option<Truth>,

    /// Whether earlier text is the prompt of each next window: True or False [default: True]
    #[arg(long, value_name = "BOOL")]
    condition_on_previous_text: Option<Truth>,

    /// Text that every window begins with
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prefix: Option<String>,
}

impl Context {
    pub fn apply(&self, options: &mut Options) {
        options.initial_prompt.clone_from(&self.initial_prompt);
        options.carry_initial_prompt = self.carry_initial_prompt.is_some_and(|truth| truth.0);
        set(&mut options.condition_on_previous_text, self.condition_on_previous_text.map(|truth| truth.0));
        options.prefix.clone_from(&self.prefix);
    }
}

/// How hotwords act.
#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Bias,
    Prompt,
    Both,
}

/// What the text may be.
#[derive(Args)]
#[command(next_help_heading = "Wording")]
pub struct Wording {
    /// Phrases that are likelier than the model thinks, separated by commas; PHRASE:X to add X to their logits
    /// [default: 4]
    #[arg(long, value_name = "PHRASE[:X],...", value_parser = phrases)]
    hotwords: Option<List<(String, f32)>>,

    /// Read such phrases from a file, one on each line
    #[arg(long, value_name = "FILE")]
    hotwords_file: Option<PathBuf>,

    /// How they act: they gain logits (bias), or stand before each window's text as faster-whisper puts them there
    /// (prompt; not with --prefix) [default: bias]
    #[arg(long, value_name = "FORM", value_enum)]
    hotwords_form: Option<Form>,

    /// GBNF grammar that the text follows: a file, or its rules
    #[arg(long, value_name = "FILE|RULES", value_parser = grammar, conflicts_with = "regex")]
    grammar: Option<String>,

    /// Regular expression that the text follows
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    regex: Option<String>,

    /// Tokens that match this regular expression never come
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    suppress_regex: Option<String>,

    /// Spell numbers and currencies out
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "True")]
    suppress_numerals: Option<Truth>,

    /// Token ids that never come, separated by commas; -1 stands for what is not speech [default: -1]
    #[arg(long, value_name = "IDS", allow_hyphen_values = true, value_parser = values::ids)]
    suppress_tokens: Option<List<i64>>,

    /// Whether a window may not begin with a blank: True or False [default: True]
    #[arg(long, value_name = "BOOL")]
    suppress_blank: Option<Truth>,
}

impl Wording {
    pub fn apply(&self, options: &mut Options) -> Result<(), Usage> {
        options.hotwords = self.hotwords.as_ref().map_or_else(Vec::new, |list| list.0.clone());
        if let Some(path) = &self.hotwords_file {
            let complain = |what: String| Usage(format!("--hotwords-file {}: {what}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|error| complain(error.to_string()))?;
            options.hotwords.append(&mut phrases(&text).map_err(complain)?.0);
        }
        if self.hotwords_form.is_some() && options.hotwords.is_empty() {
            return Err(Usage("--hotwords-form has no effect without phrases: pass --hotwords".to_owned()));
        }
        let form = self.hotwords_form.map(|form| match form {
            Form::Bias => HotwordsForm::Bias,
            Form::Prompt => HotwordsForm::Prompt,
            Form::Both => HotwordsForm::Both,
        });
        set(&mut options.hotwords_form, form);
        options.grammar.clone_from(&self.grammar);
        options.regex.clone_from(&self.regex);
        options.suppress_regex.clone_from(&self.suppress_regex);
        options.suppress_numerals = self.suppress_numerals.is_some_and(|truth| truth.0);
        let ids = self.suppress_tokens.as_ref().map(|list| list.0.clone());
        set(&mut options.rules.suppress_tokens, ids);
        set(&mut options.rules.suppress_blank, self.suppress_blank.map(|truth| truth.0));
        Ok(())
    }
}

/// Phrases with what they gain.
fn phrases(text: &str) -> Result<List<(String, f32)>, String> {
    undertone::Hotwords::parse(text).map(List).map_err(|error| error.to_string())
}

/// The rules themselves, which have a `::=`, or those of a file.
fn grammar(text: &str) -> Result<String, String> {
    if text.contains("::=") {
        return Ok(text.to_owned());
    }
    std::fs::read_to_string(text)
        .map_err(|error| format!("{error}: expected a file, or rules such as root ::= \"yes\" | \"no\""))
}

#[cfg(test)]
mod tests {
    use super::{grammar, phrases};

    #[test]
    fn phrases_have_weights() {
        let list = phrases("John Dashwood, Norland:6, Re: Zero").unwrap().0;
        let named: Vec<_> = list.iter().map(|(words, boost)| (words.as_str(), *boost)).collect();
        assert_eq!(named, [("John Dashwood", 4.0), ("Norland", 6.0), ("Re: Zero", 4.0)]);
        assert!(phrases(":3").unwrap_err().contains("phrase:weight"));
    }

    #[test]
    fn a_grammar_is_rules_or_a_file() {
        let rules = "root ::= \"yes\"";
        assert_eq!(grammar(rules).unwrap(), rules);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gbnf");
        std::fs::write(&path, rules).unwrap();
        assert_eq!(grammar(path.to_str().unwrap()).unwrap(), rules);
        assert!(grammar("no/such/file").unwrap_err().contains("root ::="));
    }
}
