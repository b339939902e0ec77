//! Medians, and the table, whose lines are printed as they come.

/// The middle one of some figures.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints lines of figures.
pub struct Table(());

impl Table {
    /// Prints the headings of the columns.
    pub fn new() -> Self {
        println!("{:<76} {:>9} {:>9} {:>6}   {:>4} {:>5}", "", "ours", "other", "ratio", "must", "aim");
        Table(())
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
        println!("    {note}");
    }

    #[expect(clippy::too_many_arguments, reason = "they are the columns")]
    fn line(&mut self, name: &str, ours: f64, theirs: f64, ratio: f64, must: f64, aim: f64, is_met: bool) {
        let met = if is_met { "" } else { "  not met" };
        println!("{name:<76} {ours:>9.2} {theirs:>9.2} {ratio:>6.2}   {must:>4} {aim:>5}{met}");
    }
}
