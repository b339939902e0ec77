//! `atiende train-search`: teaches the search model how customers ask, and prints how well it finds what it was not taught.
//!
//! For people who work on Atiende; the adapter that it writes is part of the program.

use std::path::PathBuf;

use anyhow::ensure;

use crate::config::Config;
use crate::knowledge::embed::learn::{Lesson, Student};
use crate::train::businesses::{Business, read_all};
use crate::train::chance::Chance;
use crate::train::course::{Course, Unfinished};
use crate::train::lessons::{Encyclopedia, of_businesses};
use crate::train::measure::Quality;

/// The same data give the same adapter.
const SEED: u64 = 20_260_101;
/// One of so many businesses, and of so many articles, is held out.
const HELD_OUT: usize = 6;
/// Of ten lessons so many are about an encyclopedia.
const ENCYCLOPEDIA: usize = 4;
/// Businesses in a lesson.
const TOGETHER: usize = 2;

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
    let unfinished = Unfinished::begin(&args.out)?;
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
    let adapter = student.adapter(recipe)?;
    unfinished.finish(|file| adapter.write(file))?;
    println!("The adapter is in {}", args.out.display());
    Ok(0)
}

fn teach(student: &mut Student, steps: usize, next: impl Fn(&mut Chance) -> Lesson) -> anyhow::Result<()> {
    let mut chance = Chance::new(SEED);
    let course = Course { steps, rate: 1e-3, warm_up: 20, tell: 25 };
    course.give(|rate| Ok(student.learn(&next(&mut chance), rate)?))
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
