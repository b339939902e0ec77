//! How time and memory grow with the prompt and with the customers.

use std::path::Path;

use serde_json::json;

use crate::process::{Side, generate, render};
use crate::prompts;

/// Prints both tables.
pub fn print(model: &Path, threads: usize) -> anyhow::Result<()> {
    println!("{:>14} {:>12} {:>9} {:>15} {:>9}", "prompt, tokens", "reading, s", "tok/s", "writing, tok/s", "peak, GB");
    for length in [256, 512, 1024, 2048, 4096, 8192] {
        let mut side = Side::engine("plain", model, threads, 8192 + 64)?;
        let prompt = prompts::of_length(&mut side, length)?;
        let text = render(&mut side, &prompt)?;
        let answer = generate(&mut side, &prompt, &text, 17, false)?;
        println!(
            "{:>14} {:>12.2} {:>9.0} {:>15.1} {:>9.2}",
            answer.prompt_tokens,
            answer.prefill_ms / 1e3,
            answer.prompt_tokens / answer.prefill_ms * 1e3,
            (answer.tokens - 1.0).max(1.0) / answer.decode_ms * 1e3,
            peak_gigabytes(&mut side)?,
        );
    }
    println!("\n{:>9} {:>18} {:>20} {:>9}", "customers", "all answered, s", "replies a minute", "peak, GB");
    for count in 1..=8 {
        let mut side = Side::engine("full", model, threads, 4096)?;
        let prompts = prompts::customers(count);
        let ask = json!({"op": "many", "prompts": prompts, "max_tokens": 64, "customers": count});
        let seconds = side.ask(&ask)?["ms"].as_f64().unwrap_or(f64::NAN) / 1e3;
        #[expect(clippy::cast_precision_loss, reason = "there are a few customers")]
        let replies = 60.0 * count as f64 / seconds;
        println!("{count:>9} {seconds:>18.2} {replies:>20.1} {:>9.2}", peak_gigabytes(&mut side)?);
    }
    Ok(())
}

fn peak_gigabytes(side: &mut Side) -> anyhow::Result<f64> {
    Ok(side.ask(&json!({"op": "memory"}))?["peak_kb"].as_f64().unwrap_or(f64::NAN) * 1024.0 / 1e9)
}
