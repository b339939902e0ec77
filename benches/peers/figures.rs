//! Medians, and the table that is printed at the end.

use std::fmt;

/// The middle one of some figures.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Lines of figures, in the order in which they were taken.
pub struct Table(Vec<String>);

impl Table {
    pub fn new() -> Self {
        Table(vec![format!("{:<76} {:>9} {:>9} {:>6}   {:>4} {:>5}", "", "ours", "other", "ratio", "must", "aim")])
    }

    /// More is better; the targets are for the ratio.
    pub fn add(&mut self, name: &str, ours: f64, theirs: f64, (must, aim): (f64, f64)) {
        self.line(name, ours, theirs, ours / theirs, must, aim, ours / theirs >= must);
    }

    /// Less is better; the targets are for the ratio.
    pub fn add_time(&mut self, name: &str, ours: f64, theirs: f64, (must, aim): (f64, f64)) {
        self.line(name, ours, theirs, ours / theirs, must, aim, ours / theirs <= must);
    }

    /// Less is better; the targets are for our own figure.
    pub fn add_limit(&mut self, name: &str, ours: f64, theirs: f64, (must, aim): (f64, f64)) {
        self.line(name, ours, theirs, ours / theirs, must, aim, ours <= must);
    }

    /// Something to be said of the line before.
    pub fn note(&mut self, note: &str) {
        self.0.push(format!("    {note}"));
    }

    #[expect(clippy::too_many_arguments, reason = "they are the columns")]
    fn line(&mut self, name: &str, ours: f64, theirs: f64, ratio: f64, must: f64, aim: f64, is_met: bool) {
        let met = if is_met { "" } else { "  not met" };
        let line = format!("{name:<76} {ours:>9.2} {theirs:>9.2} {ratio:>6.2}   {must:>4} {aim:>5}{met}");
        println!("{line}");
        self.0.push(line);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(formatter, "{line}"))
    }
}
