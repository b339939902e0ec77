//! A side of the comparison: a process that is asked by lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::Context;
use atiende::llm::ChatMessage;
use serde_json::{Value, json};

/// Says which variant of the engine this very program is to be, instead of comparing.
pub const VARIANT: &str = "ATIENDE_BENCH_VARIANT";
pub const MODEL: &str = "ATIENDE_BENCH_MODEL";
pub const THREADS: &str = "ATIENDE_BENCH_THREADS";
pub const CONTEXT: &str = "CONTEXT";

/// A process and what it said of itself.
pub struct Side {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Milliseconds from its start until it could read a token.
    pub ready_ms: f64,
    is_peer: bool,
}

impl Side {
    /// The engine: `plain` without guesses and cache, `full` with them, `stock` on candle's decoder.
    pub fn engine(variant: &str, model: &Path, threads: usize, context: usize) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(VARIANT, variant).env(MODEL, model).env(THREADS, threads.to_string());
        // The stock decoder takes its threads from here.
        command.env("CANDLE_NUM_THREADS", threads.to_string()).env(CONTEXT, context.to_string());
        Self::start(command, false)
    }

    /// llama.cpp.
    pub fn peer(model: &Path, threads: usize, context: usize) -> anyhow::Result<Self> {
        let mut command = Command::new("node");
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peer.mjs");
        command.arg(program).arg(model).arg(threads.to_string()).env(CONTEXT, context.to_string());
        Self::start(command, true)
    }

    fn start(mut command: Command, is_peer: bool) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let started = Instant::now();
        let mut child = command.spawn().context("cannot start the process; `make bench-peers` installs the peer")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("there is a pipe")?);
        let mut side = Side { child, input, output, ready_ms: 0.0, is_peer };
        side.read().context("the process did not get ready; `make bench-peers` installs the peer")?;
        side.ready_ms = started.elapsed().as_secs_f64() * 1e3;
        Ok(side)
    }

    fn read(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line)?;
        anyhow::ensure!(answer.get("error").is_none(), "{}", answer["error"]);
        Ok(answer)
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, request: &Value) -> anyhow::Result<Value> {
        let input = self.input.as_mut().context("there is a pipe")?;
        writeln!(input, "{request}")?;
        input.flush()?;
        self.read()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It ends when there is nothing more to read.
        drop(self.input.take());
        drop(self.child.wait());
    }
}

/// What a side says of an answer.
pub struct Answer {
    pub prompt_tokens: f64,
    pub tokens: f64,
    /// Until the first new token was known.
    pub prefill_ms: f64,
    /// From there to the last.
    pub decode_ms: f64,
}

/// Has a side answer a prompt: the engine from its messages, the peer from the text that they are rendered to.
pub fn generate(
    side: &mut Side,
    prompt: &[ChatMessage],
    text: &str,
    max_tokens: usize,
    keep: bool,
) -> anyhow::Result<Answer> {
    let request = if side.is_peer {
        json!({"op": "generate", "text": text, "max_tokens": max_tokens, "keep": keep})
    } else {
        json!({"op": "generate", "messages": prompt, "max_tokens": max_tokens})
    };
    let answer = side.ask(&request)?;
    let number = |name: &str| answer[name].as_f64().with_context(|| format!("the answer lacks `{name}`"));
    Ok(Answer {
        prompt_tokens: number("prompt_tokens")?,
        tokens: number("tokens")?,
        prefill_ms: number("prefill_ms")?,
        decode_ms: number("decode_ms")?,
    })
}

/// The text of a prompt by the model's own chat template.
pub fn render(engine: &mut Side, prompt: &[ChatMessage]) -> anyhow::Result<String> {
    let answer = engine.ask(&json!({"op": "render", "messages": prompt}))?;
    Ok(answer["text"].as_str().context("the answer has a text")?.to_owned())
}
