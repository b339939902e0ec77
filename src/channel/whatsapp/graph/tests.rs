use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;

use super::*;
use crate::domain::{Identifier, IdentifierKind};

const TOKEN: &str = "EAAtesttoken0123456789";

fn settings(url: &str) -> GraphSettings {
    GraphSettings {
        graph_url: url.to_owned(),
        graph_version: "v25.0".to_owned(),
        phone_number_id: "440011223344".to_owned(),
        token: SecretString::from(TOKEN.to_owned()),
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(5),
    }
}

/// What a request looked like: method, path with query, authorization, body.
type Seen = Arc<Mutex<Vec<(String, String, String, Value)>>>;

/// A Graph API that answers everything with `status` and `answer`.
async fn graph(status: u16, answer: &str) -> (GraphClient, Seen) {
    let seen = Seen::default();
    let (answer, log) = (answer.to_owned(), Arc::clone(&seen));
    let app = Router::new().fallback(move |request: Request| async move {
        let method = request.method().to_string();
        let path = request.uri().to_string();
        let authorization = request.headers()["authorization"].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(request.into_body(), 10_000).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        log.lock().unwrap().push((method, path, authorization, body));
        (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")], answer).into_response()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (GraphClient::new(&settings(&url)).unwrap(), seen)
}

fn ids(values: &[(IdentifierKind, &str)]) -> Vec<Identifier> {
    values.iter().map(|(kind, value)| Identifier::new(*kind, value).unwrap()).collect()
}

async fn send_error(status: u16, answer: &str) -> SendError {
    graph(status, answer).await.0.send(&json!({})).await.unwrap_err()
}

#[tokio::test]
async fn an_accepted_message_has_an_id_and_the_recipients_identifiers() {
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+34600000101", "wa_id": "34600000101", "user_id": "ES.100200300"}],
        "messages": [{"id": "wamid.NEW1", "message_status": "accepted"}],
    });
    let (client, seen) = graph(200, &answer.to_string()).await;
    let request = json!({"type": "text"});
    let accepted = client.send(&request).await.unwrap();
    assert_eq!(accepted.message_id, "wamid.NEW1");
    assert_eq!(accepted.ids, ids(&[(IdentifierKind::Bsuid, "ES.100200300"), (IdentifierKind::Phone, "34600000101")]));
    let expected = ("POST".into(), "/v25.0/440011223344/messages".into(), format!("Bearer {TOKEN}"), request);
    assert_eq!(*seen.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn refusals_carry_metas_code_whatever_the_http_status() {
    let error = json!({"error": {"message": "(#131056) pair rate limit hit", "type": "OAuthException", "code": 131_056,
        "error_data": {"messaging_product": "whatsapp", "details": "Too many messages."}, "fbtrace_id": "A"}});
    let expected = |http| SendError::Rejected { code: 131_056, details: "Too many messages.".into(), http };
    for http in [200, 400, 500, 503] {
        assert_eq!(send_error(http, &error.to_string()).await, expected(http));
    }
    let bare = r#"{"error":{"message":"Invalid OAuth access token.","code":"190"}}"#;
    let expected = SendError::Rejected { code: 190, details: "Invalid OAuth access token.".into(), http: 401 };
    assert_eq!(send_error(401, bare).await, expected);
}

#[tokio::test]
async fn answers_of_others_are_refusals_without_a_code() {
    for http in [302, 404, 413, 429] {
        let error = send_error(http, "<html>nope</html>").await;
        assert!(matches!(error, SendError::Rejected { code: -1, http: status, .. } if status == http), "{error}");
    }
}

#[tokio::test]
async fn without_a_clear_answer_the_outcome_is_unknown() {
    for (http, answer) in [(500, ""), (502, "<html>"), (200, "<html>"), (200, r#"{"messages":[]}"#), (504, "{}")] {
        let error = send_error(http, answer).await;
        assert!(matches!(error, SendError::Unknown(_)), "{http} {answer}: {error}");
    }
    let long = format!("{{\"messages\":[{{\"id\":\"{}\"}}]}}", "x".repeat(300_000));
    assert!(matches!(send_error(200, &long).await, SendError::Unknown(_)));
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_outcome_unknown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::AsyncReadExt;
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 64]).await;
    });
    let error = GraphClient::new(&settings(&url)).unwrap().send(&json!({})).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_stays_silent_leaves_the_outcome_unknown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let settings = GraphSettings { timeout: Duration::from_millis(100), ..settings(&url) };
    let error = GraphClient::new(&settings).unwrap().send(&json!({})).await.unwrap_err();
    assert_eq!(error, SendError::Unknown("no answer within 0.1 s".to_owned()));
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = GraphClient::new(&settings(&url)).unwrap().send(&json!({})).await.unwrap_err();
    assert!(matches!(error, SendError::NotSent(_)), "{error}");
}

#[tokio::test]
async fn reading_and_typing_are_reported() {
    let (client, seen) = graph(200, r#"{"success":true}"#).await;
    client.mark_read("wamid.IN1", false).await.unwrap();
    client.mark_read("wamid.IN1", true).await.unwrap();
    let bodies: Vec<_> = seen.lock().unwrap().iter().map(|request| request.3.clone()).collect();
    assert_eq!(bodies, [body::read_receipt("wamid.IN1"), body::typing("wamid.IN1")]);
}

#[tokio::test]
async fn the_number_tells_its_state() {
    let answer = json!({
        "display_phone_number": "+34 910 00 01 11", "verified_name": "Ferretería Robles", "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED", "throughput": {"level": "STANDARD"}, "status": "CONNECTED",
        "health_status": {"can_send_message": "LIMITED", "entities": [
            {"entity_type": "PHONE_NUMBER", "id": "440011223344", "can_send_message": "AVAILABLE"},
            {"entity_type": "WABA", "can_send_message": "LIMITED", "additional_info": ["Display name pending."],
             "errors": [{"error_code": 141_006, "error_description": "No payment method.",
                         "possible_solution": "Add one."}]},
        ]},
    });
    let (client, seen) = graph(200, &answer.to_string()).await;
    let status = client.check_number().await.unwrap();
    assert_eq!(status.verified_name.as_deref(), Some("Ferretería Robles"));
    assert_eq!((status.throughput.as_deref(), status.name_status), (Some("STANDARD"), None));
    assert_eq!(status.can_send_message.as_deref(), Some("LIMITED"));
    assert_eq!(status.problems, ["No payment method. Add one.", "Display name pending."]);
    let (method, path, ..) = seen.lock().unwrap()[0].clone();
    assert!(method == "GET" && path.starts_with("/v25.0/440011223344?fields=display_phone_number"), "{path}");
}

#[test]
fn wrong_settings_are_refused_with_a_remedy() {
    let refused = |change: fn(&mut GraphSettings)| {
        let mut settings = settings(DEFAULT_URL);
        change(&mut settings);
        GraphClient::new(&settings).unwrap_err().to_string()
    };
    assert!(refused(|settings| settings.graph_url = "http://graph.example".into()).contains("http only for this"));
    assert!(refused(|settings| settings.graph_url = "graph.example".into()).contains("graph.example"));
    assert!(refused(|settings| settings.graph_version = "25".into()).contains("v25.0"));
    assert!(refused(|settings| settings.phone_number_id = "../me".into()).contains("digits"));
    assert!(refused(|settings| settings.token = SecretString::from(" ".to_owned())).contains("token"));
    assert!(refused(|settings| settings.token = SecretString::from("a b".to_owned())).contains("token"));
}

#[tokio::test]
async fn the_token_is_never_shown() {
    let settings = settings("http://127.0.0.1:1");
    let client = GraphClient::new(&settings).unwrap();
    let error = client.send(&json!({})).await.unwrap_err();
    let shown = format!("{settings:?} {client:?} {error:?} {error}");
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(shown.contains("440011223344"));
}
