//! A customer's phone in the terminal: for people, line by line, and for scripts, a list of messages.
//!
//! It writes plain text when its output is no terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, Lines};

use super::meta::{CustomerId, DeliveryError, Event, MetaStandIn, Sent};

/// How long after a reply another one is waited for: an answer may come in several messages.
const MORE: Duration = Duration::from_millis(400);

/// How the output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether sources and times are dimmed with escape sequences.
    pub colour: bool,
    /// Where lines are broken, in characters, at least 20.
    pub width: usize,
}

impl Style {
    /// What suits the standard output: colour on a terminal unless `NO_COLOR` is set, the width from `COLUMNS` or 80.
    pub fn detect() -> Self {
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
        Style { colour, width: columns.unwrap_or(80).clamp(20, 100) }
    }

    fn dim(self, text: &str) -> String {
        if self.colour { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What a customer wrote and what came back.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The customer's words.
    pub said: String,
    /// The replies with what the product tells about each.
    pub replies: Vec<(Arc<Sent>, Option<Value>)>,
    /// From the customer's message to the first reply.
    pub took: Duration,
}

/// Why a conversation could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// No reply came in time.
    #[error("no reply to {said:?} within {seconds} s; look at the server's log, or allow more time")]
    NoReply {
        /// The customer's words.
        said: String,
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// The server did not take a message.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The terminal cannot be read or written.
    #[error("the terminal cannot be read or written: {0}")]
    Io(#[from] io::Error),
}

/// How long to wait for a reply.
pub struct Patience<'a> {
    /// At most this long.
    pub timeout: Duration,
    /// How many messages the product has decided to leave without a reply so far: then there is nothing to wait for.
    pub silences: &'a (dyn Fn() -> BoxFuture<'static, u64> + Send + Sync),
}

/// How often it is looked whether the product stays silent.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Says each text as one new customer, waits for its replies and prints them with sources, confidence and time.
///
/// # Errors
/// When a message is not taken, or has no reply within `timeout`.
pub async fn say(
    meta: &MetaStandIn,
    texts: &[String],
    patience: Patience<'_>,
    style: Style,
    out: &mut impl Write,
) -> Result<Vec<Exchange>, TerminalError> {
    let customer = fresh_customer(meta);
    let mut exchanges = Vec::with_capacity(texts.len());
    for text in texts {
        writeln!(out, "> {text}")?;
        let exchange = exchange(meta, &customer, text, &patience).await?;
        if exchange.replies.is_empty() {
            writeln!(out, "{}", style.dim("(no reply: nothing is to be said, or a person is in charge)"))?;
        }
        for (sent, details) in &exchange.replies {
            print_reply(sent, details.as_ref(), exchange.took, style, out)?;
        }
        exchanges.push(exchange);
    }
    Ok(exchanges)
}

async fn exchange(
    meta: &MetaStandIn,
    customer: &CustomerId,
    text: &str,
    patience: &Patience<'_>,
) -> Result<Exchange, TerminalError> {
    let started = Instant::now();
    let before = (patience.silences)().await;
    meta.say(customer, text).await?;
    let mut next = None;
    while next.is_none() && started.elapsed() < patience.timeout {
        next = meta.wait_for_reply(customer, LOOK_EVERY).await;
        if next.is_none() && (patience.silences)().await > before {
            return Ok(Exchange { said: text.to_owned(), replies: Vec::new(), took: started.elapsed() });
        }
    }
    let took = started.elapsed();
    let mut replies = Vec::new();
    while let Some(sent) = next {
        let details = meta.details(&sent).await;
        replies.push((sent, details));
        next = meta.wait_for_reply(customer, MORE).await;
    }
    if replies.is_empty() {
        return Err(TerminalError::NoReply { said: text.to_owned(), seconds: patience.timeout.as_secs() });
    }
    Ok(Exchange { said: text.to_owned(), replies, took })
}

/// Chats until `/quit` or the end of the input. `/new` begins as a new customer; a number taps on that choice.
///
/// # Errors
/// When the input or the output fails. A message that the server does not take is reported and the chat goes on.
pub async fn chat(
    meta: &MetaStandIn,
    input: impl AsyncBufRead + Unpin,
    style: Style,
    out: &mut impl Write,
) -> Result<(), TerminalError> {
    let mut chat = Chat { meta, customer: fresh_customer(meta), choices: Vec::new(), asked: Instant::now(), style };
    writeln!(out, "{}", style.dim("Write as a customer would. /new is a new customer, /quit ends."))?;
    let mut lines: Lines<_> = input.lines();
    let mut events = meta.events();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                None => return Ok(()),
                Some(line) if line.trim() == "/quit" => return Ok(()),
                Some(line) => chat.read(line.trim(), out).await?,
            },
            entry = events.next() => {
                if let Event::Sent(sent) = &entry.event && entry.customer.is(&chat.customer) {
                    chat.show(sent, out).await?;
                }
            }
        }
    }
}

struct Chat<'a> {
    meta: &'a MetaStandIn,
    customer: CustomerId,
    /// The ids of the newest message's choices.
    choices: Vec<String>,
    asked: Instant,
    style: Style,
}

impl Chat<'_> {
    async fn read(&mut self, line: &str, out: &mut impl Write) -> Result<(), TerminalError> {
        match line {
            "" => return Ok(()),
            "/new" => {
                self.customer = fresh_customer(self.meta);
                self.choices.clear();
                writeln!(out, "{}", self.style.dim("You are a new customer now."))?;
                return Ok(());
            }
            _ => {}
        }
        self.asked = Instant::now();
        let tapped = line.parse::<usize>().ok().and_then(|number| self.choices.get(number.checked_sub(1)?));
        let outcome = match tapped {
            Some(choice) => self.meta.tap(&self.customer, choice).await.map_err(|error| error.to_string()),
            None => self.meta.say(&self.customer, line).await.map_err(|error| error.to_string()),
        };
        if let Err(error) = outcome {
            writeln!(out, "{}", self.style.dim(&error))?;
        }
        Ok(())
    }

    async fn show(&mut self, sent: &Sent, out: &mut impl Write) -> Result<(), TerminalError> {
        let details = self.meta.details(sent).await;
        self.choices = sent.choices.iter().map(|choice| choice.id.clone()).collect();
        print_reply(sent, details.as_ref(), self.asked.elapsed(), self.style, out)?;
        Ok(())
    }
}

fn fresh_customer(meta: &MetaStandIn) -> CustomerId {
    let number = uuid::Uuid::new_v4().as_u128();
    meta.customer(CustomerId {
        // +999 is assigned to no country, and ZZ neither.
        phone: Some(format!("999{:010}", number % 10_000_000_000)),
        bsuid: Some(format!("ZZ.{:020}", number % 100_000_000_000_000_000_000)),
        name: None,
    })
}

/// What the product tells about a reply, read leniently.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    sources: Vec<Source>,
    confidence: Option<f64>,
    total_ms: Option<f64>,
    action: Option<String>,
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    file: String,
    heading: String,
}

fn print_reply(
    sent: &Sent,
    details: Option<&Value>,
    took: Duration,
    style: Style,
    out: &mut impl Write,
) -> io::Result<()> {
    for line in wrap(&sent.text, style.width - 2) {
        writeln!(out, "  {line}")?;
    }
    for (index, choice) in sent.choices.iter().enumerate() {
        let description = choice.description.as_ref().map_or(String::new(), |text| format!(" — {text}"));
        writeln!(out, "  [{}] {}{}", index + 1, choice.title, style.dim(&description))?;
    }
    let told: Told = details.and_then(|details| serde_json::from_value(details.clone()).ok()).unwrap_or_default();
    for line in explanation(&told, took) {
        writeln!(out, "  {}", style.dim(&line))?;
    }
    writeln!(out)
}

fn explanation(told: &Told, took: Duration) -> Vec<String> {
    let seconds = told.total_ms.map_or(took.as_secs_f64(), |milliseconds| milliseconds / 1000.0);
    let confidence = told.confidence.map(|confidence| format!("confidence {:.0} %", confidence * 100.0));
    let why = match (&told.action, &told.reason) {
        (Some(action), Some(reason)) => Some(format!("{action}: {reason}")),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    let facts: Vec<String> = [why, confidence, Some(format!("{seconds:.1} s"))].into_iter().flatten().collect();
    let sources = told.sources.iter().map(|source| match source.heading.as_str() {
        "" => format!("from {}", source.file),
        heading => format!("from {} > {heading}", source.file),
    });
    sources.chain([facts.join(" · ")]).collect()
}

/// Breaks lines at spaces so that none is longer than `width` characters, unless one word is.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut length = 0;
        for word in paragraph.split(' ') {
            let more = word.chars().count();
            if length > 0 && length + 1 + more > width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            } else if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += more;
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests;
