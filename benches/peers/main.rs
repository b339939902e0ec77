//! The engine beside llama.cpp: the same file, the same prompts, the same number of threads, in turn, so that whatever
//! else happens on the machine happens to both. `make bench-peers` installs the peer and runs this.
//!
//! `cargo bench --bench peers -- plain growth` takes only some of the figures; the names are those of `main`.
//!
//! Prints medians and ratios, beside what we hold ourselves to (`must`) and what we would like (`aim`), and asserts
//! nothing. Each side is a process of its own, so that its memory can be told.

mod engine;
mod figures;
mod growth;
mod machine;
mod process;
mod prompts;

use std::path::{Path, PathBuf};

use atiende::llm::{ChatMessage, Role};
use atiende::models::cache_folder;
use serde_json::json;

use self::figures::{Table, median};
use self::process::{Side, generate, render};

/// How often each figure is taken on each side.
const ROUNDS: usize = 5;

/// The default model and the smaller one, in the folder of `atiende models`.
const DEFAULT: &str = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf";
const SMALL: &str = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";

fn main() -> anyhow::Result<()> {
    if let Some(variant) = std::env::var_os(process::VARIANT) {
        return engine::serve(&variant.to_string_lossy());
    }
    let threads = std::env::var("THREADS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let (default, small) = (model(DEFAULT)?, model(SMALL)?);
    let bandwidth = machine::read_bandwidth(threads)?;
    println!("{threads} threads read {:.1} GB/s from memory\n", bandwidth / 1e9);
    let mut table = Table::new();
    if wanted("plain") {
        plain(&mut table, "1.5B", &default, threads, bandwidth, [(2.0, 2.5), (0.95, 1.0)])?;
    }
    if wanted("small") {
        plain(&mut table, "0.5B", &small, threads, bandwidth, [(1.0, 1.5), (1.0, 1.1)])?;
    }
    if wanted("guessing") {
        guessing(&mut table, &default, threads)?;
    }
    if wanted("second") {
        second_customer(&mut table, &default, threads)?;
    }
    if wanted("turns") {
        turns(&mut table, &default, threads)?;
    }
    if wanted("together") {
        together(&mut table, &default, threads)?;
    }
    if wanted("resources") {
        resources(&mut table, &default, threads)?;
    }
    if wanted("growth") {
        growth::print(&default, threads)?;
    }
    Ok(())
}

/// Whether a group of figures was asked for by its name, or none was.
fn wanted(group: &str) -> bool {
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    named.peek().is_none() || named.any(|name| name == group)
}

/// The file of a model, as `atiende models pull` lays it down.
fn model(file: &str) -> anyhow::Result<PathBuf> {
    let folder = cache_folder(|name| std::env::var_os(name))?;
    let path = folder.join(file);
    anyhow::ensure!(path.exists(), "{} is missing: run `make bench-peers`, which fetches it", path.display());
    Ok(path)
}

/// Reading a prompt of 512 tokens, and writing without guesses, in turn with llama.cpp and with candle's decoder.
fn plain(
    table: &mut Table,
    name: &str,
    model: &Path,
    threads: usize,
    bandwidth: f64,
    targets: [(f64, f64); 2],
) -> anyhow::Result<()> {
    let mut sides = [
        Side::engine("plain", model, threads, 4096)?,
        Side::peer(model, threads, 4096)?,
        Side::engine("stock", model, threads, 4096)?,
    ];
    let prompt = prompts::of_length(&mut sides[0], 512)?;
    let prompt_text = render(&mut sides[0], &prompt)?;
    let story = prompts::story();
    let story_text = render(&mut sides[0], &story)?;
    let (mut read, mut written) = ([const { Vec::new() }; 3], [const { Vec::new() }; 3]);
    for round in 0..=ROUNDS {
        for (at, side) in sides.iter_mut().enumerate() {
            let once = generate(side, &prompt, &prompt_text, 1, false)?;
            let long = generate(side, &story, &story_text, 48, false)?;
            // The first round warms up.
            if round > 0 {
                read[at].push(once.prompt_tokens / once.prefill_ms * 1e3);
                written[at].push((long.tokens - 1.0) / long.decode_ms * 1e3);
            }
        }
    }
    let [read, written] = [read, written].map(|sides| sides.map(|figures| median(&figures)));
    table.add(&format!("{name}, prompt of 512 tokens, tok/s"), read[0], read[1], targets[0]);
    table.note(&format!("candle's stock decoder {:.0}, {:.2} of llama.cpp", read[2], read[2] / read[1]));
    table.add(&format!("{name}, plain greedy decoding, tok/s"), written[0], written[1], targets[1]);
    table.note(&format!("candle's stock decoder {:.1}, {:.2} of llama.cpp", written[2], written[2] / written[1]));
    let bytes = sides[0].ask(&json!({"op": "weights"}))?["bytes"].as_f64().unwrap_or_default();
    let used = bytes * written[0];
    table.note(&format!("{:.1} GB/s of weights, {:.0} % of what was read above", used / 1e9, 100.0 * used / bandwidth));
    Ok(())
}

/// Answers that copy the facts, with guesses.
fn guessing(table: &mut Table, model: &Path, threads: usize) -> anyhow::Result<()> {
    let mut ours = Side::engine("full", model, threads, 4096)?;
    let mut peer = Side::peer(model, threads, 4096)?;
    let mut speeds = [const { Vec::new() }; 2];
    for round in 0..=2 {
        for prompt in prompts::answers() {
            let text = render(&mut ours, &prompt)?;
            for (at, side) in [&mut ours, &mut peer].into_iter().enumerate() {
                let answer = generate(side, &prompt, &text, 96, false)?;
                if round > 0 {
                    speeds[at].push((answer.tokens - 1.0) / answer.decode_ms * 1e3);
                }
            }
        }
    }
    let [ours, theirs] = speeds.map(|figures| median(&figures));
    table.add("1.5B, decoding an FAQ answer with guesses (llama.cpp: without), tok/s", ours, theirs, (1.6, 2.5));
    Ok(())
}

/// A customer asks about what another has just asked about, in other words.
fn second_customer(table: &mut Table, model: &Path, threads: usize) -> anyhow::Result<()> {
    let mut peer = Side::peer(model, threads, 4096)?;
    let mut times = [const { Vec::new() }; 3];
    let mut tokens = [const { Vec::new() }; 3];
    for _ in 0..2 {
        // Each time anew, so that nobody remembers the second customer's own words.
        let mut ours = Side::engine("full", model, threads, 4096)?;
        let story = prompts::story();
        let story_text = render(&mut ours, &story)?;
        generate(&mut ours, &story, &story_text, 16, false)?;
        generate(&mut peer, &story, &story_text, 16, false)?;
        for [other, first, second] in prompts::topics() {
            let [other_text, second_text] = [render(&mut ours, &other)?, render(&mut ours, &second)?];
            generate(&mut ours, &first, "", 64, false)?;
            generate(&mut ours, &other, "", 64, false)?;
            let mine = generate(&mut ours, &second, "", 64, false)?;
            let fresh = generate(&mut peer, &second, &second_text, 64, false)?;
            generate(&mut peer, &other, &other_text, 64, false)?;
            let kept = generate(&mut peer, &second, &second_text, 64, true)?;
            for ((times, tokens), answer) in times.iter_mut().zip(&mut tokens).zip([mine, fresh, kept]) {
                times.push(answer.prefill_ms + answer.decode_ms);
                tokens.push(answer.tokens);
            }
        }
    }
    let [ours, fresh, kept] = times.map(|figures| median(&figures));
    table.add_time(
        "second customer, same topic, ms to the full reply; llama.cpp without cache",
        ours,
        fresh,
        (0.35, 0.2),
    );
    table.add_time("the same; llama.cpp keeps the instructions", ours, kept, (0.6, 0.4));
    let [ours, fresh, kept] = tokens.map(|figures| median(&figures));
    table.note(&format!("tokens of a reply: {ours} ours, {fresh} and {kept} llama.cpp's"));
    Ok(())
}

/// What the product itself has the model write: follow-ups worded anew, and the owner's sentences translated. Each side keeps
/// what it has read, as in the shop; the engine also what it has read of other instructions.
fn turns(table: &mut Table, model: &Path, threads: usize) -> anyhow::Result<()> {
    let mut peer = Side::peer(model, threads, 4096)?;
    let mut times = [const { Vec::new() }; 2];
    for round in 0..=2 {
        // Each time anew, so that nobody remembers a customer's own words.
        let mut ours = Side::engine("full", model, threads, 4096)?;
        let turns = prompts::turns()?;
        for (prompt, _) in &turns {
            let text = render(&mut ours, &instructions_of(prompt))?;
            generate(&mut ours, &instructions_of(prompt), &text, 1, false)?;
        }
        for (prompt, tokens) in &turns {
            let text = render(&mut ours, prompt)?;
            for (at, side) in [&mut ours, &mut peer].into_iter().enumerate() {
                let answer = generate(side, prompt, &text, *tokens, true)?;
                if round > 0 {
                    times[at].push(answer.prefill_ms + answer.decode_ms);
                }
            }
        }
    }
    let [ours, theirs] = times.map(|figures| median(&figures));
    table.add_time("rewording or translating, ms; llama.cpp keeps what it read last", ours, theirs, (0.6, 0.4));
    Ok(())
}

/// A prompt with nothing of a customer: what is read when the program starts.
fn instructions_of(prompt: &[ChatMessage]) -> Vec<ChatMessage> {
    vec![prompt[0].clone(), ChatMessage::new(Role::User, "…")]
}

/// Four customers at once, three questions each, against the same twelve questions one after another: in a shop where
/// each passage was asked about before, and where only the instructions are known.
fn together(table: &mut Table, model: &Path, threads: usize) -> anyhow::Result<()> {
    let questions = prompts::twelve();
    #[expect(clippy::cast_precision_loss, reason = "there are a few questions")]
    let replies = questions.len() as f64;
    for (name, are_known) in [("passages known", true), ("passages new", false)] {
        let mut minutes = [const { Vec::new() }; 2];
        for _ in 0..3 {
            for (at, customers) in [4, 1].into_iter().enumerate() {
                let mut side = Side::engine("full", model, threads, 4096)?;
                for prompt in if are_known { prompts::four() } else { prompts::answers() } {
                    generate(&mut side, &prompt, "", 8, false)?;
                }
                let ask = json!({"op": "many", "prompts": questions, "max_tokens": 64, "customers": customers});
                minutes[at].push(60_000.0 * replies / side.ask(&ask)?["ms"].as_f64().unwrap_or(f64::NAN));
            }
        }
        let [at_once, in_turn] = minutes.map(|figures| median(&figures));
        let name = format!("four at once, replies a minute, {name}; one after another");
        table.add(&name, at_once, in_turn, (1.8, 2.5));
    }
    Ok(())
}

/// Memory and the time to be ready, the file being in the system's cache.
fn resources(table: &mut Table, model: &Path, threads: usize) -> anyhow::Result<()> {
    let mut ready = [const { Vec::new() }; 3];
    let mut peak = [0.0; 3];
    for _ in 0..3 {
        let mut sides = [
            Side::engine("full", model, threads, 4096)?,
            Side::peer(model, threads, 4096)?,
            Side::engine("stock", model, threads, 4096)?,
        ];
        let prompts = prompts::four();
        for (at, side) in sides.iter_mut().enumerate() {
            ready[at].push(side.ready_ms / 1e3);
            for prompt in &prompts {
                let text = if at == 1 { prompts::plain_text(prompt) } else { String::new() };
                generate(side, prompt, &text, 64, false)?;
            }
            let memory = side.ask(&json!({"op": "memory"}))?;
            peak[at] = memory["peak_kb"].as_f64().unwrap_or(f64::NAN) * 1024.0 / 1e9;
        }
    }
    let ready = ready.map(|figures| median(&figures));
    table.add_limit("peak resident memory, 1.5B, GB", peak[0], peak[1], (1.6, 1.3));
    table.note(&format!("candle's stock decoder {:.2}; llama.cpp's with its Node host", peak[2]));
    table.add_limit("start to ready, s", ready[0], ready[1], (2.0, 1.0));
    table.note(&format!("candle's stock decoder {:.2}", ready[2]));
    Ok(())
}
