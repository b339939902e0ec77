//! `atiende train-judge`: trains what reads the judgement off the language model's state, and prints how good it is.
//!
//! For people who work on Atiende; the weights that it writes are part of the program.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio_util::sync::CancellationToken;

use crate::answer::judge::{Heads, JudgeHead, prompt};
use crate::app::{load_model, open_embedder};
use crate::config::Config;
use crate::domain::Language;
use crate::knowledge::dot::dot;
use crate::knowledge::late::Asked;
use crate::llm::{LanguageModel, ScoreRequest, StateRequest};
use crate::prompts::{Prompts, Task};
use crate::train::businesses::read_all;
use crate::train::fit::{Example, Recipe, fit};
use crate::train::judging::{Pair, shops, xquad};
use crate::train::measure::Quality;

/// The same data give the same weights.
const SEED: u64 = 20_260_101;
/// One of so many articles is held out.
const HELD_OUT: usize = 6;
const RECIPE: Recipe = Recipe { steps: 1_500, rate: 0.004, ridge: 1.0 };

/// What to train on, and where to put the weights.
#[derive(clap::Args)]
pub struct Args {
    /// The folder with XQuAD's `xquad.es.json` and the like.
    #[arg(long, value_name = "DIR")]
    xquad: PathBuf,
    /// The layer whose state is read, from 0; a little past the middle is best.
    #[arg(long, value_name = "LAYER")]
    layer: usize,
    /// How many pairs of a question and a passage of it are read.
    #[arg(long, value_name = "COUNT", default_value_t = 1_500)]
    pairs: usize,
    /// The folder with businesses and their customers' questions: `prompts/search/businesses` in the repository.
    #[arg(long, value_name = "DIR")]
    businesses: PathBuf,
    /// How many of these questions are read with what answers them and what does not.
    #[arg(long, value_name = "COUNT", default_value_t = 1_300)]
    questions: usize,
    /// The file of heads; the one for this model is added or replaced: `prompts/judge/heads.json` in the repository.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What the model made of a pair.
struct Read {
    pair: Pair,
    is_shop: bool,
    /// The probability of its "Yes"; asked only where it is reported.
    yes: Option<f32>,
    state: Vec<f32>,
}

impl Read {
    fn is_held_out(pair: &Pair) -> bool {
        pair.source.is_multiple_of(HELD_OUT)
    }
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let mut heads = match std::fs::read_to_string(&args.out) {
        Ok(text) => Heads::parse(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Heads::default(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", args.out.display())),
    };
    let of_xquad = xquad::pairs(&args.xquad, args.pairs, SEED)?.into_iter().map(|pair| (pair, false));
    let businesses = read_all(&args.businesses)?;
    let embedder = open_embedder(&config)?;
    let cosines = |questions: &[String], units: &[String]| -> anyhow::Result<Vec<Vec<f32>>> {
        let units = embedder.embed_answers(units)?;
        let near = |question: Asked| units.iter().map(|unit| dot(&unit.vector, &question.vector)).collect();
        Ok(embedder.embed_asked(questions)?.into_iter().map(near).collect())
    };
    let of_shops = shops::pairs(&businesses, args.questions, SEED, cosines)?.into_iter().map(|pair| (pair, true));
    let pairs: Vec<(Pair, bool)> = of_xquad.chain(of_shops).collect();
    let prompts = Prompts::load(None)?;
    let instruction = prompts.instruction(Task::Judge, Language::En, &[])?;
    let model = load_model(&config).get(Duration::from_secs(120)).await.context("there is no language model")?;
    let recipe = format!(
        "atiende train-judge --layer {} --pairs {} --questions {}: sentences of XQuAD (Artetxe et al. 2020, CC BY-SA 4.0) \
         and of {} invented businesses",
        args.layer,
        args.pairs,
        args.questions,
        businesses.len()
    );
    println!("{}\n{recipe}", model.name());
    let mut read = Vec::new();
    let began = Instant::now();
    let progress = indicatif::ProgressBar::new(pairs.len() as u64);
    for (pair, is_shop) in pairs {
        read.push(read_pair(model.as_ref(), &instruction, (pair, is_shop), args.layer).await?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    println!("{} pairs read in {:.0} s", read.len(), began.elapsed().as_secs_f32());
    let (held_out, learnt): (Vec<Read>, Vec<Read>) = read.into_iter().partition(|it| Read::is_held_out(&it.pair));
    let examples: Vec<Example<'_>> =
        learnt.iter().map(|it| Example { vector: &it.state, is_positive: it.pair.is_answer, weight: 1.0 }).collect();
    let head = JudgeHead {
        recipe,
        model: model.name().to_owned(),
        instruction,
        layer: args.layer,
        head: fit(&examples, RECIPE),
    };
    report(&head, &held_out);
    heads.put(head);
    std::fs::write(&args.out, serde_json::to_string(&heads)? + "\n")
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    println!("The weights are in {}", args.out.display());
    Ok(0)
}

async fn read_pair(
    model: &dyn LanguageModel,
    instruction: &str,
    (pair, is_shop): (Pair, bool),
    layer: usize,
) -> anyhow::Result<Read> {
    let messages = prompt(instruction, &pair.passage, &pair.question);
    let cancel = CancellationToken::new();
    let options = vec!["Yes".into(), "No".into()];
    let request = StateRequest { messages: messages.clone(), layer, cancel: cancel.clone() };
    let state = model.state(request).await?;
    let state = state.with_context(|| format!("this model does not show the state of layer {layer}"))?;
    ensure!(!state.is_empty(), "the state is empty");
    let yes = match Read::is_held_out(&pair) {
        true => model.score(ScoreRequest { messages, options, cancel }).await?.first().copied(),
        false => None,
    };
    Ok(Read { pair, is_shop, yes, state })
}

/// How often an answer lies above what is none, on articles and businesses that nothing was learnt from.
fn report(head: &JudgeHead, held_out: &[Read]) {
    println!("{:<26} {:>6} {:>12} {:>12}", "held out", "pairs", "says, AUC", "state, AUC");
    for (place, is_shop) in [("XQuAD", false), ("shops", true)] {
        for (name, is_same) in [("same language", true), ("across languages", false)] {
            let fits = |it: &&Read| it.pair.is_same_language == is_same && it.is_shop == is_shop;
            let these: Vec<&Read> = held_out.iter().filter(fits).collect();
            let auc = |of: &dyn Fn(&Read) -> f32| {
                let scored: Vec<(f32, bool)> = these.iter().map(|it| (of(it), it.pair.is_answer)).collect();
                Quality::of(&scored, 0.5).auc
            };
            let (says, state) = (auc(&|it| it.yes.unwrap_or(0.5)), auc(&|it| head.head.probability(&it.state)));
            println!("{:<26} {:>6} {says:>12.3} {state:>12.3}", format!("{place}, {name}"), these.len());
        }
    }
}
