//! The Graph API as far as a business needs it to answer: `POST …/messages` and the number's information.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::connection::Connection;
use super::customer::{CustomerId, insert};
use super::error::GraphError;
use super::faults::Fault;
use super::log::{Choice, Event, Request, Sent};
use super::{Shared, limits};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/{version}/{phone_number_id}/messages", post(messages))
        .route("/{version}/{phone_number_id}", get(information))
        .fallback(|uri: Uri| async move { GraphError::unknown_path(uri.path()) })
        .method_not_allowed_fallback(|uri: Uri| async move { GraphError::unknown_path(uri.path()) })
}

/// Sends a message, marks one as read, or shows that the business types.
async fn messages(
    State(shared): State<Arc<Shared>>,
    Path((version, number)): Path<(String, String)>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let outcome = match shared.admit(&version, &number, &uri, &headers) {
        Ok(()) if body["status"] == "read" => shared.mark_read(&body).map_err(IntoResponse::into_response),
        Ok(()) => shared.take(&body, &connection).await,
        Err(error) => Err(error.into_response()),
    };
    let response = outcome.map_or_else(|refusal| refusal, |answer| Json(answer).into_response());
    let status = (!connection.is_cut()).then(|| response.status().as_u16());
    shared.log.record(Request { path: uri.path().to_owned(), body, status });
    response
}

/// The number's information, as far as the query's `fields` ask for it.
async fn information(
    State(shared): State<Arc<Shared>>,
    Path((version, number)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let response = match shared.admit(&version, &number, &uri, &headers) {
        Ok(()) => Json(shared.number_information(query.as_deref().unwrap_or_default())).into_response(),
        Err(error) => error.into_response(),
    };
    let status = Some(response.status().as_u16());
    shared.log.record(Request { path: uri.path().to_owned(), body: Value::Null, status });
    response
}

impl Shared {
    /// Checks the path and the token, in the order in which the Graph API does.
    fn admit(&self, version: &str, number: &str, uri: &Uri, headers: &HeaderMap) -> Result<(), GraphError> {
        if !is_version(version) {
            return Err(GraphError::unknown_path(uri.path()));
        }
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if !self.access_token_is(token) {
            return Err(GraphError::token());
        }
        if number != self.options.phone_number_id {
            return Err(GraphError::unknown_object(number));
        }
        Ok(())
    }

    /// Takes a message, unless a fault or a rule of the API stands against it. The error is the whole answer.
    async fn take(self: &Arc<Self>, body: &Value, connection: &Connection) -> Result<Value, Response> {
        let fault = tokio::select! {
            fault = self.faults.pass() => fault,
            () = self.stopped.cancelled() => Some(Fault::Http(503)),
        };
        match fault {
            Some(Fault::Error(code)) => return Err(GraphError::from_code(code).into_response()),
            Some(Fault::Http(status)) => {
                return Err(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY).into_response());
            }
            Some(Fault::DropResponse) => connection.cut(),
            None => {}
        }
        self.accept(body).map_err(IntoResponse::into_response)
    }

    /// Checks a message, logs it, starts to report what becomes of it, and makes the answer.
    fn accept(self: &Arc<Self>, body: &Value) -> Result<Value, GraphError> {
        limits::check(body)?;
        let (address, input) = address(body);
        if address.phone.as_ref() == Some(&self.options.display_phone_number) {
            return Err(GraphError::from_code(131021));
        }
        let kind = body["type"].as_str().unwrap_or("text");
        let customer = self.log.resolve(address.clone());
        if kind != "template" {
            self.check_window(&customer)?;
        }
        let sent = Arc::new(self.read(body, kind, customer));
        self.log.push(&sent.customer, Event::Sent(sent.clone()));
        self.report_progress(sent.clone());
        let mut contact = Map::from_iter([("input".to_owned(), input)]);
        insert(&mut contact, "wa_id", &address.phone);
        insert(&mut contact, "user_id", &address.bsuid);
        Ok(json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": sent.id}]}))
    }

    /// Outside of 24 hours since the customer last wrote, only templates may be sent.
    fn check_window(&self, customer: &CustomerId) -> Result<(), GraphError> {
        let is_open = |at| self.options.clock.now().duration_since(at) < SignedDuration::from_hours(24);
        if !self.options.window || self.log.last_said(customer).is_some_and(is_open) {
            return Ok(());
        }
        let details = "Message failed to send because more than 24 hours have passed since the customer last replied to this number.";
        Err(GraphError::from_code(131047).with_details(details))
    }

    fn read(&self, body: &Value, kind: &str, customer: CustomerId) -> Sent {
        let owned = |value: &Value| value.as_str().map(str::to_owned);
        Sent {
            id: self.fresh_id(),
            customer,
            kind: kind.to_owned(),
            text: visible_text(body, kind),
            choices: choices(body, kind),
            callback: owned(&body["biz_opaque_callback_data"]),
            reply_to: owned(&body["context"]["message_id"]),
            body: body.clone(),
            at: self.options.clock.now(),
        }
    }

    fn mark_read(&self, body: &Value) -> Result<Value, GraphError> {
        let id = body["message_id"].as_str().unwrap_or_default();
        let Some(customer) = self.log.sender_of(id) else {
            return Err(GraphError::parameter("Invalid parameter").with_details("Message ID does not exist"));
        };
        self.log.push(&customer, Event::Read { id: id.to_owned() });
        if !body["typing_indicator"].is_null() {
            if body["typing_indicator"]["type"] != "text" {
                return Err(GraphError::parameter("Param typing_indicator['type'] must be one of {TEXT}."));
            }
            self.log.push(&customer, Event::Typing);
        }
        Ok(json!({"success": true}))
    }

    fn number_information(&self, query: &str) -> Value {
        let known = json!({
            "verified_name": self.options.verified_name,
            "display_phone_number": self.options.display_phone_number,
            "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED",
            "name_status": "APPROVED",
            "status": "CONNECTED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "health_status": {"can_send_message": "AVAILABLE", "entities": []},
            "whatsapp_business_manager_messaging_limit": "TIER_250",
        });
        let fields = query.split('&').find_map(|pair| pair.strip_prefix("fields="));
        let fields = fields.unwrap_or("verified_name,code_verification_status,display_phone_number,quality_rating");
        let fields = fields.replace("%2C", ",").replace("%2c", ",");
        let mut answer = Map::from_iter([("id".to_owned(), self.options.phone_number_id.clone().into())]);
        for field in fields.split(',').filter(|field| !known[field].is_null()) {
            answer.insert(field.to_owned(), known[field].clone());
        }
        Value::Object(answer)
    }
}

/// Whether a path component is a version of the Graph API: `v25.0`.
fn is_version(component: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    component.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(a, b)| digits(a) && digits(b))
}

/// Whom a checked message goes to, and how it was written. A phone number wins over a user id.
fn address(body: &Value) -> (CustomerId, Value) {
    match body["to"].as_str() {
        Some(to) => {
            (CustomerId::with_phone(to.chars().filter(char::is_ascii_digit).collect::<String>()), body["to"].clone())
        }
        None => (CustomerId::with_bsuid(body["recipient"].as_str().unwrap_or_default()), body["recipient"].clone()),
    }
}

/// The words that a customer reads in a message.
fn visible_text(body: &Value, kind: &str) -> String {
    let content = &body[kind];
    if kind == "template" {
        let parameters = content["components"].as_array().into_iter().flatten().filter(|part| part["type"] == "body");
        let texts = parameters.flat_map(|part| part["parameters"].as_array().into_iter().flatten());
        let texts: Vec<&str> = texts.filter_map(|parameter| parameter["text"].as_str()).collect();
        return format!("{} {}", content["name"].as_str().unwrap_or_default(), texts.join(" ")).trim().to_owned();
    }
    let places = [&content["body"]["text"], &content["body"], &content["caption"], &content["emoji"], &content["name"]];
    places.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
}

/// What a customer can tap on in a message.
fn choices(body: &Value, kind: &str) -> Vec<Choice> {
    let owned = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let choice = |value: &Value, title: &Value, section: Option<String>| {
        Some(Choice { id: owned(value)?, title: owned(title)?, description: None, section })
    };
    let elements = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match kind {
        "interactive" => {
            let action = &body["interactive"]["action"];
            let buttons = elements(&action["buttons"]);
            let buttons =
                buttons.iter().filter_map(|button| choice(&button["reply"]["id"], &button["reply"]["title"], None));
            let rows = elements(&action["sections"]).into_iter().flat_map(|section| {
                let rows = elements(&section["rows"]).into_iter();
                rows.filter_map(move |row| {
                    let description = owned(&row["description"]);
                    choice(&row["id"], &row["title"], owned(&section["title"]))
                        .map(|choice| Choice { description, ..choice })
                })
            });
            buttons.chain(rows).collect()
        }
        "template" => elements(&body["template"]["components"])
            .iter()
            .filter(|part| part["sub_type"] == "quick_reply")
            // The words on a template's button are kept with the template, which the stand-in does not have.
            .filter_map(|part| choice(&part["parameters"][0]["payload"], &part["parameters"][0]["payload"], None))
            .collect(),
        _ => Vec::new(),
    }
}
