//! `atiende train-search`: teaches the search model how customers ask, and prints how well it finds what it was not taught.
//!
//! For people who work on Atiende; the adapter that it writes is part of the program.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};

use crate::config::Config;
use crate::knowledge::embed::learn::{Lesson, Student};
use crate::train::businesses::{Business, read_all};
use crate::train::chance::Chance;
use crate::train::lessons::{Encyclopedia, of_businesses};
use crate::train::measure::Quality;

/// The same data give the same adapter.
const SEED: u64 = 20_260_101;
/// One of so many businesses, and of so many articles, is held out.
const HELD_OUT: usize = 6;
/// How long the longest step is, ...
const RATE: f64 = 1e-3;
/// ... over how many lessons it grows to that, ...
const WARM_UP: usize = 20;
/// ... and what part of it is left at the end.
const LAST: f64 = 0.05;
/// Of ten lessons so many are about an encyclopedia.
const ENCYCLOPEDIA: usize = 4;
/// Businesses in a lesson.
const TOGETHER: usize = 2;
/// How often is told how it goes.
const TELL: usize = 25;

/// What to teach with, and where to put the adapter.
#[derive(clap::Args)]
pub struct Args {
    /// The folder with businesses and their customers' questions: `prompts/search/businesses` in the repository.
    #[arg(long, value_name = "DIR")]
    businesses: PathBuf,
    /// The folder with XQuAD's `xquad.es.json` and the like.
    #[arg(long, value_name = "DIR")]
    xquad: PathBuf,
    /// How many lessons are taught.
    #[arg(long, value_name = "COUNT", default_value_t = 600)]
    lessons: usize,
    /// The rank of the updates.
    #[arg(long, value_name = "RANK", default_value_t = 8)]
    rank: usize,
    /// Teach with everything and hold nothing out: for the adapter that is shipped.
    #[arg(long)]
    all: bool,
    /// The file of the adapter: `prompts/search/adapter.gguf` in the repository.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args, config: &Config) -> anyhow::Result<u8> {
    let model = crate::app::embedder_path(config)?;
    let businesses = read_all(&args.businesses)?;
    let is_held_out = |place: usize| !args.all && place % HELD_OUT == 2;
    let learnt: Vec<&Business> =
        businesses.iter().enumerate().filter(|(place, _)| !is_held_out(*place)).map(|(_, it)| it).collect();
    let held_out: Vec<&Business> =
        businesses.iter().enumerate().filter(|(place, _)| is_held_out(*place)).map(|(_, it)| it).collect();
    ensure!(learnt.len() >= TOGETHER, "{} holds fewer than {TOGETHER} businesses", args.businesses.display());
    let encyclopedia = Encyclopedia::read(&args.xquad, |article| !is_held_out(article))?;
    let questions: usize = learnt.iter().map(|business| business.questions.len()).sum();
    let recipe = format!(
        "atiende train-search --lessons {} --rank {}: {questions} questions to {} invented businesses, and XQuAD \
         (Artetxe et al. 2020, CC BY-SA 4.0)",
        args.lessons,
        args.rank,
        learnt.len()
    );
    println!("{recipe}");
    // Now, and not after an hour: a folder that cannot be written to. What is there stays until there is something better.
    let unfinished = args.out.with_extension("unfinished");
    let cannot_write = |path: &Path| format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(&unfinished).with_context(|| cannot_write(&unfinished))?);
    let mut chance = Chance::new(SEED);
    let mut student = Student::open(&model, args.rank, &mut || chance.around_zero())?;
    report(&student, &held_out)?;
    teach(&mut student, args.lessons, |chance| match chance.is(ENCYCLOPEDIA, 10) {
        true => encyclopedia.lesson(chance),
        false => {
            let together: Vec<&Business> = chance.some(&learnt, TOGETHER).into_iter().copied().collect();
            of_businesses(&together, chance)
        }
    })?;
    report(&student, &held_out)?;
    student.adapter(recipe)?.write(&mut file)?;
    file.flush().with_context(|| cannot_write(&unfinished))?;
    std::fs::rename(&unfinished, &args.out).with_context(|| cannot_write(&args.out))?;
    println!("The adapter is in {}", args.out.display());
    Ok(0)
}

fn teach(student: &mut Student, lessons: usize, next: impl Fn(&mut Chance) -> Lesson) -> anyhow::Result<()> {
    let mut chance = Chance::new(SEED);
    let began = Instant::now();
    let mut losses = 0.0;
    for number in 1..=lessons {
        losses += student.learn(&next(&mut chance), rate(number, lessons))?;
        if number % TELL == 0 || number == lessons {
            let since = (number - 1) % TELL + 1;
            println!("{number:>5} loss {:.3} {:.0} s", losses / since as f32, began.elapsed().as_secs_f32());
            losses = 0.0;
        }
    }
    Ok(())
}

/// Grows at first, then falls with a cosine.
fn rate(number: usize, lessons: usize) -> f64 {
    let grown = (number as f64 / WARM_UP as f64).min(1.0);
    let falling = (1.0 + (std::f64::consts::PI * number as f64 / lessons as f64).cos()) / 2.0;
    RATE * grown * (LAST + (1.0 - LAST) * falling)
}

/// How the questions of businesses that it was not taught with find their sentences.
fn report(student: &Student, businesses: &[&Business]) -> anyhow::Result<()> {
    let (mut first, mut among, mut answered) = ([0, 0], [0, 0], [0, 0]);
    let mut best = Vec::new();
    for business in businesses {
        let passages: Vec<String> =
            business.units.iter().map(|unit| format!("{}: {}", unit.heading, unit.text)).collect();
        let questions: Vec<String> = business.questions.iter().map(|question| question.text.clone()).collect();
        for (question, cosines) in business.questions.iter().zip(student.cosines(&questions, &passages)?) {
            let mut order: Vec<usize> = (0..cosines.len()).collect();
            order.sort_by(|one, other| cosines[*other].total_cmp(&cosines[*one]));
            let is_across = usize::from(question.language != business.language);
            best.push((cosines[order[0]], !question.answers.is_empty()));
            if !question.answers.is_empty() {
                answered[is_across] += 1;
                first[is_across] += usize::from(question.answers.contains(&order[0]));
                among[is_across] += usize::from(order.iter().take(3).any(|place| question.answers.contains(place)));
            }
        }
    }
    for (name, is_across) in [("same language", 0), ("across languages", 1)].iter().filter(|_| !best.is_empty()) {
        let share = |count: usize| count as f32 / answered[*is_across].max(1) as f32;
        let (first, among) = (share(first[*is_across]), share(among[*is_across]));
        println!("{name:<18} {:>5} questions: first {first:.3}, among three {among:.3}", answered[*is_across]);
    }
    if !best.is_empty() {
        println!("has an answer or not, by the best cosine: AUC {:.3}", Quality::of(&best, 0.5).auc);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_and_then_fall() {
        assert!(rate(1, 600) < rate(20, 600) && rate(20, 600) > rate(300, 600) && rate(300, 600) > rate(600, 600));
        assert!((rate(600, 600) - RATE * LAST).abs() < 1e-9);
    }
}
