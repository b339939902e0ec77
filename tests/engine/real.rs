//! The real models, as `atiende models pull` lays them down.

use atiende::answer::judge::{Heads, JudgeHead, prompt};
use atiende::domain::Language;
use atiende::llm::{
    ChatMessage, Engine, EngineOptions, FinishReason, GenerateRequest, Generated, LanguageModel, Role, ScoreRequest,
    StateRequest,
};
use atiende::models::cache_folder;
use atiende::prompts::{Prompts, Task};
use tokio_util::sync::CancellationToken;

fn engine(file: &str) -> Engine {
    let path = cache_folder(|name| std::env::var_os(name)).unwrap().join(file);
    assert!(path.exists(), "this test needs {}: run `atiende models pull` first", path.display());
    Engine::start(EngineOptions::new(path)).unwrap()
}

async fn ask(engine: &Engine, system: &str, user: &str, max_tokens: usize) -> Generated {
    let messages = vec![ChatMessage::new(Role::System, system), ChatMessage::new(Role::User, user)];
    let answer = engine.generate(GenerateRequest::new(messages, max_tokens)).await.unwrap();
    let Generated { tokens, prefill, generate, .. } = &answer;
    println!("{tokens:?}, prefill {prefill:?}, generate {generate:?}: {}", answer.text);
    answer
}

#[tokio::test]
async fn the_default_model_calculates_answers_in_spanish_and_tells_yes_from_no() {
    let engine = engine("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");
    println!("{:?}", engine.describe());
    assert!(engine.describe().parameters > 1_500_000_000);
    assert_eq!(engine.describe().quantization, "Q4_K_M");

    let sum = ask(&engine, "Answer with the number only.", "What is 2+2?", 8).await;
    assert!(sum.text.contains('4'), "{}", sum.text);
    assert_eq!(sum.finish, FinishReason::End);

    let facts = "Eres el asistente de una panadería. Responde en una frase con estos datos. Horario: de lunes a sábado \
                 de 8:00 a 14:00. Domingos cerrado. Calle Mayor 3.";
    let hours = ask(&engine, facts, "¿A qué hora abren los martes?", 40).await;
    assert!(hours.text.contains('8'), "{}", hours.text);
    assert!(hours.mean_log_probability > -1.0);

    for (question, yes) in [("Is Paris in France?", true), ("Is Paris in Japan?", false)] {
        let shares = engine.score(ScoreRequest {
            messages: vec![ChatMessage::new(Role::User, format!("{question} Answer Yes or No."))],
            options: vec!["Yes".to_owned(), "No".to_owned()],
            cancel: CancellationToken::new(),
        });
        let shares = shares.await.unwrap();
        println!("{question} {shares:?}");
        assert_eq!(shares[0] > shares[1], yes, "{question} {shares:?}");
    }
}

#[tokio::test]
async fn the_default_models_state_tells_what_answers_across_languages() {
    let prompts = Prompts::load(None).unwrap();
    let instruction = prompts.instruction(Task::Judge, Language::En, &[]).unwrap();
    let engine = engine("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");
    let head = Heads::built_in().for_model(engine.name(), &instruction);
    let JudgeHead { layer, head, .. } = head.unwrap_or_else(|| panic!("there is no head for {}", engine.name()));
    let judged = async |passage: &str, question: &str| {
        let messages = prompt(&instruction, passage, question);
        let request = StateRequest { messages, layer: *layer, cancel: CancellationToken::new() };
        let probability = head.probability(&engine.state(request).await.unwrap().unwrap());
        println!("{question} / {passage}: {probability:.2}");
        probability
    };
    let hours = "Horario\nLos domingos abrimos de 8:00 a 14:00.";
    let parking = "Dónde estamos\nHay un aparcamiento público a 200 metros.";
    for (question, right, wrong) in [
        ("Are you open on Sundays?", hours, parking),
        ("Kann man bei euch parken?", parking, hours),
        ("¿a q hora abren el domingo?", hours, parking),
    ] {
        assert!(judged(right, question).await > judged(wrong, question).await + 0.2, "{question}");
    }
}

#[tokio::test]
async fn smollm_writes_english() {
    let engine = engine("smollm2-135m-instruct-q4_1.gguf");
    assert_eq!(engine.describe().architecture, "llama");
    let answer = ask(&engine, "You are a helpful assistant.", "Write one sentence about dogs.", 24).await;
    // It knows little, and says it in English.
    let words = ["dog", "loyal", "companion"];
    assert!(words.iter().any(|word| answer.text.to_lowercase().contains(word)), "{}", answer.text);
}
