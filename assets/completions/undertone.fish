# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_undertone_global_optspecs
    string join \n h/help V/version
end

function __fish_undertone_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_undertone_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_undertone_using_subcommand
    set -l cmd (__fish_undertone_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c undertone -n "__fish_undertone_needs_command" -s h -l help -d 'Print help'
complete -c undertone -n "__fish_undertone_needs_command" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "convert" -d 'Write a transcript in another format, without transcribing again'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "inspect" -d 'Show a model\'s configuration, its tensors and their sizes'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "graph" -d 'Print a model\'s graphs at any stage of the compiler'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "profile" -d 'Transcribe a file and show where the time and the memory went'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "bench" -d 'Measure time, memory and words of several settings, side by side'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "man" -d 'Print the manual page'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "whisper" -d 'Transcribe with openai-whisper\'s options, defaults and file names'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "transcribe" -d 'Print what is said in sound or video files'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "eval" -d 'Count the word errors of transcripts against what was said'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c undertone -n "__fish_undertone_using_subcommand convert" -s f -l output-format -d 'txt, vtt, srt, tsv, json, lrc, csv, ass or ttml [default: by the extension of OUT]' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l max-line-width -d 'Characters of a line at most (without --layout: needs word times) [default with --layout: 42]' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l max-line-count -d 'Lines of a cue at most (without --layout: needs word times) [default with --layout: 2]' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l max-words-per-line -d 'Words of a cue at most (needs word times)' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l max-chars-per-second -d 'Characters read in a second; wide ones count twice; implies --layout [default: 17]' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l min-duration -d 'Shortest time of a cue in seconds; implies --layout [default: 0.833]' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l max-duration -d 'Longest time of a cue in seconds; implies --layout [default: 7]' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l min-gap -d 'Time between cues in seconds; implies --layout [default: 0.083]' -r
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l highlight-words -d 'Underline each word while it is spoken (vtt, srt; needs word times)'
complete -c undertone -n "__fish_undertone_using_subcommand convert" -l layout -d 'Lay cues out for reading: two lines that break where phrases do, long enough to be read (vtt, srt, ass, ttml)'
complete -c undertone -n "__fish_undertone_using_subcommand convert" -s h -l help -d 'Print help'
complete -c undertone -n "__fish_undertone_using_subcommand convert" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c undertone -n "__fish_undertone_using_subcommand inspect" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l part -d 'Only this part [default: all, in the order in which sound passes through them]' -r -f -a "log-mel\t'Samples to log-mel'
normalize\t'Log-mel to its normalised form'
encoder\t'Log-mel to cross keys and values'
decoder\t'Tokens to hidden states'
head\t'Hidden states to ranked next tokens'
alignment\t'Scores of the alignment heads to costs'"
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l after -d 'As the graph is after this pass; a wrong name lists them all [default: as it is built, before any pass]' -r
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l batch-size -d 'Plan for so many stretches decoded at once' -r
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l beam-size -d 'Plan for so many beams and candidates; None for one' -r
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l threads -d 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]' -r
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l compute -d 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]' -r -f -a "auto\t''
f32\t''
bf16\t''
int8\t''"
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l isa -d 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]' -r
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l plan -d 'The memory that a transcription takes at most, then the compiled programs: peak bytes, and each step with its kernel and the places of its operands'
complete -c undertone -n "__fish_undertone_using_subcommand graph" -l dot -d 'In Graphviz\'s language'
complete -c undertone -n "__fish_undertone_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand graph" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand profile" -s m -l model -d 'Model: a name, a path, or OWNER/REPO on the model hub' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile" -s l -l language -d 'Language that is spoken [default: detected]' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l top -d 'How many of the slowest steps to show for each part' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l beam-size -d 'Beams and candidates; None for one' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l batch-size -d 'Stretches decoded at once' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l threads -d 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l compute -d 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]' -r -f -a "auto\t''
f32\t''
bf16\t''
int8\t''"
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l isa -d 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l pack-cache -d 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l ffmpeg -d 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile" -l roofline -d 'Also show how near each part, kernel and step is to the machine\'s limit'
complete -c undertone -n "__fish_undertone_using_subcommand profile" -s q -l quiet -d 'Say nothing but errors'
complete -c undertone -n "__fish_undertone_using_subcommand profile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand profile" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand bench" -s m -l model -d 'Model: a name, a path, or OWNER/REPO on the model hub' -r
complete -c undertone -n "__fish_undertone_using_subcommand bench" -s l -l language -d 'Language that is spoken [default: detected]' -r
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l compute -d 'Precisions, separated by commas' -r -f -a "auto\t''
f32\t''
bf16\t''
int8\t''"
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l threads -d 'Counts of threads, no more than there are processors, separated by commas [default: one for each physical core, up to 16; for the fast ones where there are several kinds]' -r
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l beam-size -d 'Counts of beams, separated by commas; greedy to take the likeliest token each time' -r
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l batch-size -d 'Counts of stretches that are decoded at once, separated by commas' -r
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l runs -d 'Rounds; medians are shown' -r
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l reference -d 'Text of what is said in the file, for a word error rate' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l warm-up -d 'File that each process transcribes first, without its being measured; without one, fresh processes are measured' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand bench" -s o -l output -d 'Write the table, or the JSON, into this file instead of standard output' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l isa -d 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]' -r
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l pack-cache -d 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l ffmpeg -d 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand bench" -l json -d 'JSON instead of a Markdown table, with every run'
complete -c undertone -n "__fish_undertone_using_subcommand bench" -s q -l quiet -d 'Say nothing but errors'
complete -c undertone -n "__fish_undertone_using_subcommand bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand bench" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -s h -l help -d 'Print help'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand man" -s h -l help -d 'Print help'
complete -c undertone -n "__fish_undertone_using_subcommand man" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l model -d 'Model: a name, a path, or OWNER/REPO on the model hub' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l model_dir -d 'Folder to keep models in [default: the model hub\'s cache]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l device -d 'Device to run on' -r -f -a "cpu\t''"
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -s o -l output_dir -d 'Folder to write to' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -s f -l output_format -d 'txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l verbose -d 'Whether to print segments as they come: True or False' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l task -d 'transcribe, or translate into English' -r -f -a "transcribe\t''
translate\t''"
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l language -d 'Language that is spoken, as a code (de) or a name (German) [default: detected]' -r -f -a "af\t''
am\t''
ar\t''
as\t''
az\t''
ba\t''
be\t''
bg\t''
bn\t''
bo\t''
br\t''
bs\t''
ca\t''
cs\t''
cy\t''
da\t''
de\t''
el\t''
en\t''
es\t''
et\t''
eu\t''
fa\t''
fi\t''
fo\t''
fr\t''
gl\t''
gu\t''
ha\t''
haw\t''
he\t''
hi\t''
hr\t''
ht\t''
hu\t''
hy\t''
id\t''
is\t''
it\t''
ja\t''
jw\t''
ka\t''
kk\t''
km\t''
kn\t''
ko\t''
la\t''
lb\t''
ln\t''
lo\t''
lt\t''
lv\t''
mg\t''
mi\t''
mk\t''
ml\t''
mn\t''
mr\t''
ms\t''
mt\t''
my\t''
ne\t''
nl\t''
nn\t''
no\t''
oc\t''
pa\t''
pl\t''
ps\t''
pt\t''
ro\t''
ru\t''
sa\t''
sd\t''
si\t''
sk\t''
sl\t''
sn\t''
so\t''
sq\t''
sr\t''
su\t''
sv\t''
sw\t''
ta\t''
te\t''
tg\t''
th\t''
tk\t''
tl\t''
tr\t''
tt\t''
uk\t''
ur\t''
uz\t''
vi\t''
yi\t''
yo\t''
yue\t''
zh\t''
Afrikaans\t''
Albanian\t''
Amharic\t''
Arabic\t''
Armenian\t''
Assamese\t''
Azerbaijani\t''
Bashkir\t''
Basque\t''
Belarusian\t''
Bengali\t''
Bosnian\t''
Breton\t''
Bulgarian\t''
Burmese\t''
Cantonese\t''
Castilian\t''
Catalan\t''
Chinese\t''
Croatian\t''
Czech\t''
Danish\t''
Dutch\t''
English\t''
Estonian\t''
Faroese\t''
Finnish\t''
Flemish\t''
French\t''
Galician\t''
Georgian\t''
German\t''
Greek\t''
Gujarati\t''
Haitian\t''
Haitian Creole\t''
Hausa\t''
Hawaiian\t''
Hebrew\t''
Hindi\t''
Hungarian\t''
Icelandic\t''
Indonesian\t''
Italian\t''
Japanese\t''
Javanese\t''
Kannada\t''
Kazakh\t''
Khmer\t''
Korean\t''
Lao\t''
Latin\t''
Latvian\t''
Letzeburgesch\t''
Lingala\t''
Lithuanian\t''
Luxembourgish\t''
Macedonian\t''
Malagasy\t''
Malay\t''
Malayalam\t''
Maltese\t''
Mandarin\t''
Maori\t''
Marathi\t''
Moldavian\t''
Moldovan\t''
Mongolian\t''
Myanmar\t''
Nepali\t''
Norwegian\t''
Nynorsk\t''
Occitan\t''
Panjabi\t''
Pashto\t''
Persian\t''
Polish\t''
Portuguese\t''
Punjabi\t''
Pushto\t''
Romanian\t''
Russian\t''
Sanskrit\t''
Serbian\t''
Shona\t''
Sindhi\t''
Sinhala\t''
Sinhalese\t''
Slovak\t''
Slovenian\t''
Somali\t''
Spanish\t''
Sundanese\t''
Swahili\t''
Swedish\t''
Tagalog\t''
Tajik\t''
Tamil\t''
Tatar\t''
Telugu\t''
Thai\t''
Tibetan\t''
Turkish\t''
Turkmen\t''
Ukrainian\t''
Urdu\t''
Uzbek\t''
Valencian\t''
Vietnamese\t''
Welsh\t''
Yiddish\t''
Yoruba\t''
None\t''"
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l temperature -d 'Temperature to sample at; 0 takes the likeliest text' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l best_of -d 'Candidates when sampling' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l beam_size -d 'Beams of the search at temperature 0; None to take the likeliest token each time' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l patience -d 'How many times beam_size finished beams end the search [default: 1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l length_penalty -d 'Exponent of the length that candidates\' scores are divided by, from 0 to 1 [default: the plain length]' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l suppress_tokens -d 'Token ids that never come, separated by commas; -1 stands for what is not speech' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l initial_prompt -d 'Text that comes before the first window' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l carry_initial_prompt -d 'Whether that text comes before every window' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l condition_on_previous_text -d 'Whether earlier text is the prompt of each next window' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l fp16 -d 'Accepted for openai-whisper\'s sake; as there, a CPU computes in f32' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l temperature_increment_on_fallback -d 'Step to the next temperature when a window fails; None for one temperature' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l compression_ratio_threshold -d 'Compression ratio of the text above which a window fails' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l logprob_threshold -d 'Average log-probability below which a window fails' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l no_speech_threshold -d 'Probability of no speech above which a window that failed is skipped' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l word_timestamps -d 'Whether to time every word' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l prepend_punctuations -d 'Punctuation that belongs to the next word' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l append_punctuations -d 'Punctuation that belongs to the word before it' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l highlight_words -d 'Whether to underline each word as it is spoken, in srt and vtt; needs word_timestamps' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l max_line_width -d 'Characters of a line at most; needs word_timestamps' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l max_line_count -d 'Lines of a cue at most; needs word_timestamps and max_line_width' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l max_words_per_line -d 'Words of a line at most; needs word_timestamps, and no max_line_width' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l threads -d 'Processor cores to use; 0 for all physical cores' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l clip_timestamps -d 'Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l hallucination_silence_threshold -d 'Silence in seconds that is skipped where text was likely made up; needs word_timestamps' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l compute -d 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]' -r -f -a "auto\t''
f32\t''
bf16\t''
int8\t''"
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l isa -d 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]' -r
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -l ffmpeg -d 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -s q -l quiet -d 'Say nothing but errors'
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -s h -l help -d 'Print help'
complete -c undertone -n "__fish_undertone_using_subcommand whisper" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s m -l model -d 'Model: a name (tiny, base, small, medium, large-v3, turbo, ...; .en for English only), a path, or OWNER/REPO on the model hub' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s l -l language -d 'Language that is spoken, as a code (de) or a name (German) [default: detected]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l task -d 'transcribe, or translate into English' -r -f -a "transcribe\t''
translate\t''"
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s f -l output-format -d 'txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml [default: lines with times on standard output; all with --output-dir]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s o -l output-dir -d 'Write files into this folder instead of standard output' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l threads -d 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l compute -d 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]' -r -f -a "auto\t''
f32\t''
bf16\t''
int8\t''"
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l isa -d 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l pack-cache -d 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l ffmpeg -d 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l max-line-width -d 'Characters of a line at most (without --layout: needs word times) [default with --layout: 42]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l max-line-count -d 'Lines of a cue at most (without --layout: needs word times) [default with --layout: 2]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l max-words-per-line -d 'Words of a cue at most (needs word times)' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l max-chars-per-second -d 'Characters read in a second; wide ones count twice; implies --layout [default: 17]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l min-duration -d 'Shortest time of a cue in seconds; implies --layout [default: 0.833]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l max-duration -d 'Longest time of a cue in seconds; implies --layout [default: 7]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l min-gap -d 'Time between cues in seconds; implies --layout [default: 0.083]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l languages -d 'Languages that detection may choose among, separated by commas [default: all]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l multilingual -d 'Detect the language anew in every window' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l language-detection-threshold -d 'Hear further windows while the best language is less likely than this; None to hear one [default: 0.5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l batch-size -d 'Stretches of a recording that are decoded at once [default: 1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l max-memory -d 'Memory that may be taken, such as 300MB or 1.5GB: picks what fits of precision and lanes where these are not given' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l vad-threshold -d 'Probability from which sound is speech [default: 0.5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l vad-neg-threshold -d 'Probability under which speech ends [default: 0.15 less than the threshold]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l vad-min-speech-duration-ms -d 'Speech that is not longer is left out [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l vad-max-speech-duration-s -d 'Longer speech is cut at a pause; inf for never [default: inf]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l vad-min-silence-duration-ms -d 'Silence of this length ends speech [default: 2000]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l vad-speech-pad-ms -d 'Widen speech by this at both ends [default: 400]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l initial-prompt -d 'Text that comes before the first window: names, a style' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l carry-initial-prompt -d 'Put that text before every window' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l condition-on-previous-text -d 'Whether earlier text is the prompt of each next window: True or False [default: True]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l prefix -d 'Text that every window begins with' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l hotwords -d 'Phrases that are likelier than the model thinks, separated by commas; PHRASE:X to add X to their logits [default: 4]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l hotwords-file -d 'Read such phrases from a file, one on each line' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l hotwords-form -d 'How they act: they gain logits (bias), or stand before each window\'s text as faster-whisper puts them there (prompt; not with --prefix) [default: bias]' -r -f -a "bias\t''
prompt\t''
both\t''"
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l grammar -d 'GBNF grammar that the text follows: a file, or its rules' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l regex -d 'Regular expression that the text follows' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l suppress-regex -d 'Tokens that match this regular expression never come' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l suppress-numerals -d 'Spell numbers and currencies out' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l suppress-tokens -d 'Token ids that never come, separated by commas; -1 stands for what is not speech [default: -1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l suppress-blank -d 'Whether a window may not begin with a blank: True or False [default: True]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l word-timestamps -d 'Time every word: exact (openai-whisper\'s way), or in-pass for no second run and greedy decoding' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l prepend-punctuations -d 'Punctuation that belongs to the next word [default: "\'“¿([{-]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l append-punctuations -d 'Punctuation that belongs to the word before it [default: "\'.。,，!！?？:：”)]}、]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l clip-timestamps -d 'Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l hallucination-silence-threshold -d 'Silence in seconds that is skipped where text was likely made up; needs --word-timestamps' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l without-timestamps -d 'Decode without times: one segment for each window' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l max-initial-timestamp -d 'The latest start of a window\'s first segment, in seconds; None for no limit [default: 1.0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l beam-size -d 'Beams at temperature 0; None to take the likeliest token each time [default: 5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l best-of -d 'Candidates at temperatures above 0; None for one [default: 5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l patience -d 'How many times --beam-size finished beams end the search [default: 1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l length-penalty -d 'Exponent of the length that candidates\' scores are divided by, from 0 to 1 [default: the plain length]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l sample-len -l max-new-tokens -d 'Tokens of one window at most [default: half of the model\'s context]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l repetition-penalty -d 'Divide the logits of tokens that are there already by this; 1 for none [default: 1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l no-repeat-ngram-size -d 'Runs of so many tokens come once in a window at most; 0 for no such rule [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l temperature -d 'Temperatures that are tried in turn while a window fails, separated by commas; of one, the steps above it follow [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l temperature-increment-on-fallback -d 'Step to the next temperature, up to 1; None for one temperature [default: 0.2]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l compression-ratio-threshold -d 'Compression ratio of the text above which a window fails; None for no such limit [default: 2.4]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l logprob-threshold -d 'Average log-probability under which a window fails; None for no such limit [default: -1.0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l no-speech-threshold -d 'Skip a window above this probability of no speech, unless its text is likely enough; None for never [default: 0.6]' -r
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s q -l quiet -d 'Say nothing but errors'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s v -l verbose -d 'Say more: the model, the device, the language and each file'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l print-colors -d 'Colour words by their probability'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l report -d 'After each file, tell what was skipped, tried again or doubtful'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l resume -d 'Go on where Ctrl-C stopped, and leave out files that are transcribed already; needs --output-dir'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l highlight-words -d 'Underline each word while it is spoken (vtt, srt; needs word times)'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l layout -d 'Lay cues out for reading: two lines that break where phrases do, long enough to be read (vtt, srt, ass, ttml)'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l short-form -d 'Encode files of at most 30 s only as far as their sound goes, and again with silence up to 30 s where the text is doubtful; longer files are not affected'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l vad -d 'Find speech first, and transcribe nothing else; on by default'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l no-vad -d 'Take all sound for speech'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l no-fallback -d 'Try no temperature but the first'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -l no-protections -d 'Decode as openai-whisper does: loops go on, failed windows are context, and speech under no text stays so'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand transcribe" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l hypotheses -d 'Judge the transcripts in this folder, NAME.json or NAME.txt for NAME.flac, instead of transcribing' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand eval" -s m -l model -d 'Model: a name, a path, or OWNER/REPO on the model hub' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -s l -l language -d 'Language of files for which the manifest names none [default: detected, and texts compared as of any language]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l task -d 'transcribe, or translate into English' -r -f -a "transcribe\t''
translate\t''"
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l threads -d 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l compute -d 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]' -r -f -a "auto\t''
f32\t''
bf16\t''
int8\t''"
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l isa -d 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l pack-cache -d 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l ffmpeg -d 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l languages -d 'Languages that detection may choose among, separated by commas [default: all]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l multilingual -d 'Detect the language anew in every window' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l language-detection-threshold -d 'Hear further windows while the best language is less likely than this; None to hear one [default: 0.5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l batch-size -d 'Stretches of a recording that are decoded at once [default: 1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l max-memory -d 'Memory that may be taken, such as 300MB or 1.5GB: picks what fits of precision and lanes where these are not given' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l vad-threshold -d 'Probability from which sound is speech [default: 0.5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l vad-neg-threshold -d 'Probability under which speech ends [default: 0.15 less than the threshold]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l vad-min-speech-duration-ms -d 'Speech that is not longer is left out [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l vad-max-speech-duration-s -d 'Longer speech is cut at a pause; inf for never [default: inf]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l vad-min-silence-duration-ms -d 'Silence of this length ends speech [default: 2000]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l vad-speech-pad-ms -d 'Widen speech by this at both ends [default: 400]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l initial-prompt -d 'Text that comes before the first window: names, a style' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l carry-initial-prompt -d 'Put that text before every window' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l condition-on-previous-text -d 'Whether earlier text is the prompt of each next window: True or False [default: True]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l prefix -d 'Text that every window begins with' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l hotwords -d 'Phrases that are likelier than the model thinks, separated by commas; PHRASE:X to add X to their logits [default: 4]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l hotwords-file -d 'Read such phrases from a file, one on each line' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l hotwords-form -d 'How they act: they gain logits (bias), or stand before each window\'s text as faster-whisper puts them there (prompt; not with --prefix) [default: bias]' -r -f -a "bias\t''
prompt\t''
both\t''"
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l grammar -d 'GBNF grammar that the text follows: a file, or its rules' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l regex -d 'Regular expression that the text follows' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l suppress-regex -d 'Tokens that match this regular expression never come' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l suppress-numerals -d 'Spell numbers and currencies out' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l suppress-tokens -d 'Token ids that never come, separated by commas; -1 stands for what is not speech [default: -1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l suppress-blank -d 'Whether a window may not begin with a blank: True or False [default: True]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l word-timestamps -d 'Time every word: exact (openai-whisper\'s way), or in-pass for no second run and greedy decoding' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l prepend-punctuations -d 'Punctuation that belongs to the next word [default: "\'“¿([{-]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l append-punctuations -d 'Punctuation that belongs to the word before it [default: "\'.。,，!！?？:：”)]}、]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l clip-timestamps -d 'Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l hallucination-silence-threshold -d 'Silence in seconds that is skipped where text was likely made up; needs --word-timestamps' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l without-timestamps -d 'Decode without times: one segment for each window' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l max-initial-timestamp -d 'The latest start of a window\'s first segment, in seconds; None for no limit [default: 1.0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l beam-size -d 'Beams at temperature 0; None to take the likeliest token each time [default: 5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l best-of -d 'Candidates at temperatures above 0; None for one [default: 5]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l patience -d 'How many times --beam-size finished beams end the search [default: 1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l length-penalty -d 'Exponent of the length that candidates\' scores are divided by, from 0 to 1 [default: the plain length]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l sample-len -l max-new-tokens -d 'Tokens of one window at most [default: half of the model\'s context]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l repetition-penalty -d 'Divide the logits of tokens that are there already by this; 1 for none [default: 1]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l no-repeat-ngram-size -d 'Runs of so many tokens come once in a window at most; 0 for no such rule [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l temperature -d 'Temperatures that are tried in turn while a window fails, separated by commas; of one, the steps above it follow [default: 0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l temperature-increment-on-fallback -d 'Step to the next temperature, up to 1; None for one temperature [default: 0.2]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l compression-ratio-threshold -d 'Compression ratio of the text above which a window fails; None for no such limit [default: 2.4]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l logprob-threshold -d 'Average log-probability under which a window fails; None for no such limit [default: -1.0]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l no-speech-threshold -d 'Skip a window above this probability of no speech, unless its text is likely enough; None for never [default: 0.6]' -r
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l show-differences -d 'Print what differs, with the number of the word before which it stands'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l json -d 'Print JSON'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -s q -l quiet -d 'Say nothing but errors'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l short-form -d 'Encode files of at most 30 s only as far as their sound goes, and again with silence up to 30 s where the text is doubtful; longer files are not affected'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l vad -d 'Find speech first, and transcribe nothing else; on by default'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l no-vad -d 'Take all sound for speech'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l no-fallback -d 'Try no temperature but the first'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -l no-protections -d 'Decode as openai-whisper does: loops go on, failed windows are context, and speech under no text stays so'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand eval" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "convert" -d 'Write a transcript in another format, without transcribing again'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "inspect" -d 'Show a model\'s configuration, its tensors and their sizes'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "graph" -d 'Print a model\'s graphs at any stage of the compiler'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "profile" -d 'Transcribe a file and show where the time and the memory went'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "bench" -d 'Measure time, memory and words of several settings, side by side'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "man" -d 'Print the manual page'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "whisper" -d 'Transcribe with openai-whisper\'s options, defaults and file names'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "transcribe" -d 'Print what is said in sound or video files'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "eval" -d 'Count the word errors of transcripts against what was said'
complete -c undertone -n "__fish_undertone_using_subcommand help; and not __fish_seen_subcommand_from convert inspect graph profile bench completions man whisper transcribe eval help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
