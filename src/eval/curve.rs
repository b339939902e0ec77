//! Draws what a threshold costs: how many questions are answered (coverage) against how many of the answers are wrong
//! (risk), for every threshold of confidence (El-Yaniv, Wiener 2010).
//!
//! Only draws; chooses no threshold.

use std::fmt::Write;

use super::report::CaseResult;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const MARGIN: f64 = 60.0;
/// The thresholds that are marked on the curve.
const MARKS: [f64; 5] = [0.5, 0.6, 0.7, 0.8, 0.9];

/// What one threshold leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Answers at least this sure are sent.
    pub threshold: f64,
    /// The share of the questions that are answered then.
    pub coverage: f64,
    /// The share of those answers that are wrong.
    pub risk: f64,
}

/// A point for each confidence that occurs, the surest first. Empty without questions.
pub fn points(results: &[CaseResult]) -> Vec<Point> {
    let mut judged: Vec<(f64, bool)> = results.iter().filter_map(|result| result.outcome.as_ref()?.judged()).collect();
    judged.sort_by(|one, other| other.0.total_cmp(&one.0));
    let all = judged.len() as f64;
    let mut wrong = 0.0;
    let mut points = Vec::new();
    for (index, (threshold, right)) in judged.iter().enumerate() {
        wrong += if *right { 0.0 } else { 1.0 };
        let sent = index as f64 + 1.0;
        let is_last_of_its_kind = judged.get(index + 1).is_none_or(|next| next.0 < *threshold);
        if is_last_of_its_kind {
            points.push(Point { threshold: *threshold, coverage: sent / all, risk: wrong / sent });
        }
    }
    points
}

/// The curve as a picture, with the owner's threshold marked.
pub fn svg(points: &[Point], owners: f64) -> String {
    let most = points.iter().map(|point| point.risk).fold(0.1, f64::max);
    let x = |coverage: f64| MARGIN + coverage * (WIDTH - 2.0 * MARGIN);
    let y = |risk: f64| HEIGHT - MARGIN - risk / most * (HEIGHT - 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    // Writing to a string cannot fail, here and below.
    for step in 0..=5 {
        let share = f64::from(step) / 5.0;
        let _ = writeln!(
            out,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{:.0} %</text>\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{:.1} %</text>\
             <line x1=\"{MARGIN}\" x2=\"{:.0}\" y1=\"{3:.0}\" y2=\"{3:.0}\" stroke=\"#ddd\"/>",
            x(share),
            HEIGHT - MARGIN + 20.0,
            share * 100.0,
            MARGIN - 8.0,
            y(share * most),
            share * most * 100.0,
            WIDTH - MARGIN,
        );
    }
    let line: Vec<String> =
        points.iter().map(|point| format!("{:.1},{:.1}", x(point.coverage), y(point.risk))).collect();
    let _ =
        writeln!(out, "<polyline fill=\"none\" stroke=\"#1a7f37\" stroke-width=\"2\" points=\"{}\"/>", line.join(" "));
    for (threshold, colour) in MARKS.map(|mark| (mark, "#1a7f37")).into_iter().chain([(owners, "#cf222e")]) {
        let Some(point) = points.iter().rev().find(|point| point.threshold >= threshold) else { continue };
        let (left, top) = (x(point.coverage), y(point.risk));
        let _ = writeln!(
            out,
            "<circle cx=\"{left:.1}\" cy=\"{top:.1}\" r=\"5\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{threshold:.2}</text>",
            left + 8.0,
            top - 6.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">questions answered</text>\
         <text x=\"{MARGIN}\" y=\"30\">answers that are wrong; in red what min_confidence = {owners:.2} gives</text>\n</svg>",
        WIDTH / 2.0,
        HEIGHT - 15.0
    );
    out
}

#[cfg(test)]
mod tests {
    use super::super::report::made;
    use super::*;
    use crate::decide::{Action, Reason};

    fn result(confidence: f32, is_right: bool) -> CaseResult {
        made::result(None, (Action::Reply, Reason::Answered), confidence, is_right)
    }

    #[test]
    fn the_lower_the_threshold_the_more_is_answered() {
        let points = points(&[result(0.5, false), result(0.9, true), result(0.75, true), result(0.5, true)]);
        let coverage: Vec<f64> = points.iter().map(|point| point.coverage).collect();
        assert_eq!(coverage, [0.25, 0.5, 1.0]);
        assert_eq!(points[2], Point { threshold: 0.5, coverage: 1.0, risk: 0.25 });
    }

    #[test]
    fn the_picture_shows_the_owners_threshold() {
        let drawn = svg(&points(&[result(0.5, false), result(0.9, true)]), 0.65);
        assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"));
        assert!(drawn.contains(">0.65</text>"), "{drawn}");
        assert!(svg(&[], 0.6).contains("polyline"));
    }
}
