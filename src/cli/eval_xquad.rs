//! `atiende eval-xquad`: how often search puts the right paragraph first, for each pair of languages of XQuAD.

use std::path::PathBuf;
use std::time::Instant;

use crate::app::{Folders, open_knowledge};
use crate::config::Config;
use crate::domain::Language;
use crate::eval::report::percentile;
use crate::eval::retrieval::place_of;
use crate::eval::xquad::{Asked, Side, file_of};
use crate::knowledge::{Knowledge, Query};

/// Passages looked at for each question: a paragraph may be cut into several.
const PASSAGES: usize = 20;

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// The folder with `xquad.es.json` and the like.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Languages of the questions.
    #[arg(long, value_delimiter = ',', default_value = "en,es,de,ro,ru,el,tr,ar,hi,th,vi,zh")]
    questions: Vec<Language>,
    /// Languages of the knowledge.
    #[arg(long, value_delimiter = ',', default_value = "es,en,de,ar,zh")]
    knowledge: Vec<Language>,
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let mut times = Vec::new();
    let mut table: Vec<Vec<f64>> = vec![Vec::new(); args.questions.len()];
    for &to in &args.knowledge {
        let folder = tempfile::tempdir()?;
        Side::read(&args.folder, to)?.write_knowledge(folder.path(), to)?;
        let ((knowledge, _), problem) = open_knowledge(&config, &Folders::only(folder.path()))?;
        anyhow::ensure!(problem.is_none(), "{}", problem.unwrap_or_default());
        for (row, &from) in table.iter_mut().zip(&args.questions) {
            let side = Side::read(&args.folder, from)?;
            let hits = side.questions.iter().filter(|asked| is_first(&knowledge, from, asked, &mut times));
            row.push(hits.count() as f64 / side.questions.len().max(1) as f64);
            eprintln!("{from} in {to}: {:.3}", row.last().copied().unwrap_or_default());
        }
    }
    print!("{}", markdown(&args.questions, &args.knowledge, &table));
    let all: Vec<f64> = table.into_iter().flatten().collect();
    println!("mean hit@1 {:.3}", all.iter().sum::<f64>() / all.len().max(1) as f64);
    times.sort_by(f64::total_cmp);
    println!("search p50 {:.1} ms, p95 {:.1} ms", percentile(&times, 0.50), percentile(&times, 0.95));
    Ok(0)
}

fn is_first(knowledge: &Knowledge, language: Language, asked: &Asked, times: &mut Vec<f64>) -> bool {
    let query = Query { text: asked.text.clone(), context: None, language };
    let began = Instant::now();
    let hits = knowledge.search(&query, PASSAGES);
    times.push(began.elapsed().as_secs_f64() * 1_000.0);
    let file = file_of(asked.paragraph);
    let files = hits.iter().map(|hit| hit.passage.file.as_str());
    place_of(file.to_string_lossy().as_ref(), files) == Some(1)
}

/// Rows: the language of the question; columns: that of the knowledge.
fn markdown(rows: &[Language], columns: &[Language], table: &[Vec<f64>]) -> String {
    let names: Vec<&str> = columns.iter().map(|language| language.code()).collect();
    let mut out = format!("| | {} |\n|---{}|\n", names.join(" | "), "|---".repeat(columns.len()));
    for (language, row) in rows.iter().zip(table) {
        let cells: Vec<String> = row.iter().map(|value| format!("{value:.3}")).collect();
        out.push_str(&format!("| {language} | {} |\n", cells.join(" | ")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_language_of_questions() {
        let table = markdown(&[Language::En, Language::Es], &[Language::Es], &[vec![0.9], vec![0.95]]);
        assert_eq!(table, "| | es |\n|---|---|\n| en | 0.900 |\n| es | 0.950 |\n");
        assert_eq!(file_of(7), PathBuf::from("p007.md"));
    }
}
