//! `atiende train-late`: teaches how a question is compared with an answer token by token, and prints how well it tells what
//! it was not taught.
//!
//! For people who work on Atiende; the file that it writes is part of the program.

use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::config::Config;
use crate::knowledge::dot::dot;
use crate::knowledge::embed::learn::late::{Late, Pupil, Text, read};
use crate::train::businesses::{Business, read_all};
use crate::train::chance::Chance;
use crate::train::course::{Course, Unfinished};
use crate::train::measure::Quality;
use crate::train::offers::{Asking, OFFERED};

/// The same data give the same numbers.
const SEED: u64 = 20_260_101;
/// One of so many businesses is held out.
const HELD_OUT: usize = 6;
/// Questions in a step.
const TOGETHER: usize = 32;
/// What to teach with, and where to put what is learnt.
#[derive(clap::Args)]
pub struct Args {
    /// The folder with businesses and their customers' questions: `prompts/search/businesses` in the repository.
    #[arg(long, value_name = "DIR")]
    businesses: PathBuf,
    /// How many steps are made.
    #[arg(long, value_name = "COUNT", default_value_t = 1_800)]
    steps: usize,
    /// Teach with everything and hold nothing out: for the file that is shipped.
    #[arg(long)]
    all: bool,
    /// The file: `prompts/search/late.gguf` in the repository.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Everything that was read.
struct Material {
    questions: Vec<Text>,
    answers: Vec<Text>,
    learnt: Vec<Asking>,
    held_out: Vec<Asking>,
}

/// Runs the command.
pub fn run(args: &Args, config: &Config) -> anyhow::Result<u8> {
    let model = crate::app::embedder_path(config)?;
    let businesses = read_all(&args.businesses)?;
    let recipe = format!(
        "atiende train-late --steps {}: {} questions to {} invented businesses",
        args.steps,
        businesses.iter().map(|business| business.questions.len()).sum::<usize>(),
        businesses.len()
    );
    println!("{recipe}");
    let unfinished = Unfinished::begin(&args.out)?;
    let material = material(&model, &businesses, args.all)?;
    ensure!(material.learnt.len() >= TOGETHER, "{} holds too few questions", args.businesses.display());
    let mut chance = Chance::new(SEED);
    let usual: Vec<&Text> = material.learnt.iter().step_by(7).map(|it| &material.questions[it.question]).collect();
    let mut pupil = Pupil::new(&usual, &mut || chance.around_zero())?;
    teach(&mut pupil, &material, args.steps)?;
    let late = pupil.late(recipe)?;
    report(&late, &material)?;
    unfinished.finish(|file| late.write(file))?;
    println!("What was learnt is in {}", args.out.display());
    Ok(0)
}

fn material(model: &Path, businesses: &[Business], all: bool) -> anyhow::Result<Material> {
    let units: Vec<String> = businesses
        .iter()
        .flat_map(|business| business.units.iter().map(|unit| format!("{}: {}", unit.heading, unit.text)))
        .collect();
    let asked: Vec<String> =
        businesses.iter().flat_map(|business| business.questions.iter().map(|it| it.text.clone())).collect();
    let progress = indicatif::ProgressBar::new((units.len() + asked.len()) as u64);
    let [questions, answers] = read(model, &asked, &units, |count| progress.inc(count as u64))?;
    progress.finish_and_clear();
    let mut material = Material { questions, answers, learnt: Vec::new(), held_out: Vec::new() };
    let (mut question, mut first) = (0, 0);
    for (place, business) in businesses.iter().enumerate() {
        let is_held_out = !all && place % HELD_OUT == 2;
        for asked in &business.questions {
            let cosine = |unit: &usize| dot(&material.questions[question].vector, &material.answers[*unit].vector);
            let mut nearest: Vec<(f32, usize)> =
                (first..first + business.units.len()).map(|unit| (cosine(&unit), unit)).collect();
            nearest.sort_by(|one, other| other.0.total_cmp(&one.0));
            let nearest = nearest.into_iter().map(|(_, unit)| unit).collect();
            let asking =
                Asking { question, nearest, answers: asked.answers.iter().map(|answer| first + answer).collect() };
            if is_held_out {
                material.held_out.push(asking)
            } else {
                material.learnt.push(asking)
            }
            question += 1;
        }
        first += business.units.len();
    }
    Ok(material)
}

fn teach(pupil: &mut Pupil, material: &Material, steps: usize) -> anyhow::Result<()> {
    let mut chance = Chance::new(SEED);
    let mut waiting: Vec<&Asking> = Vec::new();
    Course { steps, rate: 2e-3, warm_up: 50, tell: 100 }.give(|rate| {
        let mut offers = Vec::new();
        while offers.len() < TOGETHER {
            if waiting.is_empty() {
                waiting = chance.some(&material.learnt, material.learnt.len());
            }
            offers.extend(waiting.pop().and_then(|asking| asking.drawn(&mut chance)));
        }
        let texts = (material.questions.as_slice(), material.answers.as_slice());
        Ok(pupil.learn(&offers, texts, rate, &mut || chance.around_zero())?)
    })
}

/// How what was learnt tells questions of businesses that it was not taught with; the adapter below it knows them all.
fn report(late: &Late, material: &Material) -> anyhow::Result<()> {
    let (mut first, mut answered, mut best) = (0, 0, Vec::new());
    for asking in &material.held_out {
        let offered: Vec<usize> = asking.nearest.iter().copied().take(OFFERED).collect();
        let answers: Vec<&Text> = offered.iter().map(|place| &material.answers[*place]).collect();
        let odds = Pupil::log_odds(late, &material.questions[asking.question], &answers)?;
        let top = (0..odds.len()).max_by(|one, other| odds[*one].total_cmp(&odds[*other]));
        let Some(top) = top else { continue };
        best.push((odds[top], !asking.answers.is_empty()));
        answered += usize::from(!asking.answers.is_empty());
        first += usize::from(asking.answers.contains(&offered[top]));
    }
    if !best.is_empty() {
        println!("of {OFFERED}, first: {:.3} of {answered} questions", first as f32 / answered.max(1) as f32);
        println!("has an answer or not, by the best log-odds: AUC {:.3}", Quality::of(&best, 0.5).auc);
    }
    Ok(())
}
