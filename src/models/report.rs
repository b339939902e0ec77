//! Tells the owner how a long piece of work goes: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Receives what happens. The work never asks it anything.
pub trait Reporter: Send + Sync {
    /// One sentence.
    fn note(&self, text: &str);

    /// Work on `total` bytes begins, of which `done` were there before.
    fn begin(&self, label: &str, total: u64, done: u64);

    /// So many bytes are done by now.
    fn progress(&self, done: u64);

    /// The work that began last is over, well or not.
    fn end(&self);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn note(&self, _: &str) {}
    fn begin(&self, _: &str, _: u64, _: u64) {}
    fn progress(&self, _: u64) {}
    fn end(&self) {}
}

/// The reporter that fits where the program's error output goes.
pub fn for_standard_error() -> Box<dyn Reporter> {
    if std::io::stderr().is_terminal() { Box::new(Bar::default()) } else { Box::new(Lines::default()) }
}

/// A bar with bytes, speed and time left.
#[derive(Debug, Default)]
struct Bar {
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.bar.lock().expect("drawing a bar does not panic. This is a bug."));
    }
}

impl Reporter for Bar {
    fn note(&self, text: &str) {
        self.with(|bar| match bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        });
    }

    fn begin(&self, label: &str, total: u64, done: u64) {
        let template = "{msg}\n  {wide_bar} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left";
        let style = ProgressStyle::with_template(template).expect("a valid template. This is a bug.");
        let new = ProgressBar::new(total).with_style(style).with_message(label.to_owned()).with_position(done);
        // What was there before says nothing about the speed.
        new.reset_eta();
        self.with(|bar| *bar = Some(new));
    }

    fn progress(&self, done: u64) {
        self.with(|bar| {
            if let Some(bar) = bar {
                bar.set_position(done);
            }
        });
    }

    fn end(&self) {
        self.with(|bar| {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        });
    }
}

/// Lines for a log file or a pipe.
#[derive(Debug, Default)]
struct Lines {
    work: Mutex<Option<Work>>,
}

#[derive(Debug)]
struct Work {
    label: String,
    total: u64,
    before: u64,
    begun: Instant,
    told: Instant,
}

impl Reporter for Lines {
    fn note(&self, text: &str) {
        eprintln!("{text}");
    }

    fn begin(&self, label: &str, total: u64, done: u64) {
        let now = Instant::now();
        eprintln!("{label}: {}", DecimalBytes(total));
        let work = Work { label: label.to_owned(), total, before: done, begun: now, told: now };
        *self.work.lock().expect("writing a line does not panic. This is a bug.") = Some(work);
    }

    fn progress(&self, done: u64) {
        let mut work = self.work.lock().expect("writing a line does not panic. This is a bug.");
        if let Some(work) = work.as_mut().filter(|work| work.told.elapsed() >= LINE_EVERY) {
            work.told = Instant::now();
            eprintln!("{}", progress_line(work, done, work.begun.elapsed()));
        }
    }

    fn end(&self) {
        *self.work.lock().expect("writing a line does not panic. This is a bug.") = None;
    }
}

fn progress_line(work: &Work, done: u64, elapsed: Duration) -> String {
    let new = done.saturating_sub(work.before);
    let speed = new as f64 / elapsed.as_secs_f64().max(0.001);
    let left = work.total.saturating_sub(done) as f64 / speed.max(1.0);
    let percent = done as f64 * 100.0 / work.total.max(1) as f64;
    let (label, done, total) = (&work.label, DecimalBytes(done), DecimalBytes(work.total));
    format!("{label}: {done} of {total} ({percent:.0} %), {}/s, {left:.0} s left", DecimalBytes(speed as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_speed_without_what_was_there_before() {
        let now = Instant::now();
        let work = Work { label: "model".into(), total: 1_000_000_000, before: 400_000_000, begun: now, told: now };
        let line = progress_line(&work, 500_000_000, Duration::from_secs(10));
        assert_eq!(line, "model: 500.00 MB of 1.00 GB (50 %), 10.00 MB/s, 50 s left");
    }
}
