//! The configuration as an owner meets it: text and variables in, values or sentences out.

use secrecy::ExposeSecret;

use super::*;
use crate::domain::Language;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_sources(Some(("atiende.toml", text)), variables)
}

/// What an owner reads when this is refused.
#[track_caller]
fn complaint(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).expect_err("this configuration must be refused").to_string()
}

#[track_caller]
fn check_complaint(text: &str, variables: &[(&str, &str)], expected: &[&str]) {
    let found = complaint(text, variables);
    for part in expected {
        assert!(found.contains(part), "no `{part}` in: {found}");
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let text = "[models]\ncontext = 2048\n[conversation]\nburst_ms = 3";
    let config = load(text, &[("ATIENDE_CONVERSATION__BURST_MS", "1")]).unwrap();
    assert_eq!((config.conversation.burst_ms, config.models.context, config.models.max_queue), (1, 2048, 16));
}

#[test]
fn every_kind_of_value_reads_from_the_environment_too() {
    let variables = [
        ("ATIENDE_BUSINESS__DEFAULT_LANGUAGE", "pt-BR"),
        ("ATIENDE_BUSINESS__TIMEZONE", "America/Mexico_City"),
        ("ATIENDE_PEOPLE__MONDAY", "09:00-14:00,17:00-20:00"),
        ("ATIENDE_PEOPLE__HOLIDAYS", "2026-12-25"),
        ("ATIENDE_SERVER__LISTEN", "0.0.0.0:9000"),
        ("ATIENDE_MODELS__USE_LLM", "false"),
        ("ATIENDE_DECIDE__MIN_CONFIDENCE", "0.6"),
        ("ATIENDE_WHATSAPP__GRAPH_URL", "http://127.0.0.1:9999/"),
        ("ATIENDE_LOG__FORMAT", "json"),
    ];
    let config = load("", &variables).unwrap();
    assert_eq!(config.business.default_language, Language::Pt);
    assert_eq!(config.business.timezone.iana_name(), Some("America/Mexico_City"));
    assert_eq!(config.people.monday.len(), 2);
    assert_eq!(config.people.holidays.len(), 1);
    assert_eq!(config.server.listen.port(), 9000);
    assert!(!config.models.use_llm);
    assert_eq!(config.decide.min_confidence, 0.6);
    assert_eq!(config.whatsapp.graph_url.as_str(), "http://127.0.0.1:9999");
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn spans_and_holidays_read_from_the_file() {
    let text = "[people]\nmonday = [\"09:00-14:00\", \"17:00-20:00\"]\nholidays = [\"2026-12-25\", 2027-01-01]";
    let people = load(text, &[]).unwrap().people;
    assert_eq!(people.monday.iter().map(ToString::to_string).collect::<Vec<_>>(), ["09:00-14:00", "17:00-20:00"]);
    assert_eq!(people.holidays.len(), 2);
    check_complaint("[people]\nfriday = [\"09:00-14:00\", \"13:00-20:00\"]", &[], &["line 2", "`friday`", "overlap"]);
    check_complaint("[people]\nfriday = \"09:00-14:00\"", &[], &["expected a list in square brackets"]);
    check_complaint("[people]\nfriday = [\"9-14\"]", &[], &["\"09:00-14:00\"", "9-14"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_a_suggestion() {
    check_complaint("[whatsapp]\n\ntokn = \"x\"", &[], &["atiende.toml, line 3", "`tokn`", "did you mean `token`?"]);
    check_complaint("[server]\nverify_token = \"x\"", &[], &["it belongs under [whatsapp]"]);
    check_complaint("[whatsap]\ntoken = \"x\"", &[], &["unknown section [whatsap]", "`whatsapp`"]);
    check_complaint("retention_days = 3", &[], &["line 1", "put it under [storage]"]);
}

#[test]
fn an_unknown_variable_is_refused_with_a_suggestion() {
    let variables = [("ATIENDE_WHATSAP__TOKEN", "x")];
    check_complaint("", &variables, &["variable ATIENDE_WHATSAP__TOKEN", "did you mean `ATIENDE_WHATSAPP__TOKEN`?"]);
    let variables = [("ATIENDE_WHATSAPP_TOKEN", "x")];
    check_complaint("", &variables, &["two underscores", "`ATIENDE_WHATSAPP__TOKEN`"]);
}

#[test]
fn variables_that_are_not_settings_are_passed_over() {
    let variables = [("ATIENDE_MODELS_DIR", "/tmp"), ("PATH", "/bin"), ("OTHER__THING", "1")];
    assert!(load("", &variables).is_ok());
}

#[test]
fn a_wrong_type_names_the_key_the_place_and_what_was_expected() {
    check_complaint(
        "[server]\nmax_body_mb = \"four\"",
        &[],
        &["atiende.toml, line 2", "`max_body_mb` in [server]", "expected a whole number", "found text"],
    );
    check_complaint("[server]\nlisten = \"localhost:80\"", &[], &["127.0.0.1:8080", "localhost:80"]);
    check_complaint("[models]\nuse_llm = 1", &[], &["expected true or false"]);
    check_complaint("[models]\ncontext = -1", &[], &["from 0 to", "found -1"]);
    check_complaint("[whatsapp]\nphone_number_id = 123", &[], &["expected text in quotes, found a whole number"]);
    check_complaint("[log]\nformat = \"xml\"", &[], &["\"text\" or \"json\""]);
    check_complaint("", &[("ATIENDE_MODELS__CONTEXT", "many")], &["ATIENDE_MODELS__CONTEXT", "`context`", "many"]);
}

#[test]
fn values_out_of_range_are_refused_where_they_were_written() {
    check_complaint("[decide]\nmin_confidence = 1.5", &[], &["line 2", "`min_confidence`", "from 0 to 1"]);
    check_complaint("[conversation]\nburst_ms = 9000", &[], &["`burst_max_ms`", "burst_ms"]);
    check_complaint("[handoff]\nsecret = \"short\"", &[], &["whsec_"]);
    check_complaint("[whatsapp]\ngraph_version = \"25\"", &[], &["v25.0"]);
    check_complaint("[whatsapp]\ngraph_url = \"graph\"", &[], &["https://example.com"]);
    check_complaint("[log]\nlevel = \"loud\"", &[], &["`level`", "\"info\""]);
    check_complaint("[business]\ntimezone = \"Europe/Madird\"", &[], &["did you mean `Europe/Madrid`?"]);
    check_complaint("[business]\ndefault_language = \"xx\"", &[], &["unknown language `xx`", "es"]);
}

#[test]
fn every_problem_is_told_at_once() {
    let found = complaint("[server]\nlisten = 1\nmax_body = 2", &[("ATIENDE_LOG__LEVL", "x")]);
    assert!(found.starts_with("the configuration has 3 problems:"), "{found}");
}

#[test]
fn a_secret_reads_from_a_file_named_in_the_file_or_in_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "EAAG123\n").unwrap();
    let path = path.to_str().unwrap();

    let from_file = load(&format!("[whatsapp]\ntoken_file = \"{path}\""), &[]).unwrap();
    assert_eq!(from_file.whatsapp.token.unwrap().expose_secret(), "EAAG123");
    let from_environment = load("[whatsapp]\ntoken = \"old\"", &[("ATIENDE_WHATSAPP__TOKEN_FILE", path)]).unwrap();
    assert_eq!(from_environment.whatsapp.token.unwrap().expose_secret(), "EAAG123");

    check_complaint("[whatsapp]\ntoken_file = \"/none/there\"", &[], &["line 2", "`token_file`", "/none/there"]);
    check_complaint(&format!("[whatsapp]\ntoken = \"a\"\ntoken_file = \"{path}\""), &[], &["keep one"]);
    check_complaint("[business]\nname_file = \"x\"", &[], &["unknown key `name_file`"]);
}

#[test]
fn no_secret_is_ever_shown() {
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
    let text = format!(
        "[whatsapp]\ntoken = \"{secret}\"\napp_secret = \"{secret}\"\nprevious_app_secret = \"{secret}\"\n\
         verify_token = \"{secret}\"\n[server]\napi_token = \"{secret}\"\n[handoff]\nsecret = \"whsec_{secret}\""
    );
    let config = load(&text, &[]).unwrap();
    assert!(!format!("{config:?}").contains(secret));
    assert!(!config.redacted().contains(secret));
    assert!(config.redacted().contains("token = \"(set)\""));

    for broken in [format!("{text}\n[log"), text.replace("\"\n", "\n"), text.replace("whsec_", "")] {
        assert!(!complaint(&broken, &[]).contains(secret));
    }
}

#[test]
fn text_that_is_not_toml_is_refused_with_its_line() {
    check_complaint("[server]\nlisten = \"x", &[], &["atiende.toml, line 2", "not valid TOML"]);
}

#[test]
fn a_byte_order_mark_from_a_windows_editor_is_no_problem() {
    assert_eq!(load("\u{feff}[business]\nname = \"Bar\"", &[]).unwrap().business.name, "Bar");
}

#[test]
fn a_named_file_that_is_missing_is_an_error_with_a_remedy() {
    let error = Config::load(Some(Path::new("/none/atiende.toml")), std::iter::empty()).unwrap_err();
    assert!(error.to_string().contains("/none/atiende.toml") && error.to_string().contains("atiende init"));
}

#[test]
fn whatsapp_says_which_keys_are_missing() {
    let config = load("[whatsapp]\ntoken = \"x\"\nphone_number_id = \"1\"", &[]).unwrap();
    assert_eq!(config.whatsapp.missing(), ["app_secret", "verify_token"]);
}

#[test]
fn the_example_file_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/atiende.example.toml");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, Config::example()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(committed == Config::example(), "atiende.example.toml is old: run this test with UPDATE_EXPECT=1");
}

#[test]
fn the_example_reads_as_the_defaults_with_and_without_its_comment_marks() {
    let example = Config::example();
    let uncommented: Vec<&str> = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty()).unwrap_or(line))
        .collect();
    let defaults = Config::default().redacted();
    assert_eq!(load(&example, &[]).unwrap().redacted(), defaults);
    assert_eq!(load(&uncommented.join("\n"), &[]).unwrap().redacted(), defaults);
}

#[test]
fn a_first_configuration_reads_back_as_it_was_answered() {
    let answers = Answers {
        name: "Panadería \"La Espiga\"".to_owned(),
        language: Language::Ca,
        timezone: "Atlantic/Canary".to_owned(),
        phone_number_id: Some("1234567890".to_owned()),
        random: RandomBytes([7; 80]),
    };
    let config = load(&Config::render(&answers), &[]).unwrap();
    assert_eq!(config.business.name, answers.name);
    assert_eq!(config.business.default_language, Language::Ca);
    assert_eq!(config.business.timezone.iana_name(), Some("Atlantic/Canary"));
    assert_eq!(config.whatsapp.phone_number_id.as_deref(), Some("1234567890"));
    assert_eq!(config.whatsapp.verify_token.unwrap().expose_secret(), "07".repeat(16));
    assert_eq!(config.server.api_token.unwrap().expose_secret(), "07".repeat(32));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,60}|\\[[a-z]{0,9}\\]\n[a-z_]{0,12} = \\PC{0,20}") {
        let _ = load(&text, &[]);
    }
}
