
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'undertone' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'undertone'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'undertone' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write a transcript in another format, without transcribing again')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show a model''s configuration, its tensors and their sizes')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Print a model''s graphs at any stage of the compiler')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Transcribe a file and show where the time and the memory went')
            [CompletionResult]::new('bench', 'bench', [CompletionResultType]::ParameterValue, 'Measure time, memory and words of several settings, side by side')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('whisper', 'whisper', [CompletionResultType]::ParameterValue, 'Transcribe with openai-whisper''s options, defaults and file names')
            [CompletionResult]::new('transcribe', 'transcribe', [CompletionResultType]::ParameterValue, 'Print what is said in sound or video files')
            [CompletionResult]::new('eval', 'eval', [CompletionResultType]::ParameterValue, 'Count the word errors of transcripts against what was said')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'undertone;convert' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'txt, vtt, srt, tsv, json, lrc, csv, ass or ttml [default: by the extension of OUT]')
            [CompletionResult]::new('--output-format', '--output-format', [CompletionResultType]::ParameterName, 'txt, vtt, srt, tsv, json, lrc, csv, ass or ttml [default: by the extension of OUT]')
            [CompletionResult]::new('--max-line-width', '--max-line-width', [CompletionResultType]::ParameterName, 'Characters of a line at most (without --layout: needs word times) [default with --layout: 42]')
            [CompletionResult]::new('--max-line-count', '--max-line-count', [CompletionResultType]::ParameterName, 'Lines of a cue at most (without --layout: needs word times) [default with --layout: 2]')
            [CompletionResult]::new('--max-words-per-line', '--max-words-per-line', [CompletionResultType]::ParameterName, 'Words of a cue at most (needs word times)')
            [CompletionResult]::new('--max-chars-per-second', '--max-chars-per-second', [CompletionResultType]::ParameterName, 'Characters read in a second; wide ones count twice; implies --layout [default: 17]')
            [CompletionResult]::new('--min-duration', '--min-duration', [CompletionResultType]::ParameterName, 'Shortest time of a cue in seconds; implies --layout [default: 0.833]')
            [CompletionResult]::new('--max-duration', '--max-duration', [CompletionResultType]::ParameterName, 'Longest time of a cue in seconds; implies --layout [default: 7]')
            [CompletionResult]::new('--min-gap', '--min-gap', [CompletionResultType]::ParameterName, 'Time between cues in seconds; implies --layout [default: 0.083]')
            [CompletionResult]::new('--highlight-words', '--highlight-words', [CompletionResultType]::ParameterName, 'Underline each word while it is spoken (vtt, srt; needs word times)')
            [CompletionResult]::new('--layout', '--layout', [CompletionResultType]::ParameterName, 'Lay cues out for reading: two lines that break where phrases do, long enough to be read (vtt, srt, ass, ttml)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;inspect' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;graph' {
            [CompletionResult]::new('--part', '--part', [CompletionResultType]::ParameterName, 'Only this part [default: all, in the order in which sound passes through them]')
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'As the graph is after this pass; a wrong name lists them all [default: as it is built, before any pass]')
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Plan for so many stretches decoded at once')
            [CompletionResult]::new('--beam-size', '--beam-size', [CompletionResultType]::ParameterName, 'Plan for so many beams and candidates; None for one')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]')
            [CompletionResult]::new('--compute', '--compute', [CompletionResultType]::ParameterName, 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]')
            [CompletionResult]::new('--isa', '--isa', [CompletionResultType]::ParameterName, 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]')
            [CompletionResult]::new('--plan', '--plan', [CompletionResultType]::ParameterName, 'The memory that a transcription takes at most, then the compiled programs: peak bytes, and each step with its kernel and the places of its operands')
            [CompletionResult]::new('--dot', '--dot', [CompletionResultType]::ParameterName, 'In Graphviz''s language')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;profile' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Model: a name, a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Model: a name, a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Language that is spoken [default: detected]')
            [CompletionResult]::new('--language', '--language', [CompletionResultType]::ParameterName, 'Language that is spoken [default: detected]')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'How many of the slowest steps to show for each part')
            [CompletionResult]::new('--beam-size', '--beam-size', [CompletionResultType]::ParameterName, 'Beams and candidates; None for one')
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Stretches decoded at once')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]')
            [CompletionResult]::new('--compute', '--compute', [CompletionResultType]::ParameterName, 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]')
            [CompletionResult]::new('--isa', '--isa', [CompletionResultType]::ParameterName, 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]')
            [CompletionResult]::new('--pack-cache', '--pack-cache', [CompletionResultType]::ParameterName, 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]')
            [CompletionResult]::new('--ffmpeg', '--ffmpeg', [CompletionResultType]::ParameterName, 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]')
            [CompletionResult]::new('--roofline', '--roofline', [CompletionResultType]::ParameterName, 'Also show how near each part, kernel and step is to the machine''s limit')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;bench' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Model: a name, a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Model: a name, a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Language that is spoken [default: detected]')
            [CompletionResult]::new('--language', '--language', [CompletionResultType]::ParameterName, 'Language that is spoken [default: detected]')
            [CompletionResult]::new('--compute', '--compute', [CompletionResultType]::ParameterName, 'Precisions, separated by commas')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Counts of threads, no more than there are processors, separated by commas [default: one for each physical core, up to 16; for the fast ones where there are several kinds]')
            [CompletionResult]::new('--beam-size', '--beam-size', [CompletionResultType]::ParameterName, 'Counts of beams, separated by commas; greedy to take the likeliest token each time')
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Counts of stretches that are decoded at once, separated by commas')
            [CompletionResult]::new('--runs', '--runs', [CompletionResultType]::ParameterName, 'Rounds; medians are shown')
            [CompletionResult]::new('--reference', '--reference', [CompletionResultType]::ParameterName, 'Text of what is said in the file, for a word error rate')
            [CompletionResult]::new('--warm-up', '--warm-up', [CompletionResultType]::ParameterName, 'File that each process transcribes first, without its being measured; without one, fresh processes are measured')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the table, or the JSON, into this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the table, or the JSON, into this file instead of standard output')
            [CompletionResult]::new('--isa', '--isa', [CompletionResultType]::ParameterName, 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]')
            [CompletionResult]::new('--pack-cache', '--pack-cache', [CompletionResultType]::ParameterName, 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]')
            [CompletionResult]::new('--ffmpeg', '--ffmpeg', [CompletionResultType]::ParameterName, 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'JSON instead of a Markdown table, with every run')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;whisper' {
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Model: a name, a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('--model_dir', '--model_dir', [CompletionResultType]::ParameterName, 'Folder to keep models in [default: the model hub''s cache]')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Device to run on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Folder to write to')
            [CompletionResult]::new('--output_dir', '--output_dir', [CompletionResultType]::ParameterName, 'Folder to write to')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml')
            [CompletionResult]::new('--output_format', '--output_format', [CompletionResultType]::ParameterName, 'txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Whether to print segments as they come: True or False')
            [CompletionResult]::new('--task', '--task', [CompletionResultType]::ParameterName, 'transcribe, or translate into English')
            [CompletionResult]::new('--language', '--language', [CompletionResultType]::ParameterName, 'Language that is spoken, as a code (de) or a name (German) [default: detected]')
            [CompletionResult]::new('--temperature', '--temperature', [CompletionResultType]::ParameterName, 'Temperature to sample at; 0 takes the likeliest text')
            [CompletionResult]::new('--best_of', '--best_of', [CompletionResultType]::ParameterName, 'Candidates when sampling')
            [CompletionResult]::new('--beam_size', '--beam_size', [CompletionResultType]::ParameterName, 'Beams of the search at temperature 0; None to take the likeliest token each time')
            [CompletionResult]::new('--patience', '--patience', [CompletionResultType]::ParameterName, 'How many times beam_size finished beams end the search [default: 1]')
            [CompletionResult]::new('--length_penalty', '--length_penalty', [CompletionResultType]::ParameterName, 'Exponent of the length that candidates'' scores are divided by, from 0 to 1 [default: the plain length]')
            [CompletionResult]::new('--suppress_tokens', '--suppress_tokens', [CompletionResultType]::ParameterName, 'Token ids that never come, separated by commas; -1 stands for what is not speech')
            [CompletionResult]::new('--initial_prompt', '--initial_prompt', [CompletionResultType]::ParameterName, 'Text that comes before the first window')
            [CompletionResult]::new('--carry_initial_prompt', '--carry_initial_prompt', [CompletionResultType]::ParameterName, 'Whether that text comes before every window')
            [CompletionResult]::new('--condition_on_previous_text', '--condition_on_previous_text', [CompletionResultType]::ParameterName, 'Whether earlier text is the prompt of each next window')
            [CompletionResult]::new('--fp16', '--fp16', [CompletionResultType]::ParameterName, 'Accepted for openai-whisper''s sake; as there, a CPU computes in f32')
            [CompletionResult]::new('--temperature_increment_on_fallback', '--temperature_increment_on_fallback', [CompletionResultType]::ParameterName, 'Step to the next temperature when a window fails; None for one temperature')
            [CompletionResult]::new('--compression_ratio_threshold', '--compression_ratio_threshold', [CompletionResultType]::ParameterName, 'Compression ratio of the text above which a window fails')
            [CompletionResult]::new('--logprob_threshold', '--logprob_threshold', [CompletionResultType]::ParameterName, 'Average log-probability below which a window fails')
            [CompletionResult]::new('--no_speech_threshold', '--no_speech_threshold', [CompletionResultType]::ParameterName, 'Probability of no speech above which a window that failed is skipped')
            [CompletionResult]::new('--word_timestamps', '--word_timestamps', [CompletionResultType]::ParameterName, 'Whether to time every word')
            [CompletionResult]::new('--prepend_punctuations', '--prepend_punctuations', [CompletionResultType]::ParameterName, 'Punctuation that belongs to the next word')
            [CompletionResult]::new('--append_punctuations', '--append_punctuations', [CompletionResultType]::ParameterName, 'Punctuation that belongs to the word before it')
            [CompletionResult]::new('--highlight_words', '--highlight_words', [CompletionResultType]::ParameterName, 'Whether to underline each word as it is spoken, in srt and vtt; needs word_timestamps')
            [CompletionResult]::new('--max_line_width', '--max_line_width', [CompletionResultType]::ParameterName, 'Characters of a line at most; needs word_timestamps')
            [CompletionResult]::new('--max_line_count', '--max_line_count', [CompletionResultType]::ParameterName, 'Lines of a cue at most; needs word_timestamps and max_line_width')
            [CompletionResult]::new('--max_words_per_line', '--max_words_per_line', [CompletionResultType]::ParameterName, 'Words of a line at most; needs word_timestamps, and no max_line_width')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Processor cores to use; 0 for all physical cores')
            [CompletionResult]::new('--clip_timestamps', '--clip_timestamps', [CompletionResultType]::ParameterName, 'Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing')
            [CompletionResult]::new('--hallucination_silence_threshold', '--hallucination_silence_threshold', [CompletionResultType]::ParameterName, 'Silence in seconds that is skipped where text was likely made up; needs word_timestamps')
            [CompletionResult]::new('--compute', '--compute', [CompletionResultType]::ParameterName, 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]')
            [CompletionResult]::new('--isa', '--isa', [CompletionResultType]::ParameterName, 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]')
            [CompletionResult]::new('--ffmpeg', '--ffmpeg', [CompletionResultType]::ParameterName, 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;transcribe' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Model: a name (tiny, base, small, medium, large-v3, turbo, ...; .en for English only), a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Model: a name (tiny, base, small, medium, large-v3, turbo, ...; .en for English only), a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Language that is spoken, as a code (de) or a name (German) [default: detected]')
            [CompletionResult]::new('--language', '--language', [CompletionResultType]::ParameterName, 'Language that is spoken, as a code (de) or a name (German) [default: detected]')
            [CompletionResult]::new('--task', '--task', [CompletionResultType]::ParameterName, 'transcribe, or translate into English')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml [default: lines with times on standard output; all with --output-dir]')
            [CompletionResult]::new('--output-format', '--output-format', [CompletionResultType]::ParameterName, 'txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml [default: lines with times on standard output; all with --output-dir]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write files into this folder instead of standard output')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Write files into this folder instead of standard output')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]')
            [CompletionResult]::new('--compute', '--compute', [CompletionResultType]::ParameterName, 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]')
            [CompletionResult]::new('--isa', '--isa', [CompletionResultType]::ParameterName, 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]')
            [CompletionResult]::new('--pack-cache', '--pack-cache', [CompletionResultType]::ParameterName, 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]')
            [CompletionResult]::new('--ffmpeg', '--ffmpeg', [CompletionResultType]::ParameterName, 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]')
            [CompletionResult]::new('--max-line-width', '--max-line-width', [CompletionResultType]::ParameterName, 'Characters of a line at most (without --layout: needs word times) [default with --layout: 42]')
            [CompletionResult]::new('--max-line-count', '--max-line-count', [CompletionResultType]::ParameterName, 'Lines of a cue at most (without --layout: needs word times) [default with --layout: 2]')
            [CompletionResult]::new('--max-words-per-line', '--max-words-per-line', [CompletionResultType]::ParameterName, 'Words of a cue at most (needs word times)')
            [CompletionResult]::new('--max-chars-per-second', '--max-chars-per-second', [CompletionResultType]::ParameterName, 'Characters read in a second; wide ones count twice; implies --layout [default: 17]')
            [CompletionResult]::new('--min-duration', '--min-duration', [CompletionResultType]::ParameterName, 'Shortest time of a cue in seconds; implies --layout [default: 0.833]')
            [CompletionResult]::new('--max-duration', '--max-duration', [CompletionResultType]::ParameterName, 'Longest time of a cue in seconds; implies --layout [default: 7]')
            [CompletionResult]::new('--min-gap', '--min-gap', [CompletionResultType]::ParameterName, 'Time between cues in seconds; implies --layout [default: 0.083]')
            [CompletionResult]::new('--languages', '--languages', [CompletionResultType]::ParameterName, 'Languages that detection may choose among, separated by commas [default: all]')
            [CompletionResult]::new('--multilingual', '--multilingual', [CompletionResultType]::ParameterName, 'Detect the language anew in every window')
            [CompletionResult]::new('--language-detection-threshold', '--language-detection-threshold', [CompletionResultType]::ParameterName, 'Hear further windows while the best language is less likely than this; None to hear one [default: 0.5]')
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Stretches of a recording that are decoded at once [default: 1]')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Memory that may be taken, such as 300MB or 1.5GB: picks what fits of precision and lanes where these are not given')
            [CompletionResult]::new('--vad-threshold', '--vad-threshold', [CompletionResultType]::ParameterName, 'Probability from which sound is speech [default: 0.5]')
            [CompletionResult]::new('--vad-neg-threshold', '--vad-neg-threshold', [CompletionResultType]::ParameterName, 'Probability under which speech ends [default: 0.15 less than the threshold]')
            [CompletionResult]::new('--vad-min-speech-duration-ms', '--vad-min-speech-duration-ms', [CompletionResultType]::ParameterName, 'Speech that is not longer is left out [default: 0]')
            [CompletionResult]::new('--vad-max-speech-duration-s', '--vad-max-speech-duration-s', [CompletionResultType]::ParameterName, 'Longer speech is cut at a pause; inf for never [default: inf]')
            [CompletionResult]::new('--vad-min-silence-duration-ms', '--vad-min-silence-duration-ms', [CompletionResultType]::ParameterName, 'Silence of this length ends speech [default: 2000]')
            [CompletionResult]::new('--vad-speech-pad-ms', '--vad-speech-pad-ms', [CompletionResultType]::ParameterName, 'Widen speech by this at both ends [default: 400]')
            [CompletionResult]::new('--initial-prompt', '--initial-prompt', [CompletionResultType]::ParameterName, 'Text that comes before the first window: names, a style')
            [CompletionResult]::new('--carry-initial-prompt', '--carry-initial-prompt', [CompletionResultType]::ParameterName, 'Put that text before every window')
            [CompletionResult]::new('--condition-on-previous-text', '--condition-on-previous-text', [CompletionResultType]::ParameterName, 'Whether earlier text is the prompt of each next window: True or False [default: True]')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Text that every window begins with')
            [CompletionResult]::new('--hotwords', '--hotwords', [CompletionResultType]::ParameterName, 'Phrases that are likelier than the model thinks, separated by commas; PHRASE:X to add X to their logits [default: 4]')
            [CompletionResult]::new('--hotwords-file', '--hotwords-file', [CompletionResultType]::ParameterName, 'Read such phrases from a file, one on each line')
            [CompletionResult]::new('--hotwords-form', '--hotwords-form', [CompletionResultType]::ParameterName, 'How they act: they gain logits (bias), or stand before each window''s text as faster-whisper puts them there (prompt; not with --prefix) [default: bias]')
            [CompletionResult]::new('--grammar', '--grammar', [CompletionResultType]::ParameterName, 'GBNF grammar that the text follows: a file, or its rules')
            [CompletionResult]::new('--regex', '--regex', [CompletionResultType]::ParameterName, 'Regular expression that the text follows')
            [CompletionResult]::new('--suppress-regex', '--suppress-regex', [CompletionResultType]::ParameterName, 'Tokens that match this regular expression never come')
            [CompletionResult]::new('--suppress-numerals', '--suppress-numerals', [CompletionResultType]::ParameterName, 'Spell numbers and currencies out')
            [CompletionResult]::new('--suppress-tokens', '--suppress-tokens', [CompletionResultType]::ParameterName, 'Token ids that never come, separated by commas; -1 stands for what is not speech [default: -1]')
            [CompletionResult]::new('--suppress-blank', '--suppress-blank', [CompletionResultType]::ParameterName, 'Whether a window may not begin with a blank: True or False [default: True]')
            [CompletionResult]::new('--word-timestamps', '--word-timestamps', [CompletionResultType]::ParameterName, 'Time every word: exact (openai-whisper''s way), or in-pass for no second run and greedy decoding')
            [CompletionResult]::new('--prepend-punctuations', '--prepend-punctuations', [CompletionResultType]::ParameterName, 'Punctuation that belongs to the next word [default: "''“¿([{-]')
            [CompletionResult]::new('--append-punctuations', '--append-punctuations', [CompletionResultType]::ParameterName, 'Punctuation that belongs to the word before it [default: "''.。,，!！?？:：”)]}、]')
            [CompletionResult]::new('--clip-timestamps', '--clip-timestamps', [CompletionResultType]::ParameterName, 'Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing [default: 0]')
            [CompletionResult]::new('--hallucination-silence-threshold', '--hallucination-silence-threshold', [CompletionResultType]::ParameterName, 'Silence in seconds that is skipped where text was likely made up; needs --word-timestamps')
            [CompletionResult]::new('--without-timestamps', '--without-timestamps', [CompletionResultType]::ParameterName, 'Decode without times: one segment for each window')
            [CompletionResult]::new('--max-initial-timestamp', '--max-initial-timestamp', [CompletionResultType]::ParameterName, 'The latest start of a window''s first segment, in seconds; None for no limit [default: 1.0]')
            [CompletionResult]::new('--beam-size', '--beam-size', [CompletionResultType]::ParameterName, 'Beams at temperature 0; None to take the likeliest token each time [default: 5]')
            [CompletionResult]::new('--best-of', '--best-of', [CompletionResultType]::ParameterName, 'Candidates at temperatures above 0; None for one [default: 5]')
            [CompletionResult]::new('--patience', '--patience', [CompletionResultType]::ParameterName, 'How many times --beam-size finished beams end the search [default: 1]')
            [CompletionResult]::new('--length-penalty', '--length-penalty', [CompletionResultType]::ParameterName, 'Exponent of the length that candidates'' scores are divided by, from 0 to 1 [default: the plain length]')
            [CompletionResult]::new('--sample-len', '--sample-len', [CompletionResultType]::ParameterName, 'Tokens of one window at most [default: half of the model''s context]')
            [CompletionResult]::new('--max-new-tokens', '--max-new-tokens', [CompletionResultType]::ParameterName, 'Tokens of one window at most [default: half of the model''s context]')
            [CompletionResult]::new('--repetition-penalty', '--repetition-penalty', [CompletionResultType]::ParameterName, 'Divide the logits of tokens that are there already by this; 1 for none [default: 1]')
            [CompletionResult]::new('--no-repeat-ngram-size', '--no-repeat-ngram-size', [CompletionResultType]::ParameterName, 'Runs of so many tokens come once in a window at most; 0 for no such rule [default: 0]')
            [CompletionResult]::new('--temperature', '--temperature', [CompletionResultType]::ParameterName, 'Temperatures that are tried in turn while a window fails, separated by commas; of one, the steps above it follow [default: 0]')
            [CompletionResult]::new('--temperature-increment-on-fallback', '--temperature-increment-on-fallback', [CompletionResultType]::ParameterName, 'Step to the next temperature, up to 1; None for one temperature [default: 0.2]')
            [CompletionResult]::new('--compression-ratio-threshold', '--compression-ratio-threshold', [CompletionResultType]::ParameterName, 'Compression ratio of the text above which a window fails; None for no such limit [default: 2.4]')
            [CompletionResult]::new('--logprob-threshold', '--logprob-threshold', [CompletionResultType]::ParameterName, 'Average log-probability under which a window fails; None for no such limit [default: -1.0]')
            [CompletionResult]::new('--no-speech-threshold', '--no-speech-threshold', [CompletionResultType]::ParameterName, 'Skip a window above this probability of no speech, unless its text is likely enough; None for never [default: 0.6]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: the model, the device, the language and each file')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: the model, the device, the language and each file')
            [CompletionResult]::new('--print-colors', '--print-colors', [CompletionResultType]::ParameterName, 'Colour words by their probability')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'After each file, tell what was skipped, tried again or doubtful')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Go on where Ctrl-C stopped, and leave out files that are transcribed already; needs --output-dir')
            [CompletionResult]::new('--highlight-words', '--highlight-words', [CompletionResultType]::ParameterName, 'Underline each word while it is spoken (vtt, srt; needs word times)')
            [CompletionResult]::new('--layout', '--layout', [CompletionResultType]::ParameterName, 'Lay cues out for reading: two lines that break where phrases do, long enough to be read (vtt, srt, ass, ttml)')
            [CompletionResult]::new('--short-form', '--short-form', [CompletionResultType]::ParameterName, 'Encode files of at most 30 s only as far as their sound goes, and again with silence up to 30 s where the text is doubtful; longer files are not affected')
            [CompletionResult]::new('--vad', '--vad', [CompletionResultType]::ParameterName, 'Find speech first, and transcribe nothing else; on by default')
            [CompletionResult]::new('--no-vad', '--no-vad', [CompletionResultType]::ParameterName, 'Take all sound for speech')
            [CompletionResult]::new('--no-fallback', '--no-fallback', [CompletionResultType]::ParameterName, 'Try no temperature but the first')
            [CompletionResult]::new('--no-protections', '--no-protections', [CompletionResultType]::ParameterName, 'Decode as openai-whisper does: loops go on, failed windows are context, and speech under no text stays so')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;eval' {
            [CompletionResult]::new('--hypotheses', '--hypotheses', [CompletionResultType]::ParameterName, 'Judge the transcripts in this folder, NAME.json or NAME.txt for NAME.flac, instead of transcribing')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Model: a name, a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Model: a name, a path, or OWNER/REPO on the model hub')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Language of files for which the manifest names none [default: detected, and texts compared as of any language]')
            [CompletionResult]::new('--language', '--language', [CompletionResultType]::ParameterName, 'Language of files for which the manifest names none [default: detected, and texts compared as of any language]')
            [CompletionResult]::new('--task', '--task', [CompletionResultType]::ParameterName, 'transcribe, or translate into English')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones where there are several kinds]')
            [CompletionResult]::new('--compute', '--compute', [CompletionResultType]::ParameterName, 'Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]')
            [CompletionResult]::new('--isa', '--isa', [CompletionResultType]::ParameterName, 'Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]')
            [CompletionResult]::new('--pack-cache', '--pack-cache', [CompletionResultType]::ParameterName, 'Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable UNDERTONE_PACK_CACHE, or undertone/packed among your caches]')
            [CompletionResult]::new('--ffmpeg', '--ffmpeg', [CompletionResultType]::ParameterName, 'ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]')
            [CompletionResult]::new('--languages', '--languages', [CompletionResultType]::ParameterName, 'Languages that detection may choose among, separated by commas [default: all]')
            [CompletionResult]::new('--multilingual', '--multilingual', [CompletionResultType]::ParameterName, 'Detect the language anew in every window')
            [CompletionResult]::new('--language-detection-threshold', '--language-detection-threshold', [CompletionResultType]::ParameterName, 'Hear further windows while the best language is less likely than this; None to hear one [default: 0.5]')
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Stretches of a recording that are decoded at once [default: 1]')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Memory that may be taken, such as 300MB or 1.5GB: picks what fits of precision and lanes where these are not given')
            [CompletionResult]::new('--vad-threshold', '--vad-threshold', [CompletionResultType]::ParameterName, 'Probability from which sound is speech [default: 0.5]')
            [CompletionResult]::new('--vad-neg-threshold', '--vad-neg-threshold', [CompletionResultType]::ParameterName, 'Probability under which speech ends [default: 0.15 less than the threshold]')
            [CompletionResult]::new('--vad-min-speech-duration-ms', '--vad-min-speech-duration-ms', [CompletionResultType]::ParameterName, 'Speech that is not longer is left out [default: 0]')
            [CompletionResult]::new('--vad-max-speech-duration-s', '--vad-max-speech-duration-s', [CompletionResultType]::ParameterName, 'Longer speech is cut at a pause; inf for never [default: inf]')
            [CompletionResult]::new('--vad-min-silence-duration-ms', '--vad-min-silence-duration-ms', [CompletionResultType]::ParameterName, 'Silence of this length ends speech [default: 2000]')
            [CompletionResult]::new('--vad-speech-pad-ms', '--vad-speech-pad-ms', [CompletionResultType]::ParameterName, 'Widen speech by this at both ends [default: 400]')
            [CompletionResult]::new('--initial-prompt', '--initial-prompt', [CompletionResultType]::ParameterName, 'Text that comes before the first window: names, a style')
            [CompletionResult]::new('--carry-initial-prompt', '--carry-initial-prompt', [CompletionResultType]::ParameterName, 'Put that text before every window')
            [CompletionResult]::new('--condition-on-previous-text', '--condition-on-previous-text', [CompletionResultType]::ParameterName, 'Whether earlier text is the prompt of each next window: True or False [default: True]')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Text that every window begins with')
            [CompletionResult]::new('--hotwords', '--hotwords', [CompletionResultType]::ParameterName, 'Phrases that are likelier than the model thinks, separated by commas; PHRASE:X to add X to their logits [default: 4]')
            [CompletionResult]::new('--hotwords-file', '--hotwords-file', [CompletionResultType]::ParameterName, 'Read such phrases from a file, one on each line')
            [CompletionResult]::new('--hotwords-form', '--hotwords-form', [CompletionResultType]::ParameterName, 'How they act: they gain logits (bias), or stand before each window''s text as faster-whisper puts them there (prompt; not with --prefix) [default: bias]')
            [CompletionResult]::new('--grammar', '--grammar', [CompletionResultType]::ParameterName, 'GBNF grammar that the text follows: a file, or its rules')
            [CompletionResult]::new('--regex', '--regex', [CompletionResultType]::ParameterName, 'Regular expression that the text follows')
            [CompletionResult]::new('--suppress-regex', '--suppress-regex', [CompletionResultType]::ParameterName, 'Tokens that match this regular expression never come')
            [CompletionResult]::new('--suppress-numerals', '--suppress-numerals', [CompletionResultType]::ParameterName, 'Spell numbers and currencies out')
            [CompletionResult]::new('--suppress-tokens', '--suppress-tokens', [CompletionResultType]::ParameterName, 'Token ids that never come, separated by commas; -1 stands for what is not speech [default: -1]')
            [CompletionResult]::new('--suppress-blank', '--suppress-blank', [CompletionResultType]::ParameterName, 'Whether a window may not begin with a blank: True or False [default: True]')
            [CompletionResult]::new('--word-timestamps', '--word-timestamps', [CompletionResultType]::ParameterName, 'Time every word: exact (openai-whisper''s way), or in-pass for no second run and greedy decoding')
            [CompletionResult]::new('--prepend-punctuations', '--prepend-punctuations', [CompletionResultType]::ParameterName, 'Punctuation that belongs to the next word [default: "''“¿([{-]')
            [CompletionResult]::new('--append-punctuations', '--append-punctuations', [CompletionResultType]::ParameterName, 'Punctuation that belongs to the word before it [default: "''.。,，!！?？:：”)]}、]')
            [CompletionResult]::new('--clip-timestamps', '--clip-timestamps', [CompletionResultType]::ParameterName, 'Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing [default: 0]')
            [CompletionResult]::new('--hallucination-silence-threshold', '--hallucination-silence-threshold', [CompletionResultType]::ParameterName, 'Silence in seconds that is skipped where text was likely made up; needs --word-timestamps')
            [CompletionResult]::new('--without-timestamps', '--without-timestamps', [CompletionResultType]::ParameterName, 'Decode without times: one segment for each window')
            [CompletionResult]::new('--max-initial-timestamp', '--max-initial-timestamp', [CompletionResultType]::ParameterName, 'The latest start of a window''s first segment, in seconds; None for no limit [default: 1.0]')
            [CompletionResult]::new('--beam-size', '--beam-size', [CompletionResultType]::ParameterName, 'Beams at temperature 0; None to take the likeliest token each time [default: 5]')
            [CompletionResult]::new('--best-of', '--best-of', [CompletionResultType]::ParameterName, 'Candidates at temperatures above 0; None for one [default: 5]')
            [CompletionResult]::new('--patience', '--patience', [CompletionResultType]::ParameterName, 'How many times --beam-size finished beams end the search [default: 1]')
            [CompletionResult]::new('--length-penalty', '--length-penalty', [CompletionResultType]::ParameterName, 'Exponent of the length that candidates'' scores are divided by, from 0 to 1 [default: the plain length]')
            [CompletionResult]::new('--sample-len', '--sample-len', [CompletionResultType]::ParameterName, 'Tokens of one window at most [default: half of the model''s context]')
            [CompletionResult]::new('--max-new-tokens', '--max-new-tokens', [CompletionResultType]::ParameterName, 'Tokens of one window at most [default: half of the model''s context]')
            [CompletionResult]::new('--repetition-penalty', '--repetition-penalty', [CompletionResultType]::ParameterName, 'Divide the logits of tokens that are there already by this; 1 for none [default: 1]')
            [CompletionResult]::new('--no-repeat-ngram-size', '--no-repeat-ngram-size', [CompletionResultType]::ParameterName, 'Runs of so many tokens come once in a window at most; 0 for no such rule [default: 0]')
            [CompletionResult]::new('--temperature', '--temperature', [CompletionResultType]::ParameterName, 'Temperatures that are tried in turn while a window fails, separated by commas; of one, the steps above it follow [default: 0]')
            [CompletionResult]::new('--temperature-increment-on-fallback', '--temperature-increment-on-fallback', [CompletionResultType]::ParameterName, 'Step to the next temperature, up to 1; None for one temperature [default: 0.2]')
            [CompletionResult]::new('--compression-ratio-threshold', '--compression-ratio-threshold', [CompletionResultType]::ParameterName, 'Compression ratio of the text above which a window fails; None for no such limit [default: 2.4]')
            [CompletionResult]::new('--logprob-threshold', '--logprob-threshold', [CompletionResultType]::ParameterName, 'Average log-probability under which a window fails; None for no such limit [default: -1.0]')
            [CompletionResult]::new('--no-speech-threshold', '--no-speech-threshold', [CompletionResultType]::ParameterName, 'Skip a window above this probability of no speech, unless its text is likely enough; None for never [default: 0.6]')
            [CompletionResult]::new('--show-differences', '--show-differences', [CompletionResultType]::ParameterName, 'Print what differs, with the number of the word before which it stands')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--short-form', '--short-form', [CompletionResultType]::ParameterName, 'Encode files of at most 30 s only as far as their sound goes, and again with silence up to 30 s where the text is doubtful; longer files are not affected')
            [CompletionResult]::new('--vad', '--vad', [CompletionResultType]::ParameterName, 'Find speech first, and transcribe nothing else; on by default')
            [CompletionResult]::new('--no-vad', '--no-vad', [CompletionResultType]::ParameterName, 'Take all sound for speech')
            [CompletionResult]::new('--no-fallback', '--no-fallback', [CompletionResultType]::ParameterName, 'Try no temperature but the first')
            [CompletionResult]::new('--no-protections', '--no-protections', [CompletionResultType]::ParameterName, 'Decode as openai-whisper does: loops go on, failed windows are context, and speech under no text stays so')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'undertone;help' {
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write a transcript in another format, without transcribing again')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show a model''s configuration, its tensors and their sizes')
            [CompletionResult]::new('graph', 'graph', [CompletionResultType]::ParameterValue, 'Print a model''s graphs at any stage of the compiler')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Transcribe a file and show where the time and the memory went')
            [CompletionResult]::new('bench', 'bench', [CompletionResultType]::ParameterValue, 'Measure time, memory and words of several settings, side by side')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('whisper', 'whisper', [CompletionResultType]::ParameterValue, 'Transcribe with openai-whisper''s options, defaults and file names')
            [CompletionResult]::new('transcribe', 'transcribe', [CompletionResultType]::ParameterValue, 'Print what is said in sound or video files')
            [CompletionResult]::new('eval', 'eval', [CompletionResultType]::ParameterValue, 'Count the word errors of transcripts against what was said')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'undertone;help;convert' {
            break
        }
        'undertone;help;inspect' {
            break
        }
        'undertone;help;graph' {
            break
        }
        'undertone;help;profile' {
            break
        }
        'undertone;help;bench' {
            break
        }
        'undertone;help;completions' {
            break
        }
        'undertone;help;man' {
            break
        }
        'undertone;help;whisper' {
            break
        }
        'undertone;help;transcribe' {
            break
        }
        'undertone;help;eval' {
            break
        }
        'undertone;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
