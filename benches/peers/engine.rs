//! The engine as a process that answers lines of JSON, like the peer.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use atiende::llm::{ChatMessage, DecoderChoice, Engine, EngineOptions, GenerateRequest, LanguageModel};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use crate::process::{CONTEXT, MODEL, THREADS};

/// Loads the model, says so, and answers until there is nothing more to read.
pub fn serve(variant: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let path = PathBuf::from(std::env::var_os(MODEL).context("no model is named")?);
    let options = EngineOptions::new(path);
    let engine = Engine::start(EngineOptions {
        threads: number(THREADS),
        max_context: number(CONTEXT).unwrap_or(4096),
        decoder: if variant == "stock" { DecoderChoice::Stock } else { DecoderChoice::Best },
        guesses: variant == "full",
        remembered: if variant == "full" { options.remembered } else { 0 },
        ..options
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    respond(&json!({"ready": true, "load_ms": milliseconds(started)}))?;
    for line in std::io::stdin().lock().lines() {
        let answer = serde_json::from_str(&line?)
            .map_err(anyhow::Error::from)
            .and_then(|request: Value| runtime.block_on(answer(&engine, &request)));
        respond(&answer.unwrap_or_else(|error| json!({"error": format!("{error:#}")})))?;
    }
    Ok(())
}

fn respond(answer: &Value) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{answer}")?;
    output.flush()
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

async fn answer(engine: &Engine, request: &Value) -> anyhow::Result<Value> {
    let max_tokens = request["max_tokens"].as_u64().unwrap_or(64).try_into()?;
    match request["op"].as_str() {
        Some("render") => Ok(json!({"text": engine.render(&messages(&request["messages"])?)?})),
        Some("generate") => generate(engine, messages(&request["messages"])?, max_tokens).await,
        Some("many") => many(engine, request, max_tokens).await,
        Some("count") => Ok(json!({"tokens": engine.count_tokens(request["text"].as_str().unwrap_or_default())})),
        Some("weights") => Ok(json!({"bytes": engine.describe().bytes_a_token})),
        Some("memory") => Ok(json!({"peak_kb": peak_kilobytes()})),
        _ => anyhow::bail!("there is no such operation"),
    }
}

fn messages(value: &Value) -> anyhow::Result<Vec<ChatMessage>> {
    Ok(serde_json::from_value(value.clone())?)
}

async fn generate(engine: &Engine, messages: Vec<ChatMessage>, max_tokens: usize) -> anyhow::Result<Value> {
    let started = Instant::now();
    let (sender, mut pieces) = tokio::sync::mpsc::unbounded_channel();
    let request = GenerateRequest { stream: Some(sender), ..GenerateRequest::new(messages, max_tokens) };
    let answer = engine.generate(request).await?;
    let total = milliseconds(started);
    drop(pieces.recv().await);
    let prefill = answer.prefill.as_secs_f64() * 1e3;
    Ok(json!({
        "prompt_tokens": answer.tokens.prompt,
        "evaluated": answer.tokens.prompt - answer.tokens.cached,
        "tokens": answer.tokens.generated,
        "prefill_ms": prefill,
        "decode_ms": total - answer.queue.as_secs_f64() * 1e3 - prefill,
        "text": answer.text,
    }))
}

async fn many(engine: &Engine, request: &Value, max_tokens: usize) -> anyhow::Result<Value> {
    let prompts = request["prompts"].as_array().context("there are prompts")?;
    let prompts = prompts.iter().map(messages).collect::<anyhow::Result<Vec<_>>>()?;
    let customers = request["customers"].as_u64().unwrap_or(1).try_into()?;
    let started = Instant::now();
    // As soon as one has their reply, they or somebody else ask the next.
    let tokens = futures_util::stream::iter(prompts)
        .map(async |prompt| {
            anyhow::Ok(engine.generate(GenerateRequest::new(prompt, max_tokens)).await?.tokens.generated)
        })
        .buffer_unordered(customers)
        .try_fold(0, async |sum, tokens| Ok(sum + tokens))
        .await?;
    Ok(json!({"ms": milliseconds(started), "tokens": tokens}))
}

/// The most memory that this process ever had resident; nothing where the system does not say.
fn peak_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
