//! The command line: one file a command, each a thin shell around the library.

pub mod ask;
pub mod calibrate;
pub mod chat;
pub mod demo;
pub mod doctor;
pub mod eval;
pub mod eval_feeling;
pub mod eval_intents;
pub mod eval_retrieval;
pub mod eval_suite;
pub mod eval_xquad;
pub mod fit_confidence;
pub mod gaps;
pub mod index;
pub mod init;
pub mod models;
pub mod serve;
mod session;
pub mod train_feeling;
pub mod train_intents;
pub mod train_judge;
pub mod train_late;
pub mod train_search;
pub mod translate;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::Config;

/// Answers a small business's customers on WhatsApp from its own markdown, with a local model.
#[derive(Parser)]
#[command(name = "atiende", version, max_term_width = 100)]
pub struct Cli {
    /// The configuration [default: atiende.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Try it: chat with the example business, with a stand-in for WhatsApp.
    Demo(demo::Args),
    /// Run the server.
    Serve(serve::Args),
    /// Write a commented configuration.
    Init(init::Args),
    /// Check everything that has to be in place, and say what to do.
    Doctor(doctor::Args),
    /// Ask one thing, without a server or a channel.
    Ask(ask::Args),
    /// Chat in the terminal, without a server or a channel.
    Chat(chat::Args),
    /// Try many questions with known answers.
    Eval(eval::Args),
    /// Find out how far the model's translations may be trusted, on your cases, and write it to the configuration.
    Calibrate(calibrate::Args),
    /// Measure search alone: does the right file come first?
    EvalRetrieval(eval_retrieval::Args),
    /// Try the cases of several businesses, and print every figure of quality.
    EvalSuite(eval_suite::Args),
    /// Measure search between languages on XQuAD.
    EvalXquad(eval_xquad::Args),
    /// Fit the weights of the confidence to what `eval-suite --evidence` saw.
    #[command(hide = true)]
    FitConfidence(fit_confidence::Args),
    /// List what customers asked in vain, with drafts for the knowledge.
    Gaps(gaps::Args),
    /// Draft what the knowledge is in other languages, for you to correct.
    Translate(translate::Args),
    /// See, pull or check the models.
    Models(models::Args),
    /// Index the knowledge and report what is wrong with it.
    Index(index::Args),
    /// Measure wishes for a person and anger, by words alone and with what vectors add.
    #[command(hide = true)]
    EvalFeeling(eval_feeling::Args),
    /// Measure every intent, by words alone and with what vectors add.
    #[command(hide = true)]
    EvalIntents(eval_intents::Args),
    /// Train what tells anger and the wish for a person from a message's vector.
    #[command(hide = true)]
    TrainFeeling(train_feeling::Args),
    /// Train what tells the intents from a message's vector.
    #[command(hide = true)]
    TrainIntents(train_intents::Args),
    /// Train what judges passages by the language model's state.
    #[command(hide = true)]
    TrainJudge(train_judge::Args),
    /// Teach how a question is compared with an answer token by token.
    #[command(hide = true)]
    TrainLate(train_late::Args),
    /// Teach the search model how customers ask.
    #[command(hide = true)]
    TrainSearch(train_search::Args),
}

/// Runs the command; the process's exit code.
pub async fn run(cli: Cli) -> anyhow::Result<u8> {
    let config = || Config::load(cli.config.as_deref(), std::env::vars());
    match cli.command {
        Command::Demo(args) => demo::run(args, config()?).await,
        Command::Serve(args) => serve::run(args, config()?).await,
        Command::Init(args) => init::run(args, cli.config),
        Command::Doctor(args) => doctor::run(args, cli.config).await,
        Command::Ask(args) => ask::run(args, config()?).await,
        Command::Chat(args) => chat::run(args, config()?).await,
        Command::Eval(args) => eval::run(args, config()?).await,
        Command::Calibrate(args) => calibrate::run(args, config()?, cli.config).await,
        Command::EvalRetrieval(args) => eval_retrieval::run(args, config()?).await,
        Command::EvalSuite(args) => eval_suite::run(args, config()?).await,
        Command::EvalXquad(args) => eval_xquad::run(args, config()?).await,
        Command::FitConfidence(args) => fit_confidence::run(&args),
        Command::Gaps(args) => gaps::run(args, config()?).await,
        Command::Translate(args) => translate::run(args, config()?).await,
        Command::Models(args) => models::run(args, config()?).await,
        Command::Index(args) => index::run(args, config()?).await,
        Command::EvalFeeling(args) => eval_feeling::run(args, config()?).await,
        Command::EvalIntents(args) => eval_intents::run(&args, &config()?),
        Command::TrainIntents(args) => train_intents::run(&args, &config()?),
        Command::TrainJudge(args) => train_judge::run(args, config()?).await,
        Command::TrainLate(args) => train_late::run(&args, &config()?),
        Command::TrainSearch(args) => train_search::run(&args, &config()?),
        Command::TrainFeeling(args) => train_feeling::run(args, config()?).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
