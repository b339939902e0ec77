//! What the Graph API demands of a message before it takes it (fact sheet §4.2). Lengths count Unicode scalar values.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::error::GraphError;

type Checked<T = ()> = Result<T, GraphError>;

static BSUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$").expect("the pattern is valid. This is a bug.")
});

/// Checks a whole request to send a message.
pub(super) fn check(body: &Value) -> Checked {
    if body["messaging_product"] != "whatsapp" {
        return Err(GraphError::parameter("The parameter messaging_product is required."));
    }
    let root = Field { value: body, path: String::new() };
    if !matches!(body["recipient_type"].as_str(), None | Some("individual")) {
        return Err(GraphError::parameter("Param recipient_type must be one of {INDIVIDUAL}."));
    }
    check_recipient(&root)?;
    root.at("biz_opaque_callback_data").optional_text(512)?;
    let kind = root.at("type").optional_text(usize::MAX)?.unwrap_or("text");
    if !body["context"].is_null() {
        root.at("context").at("message_id").text(1, 512)?;
        if kind == "reaction" {
            return Err(GraphError::from_code(131009).with_details("A reaction cannot quote a message"));
        }
    }
    check_content(kind, &root.at(kind))
}

fn check_recipient(root: &Field<'_>) -> Checked {
    if let Some(to) = root.at("to").optional_text(32)? {
        let digits = to.chars().filter(char::is_ascii_digit).count();
        let is_phone = to.chars().all(|c| c.is_ascii_digit() || "+ -()".contains(c)) && (7..=15).contains(&digits);
        return if is_phone {
            Ok(())
        } else {
            Err(GraphError::parameter("Param to must be a valid WhatsApp phone number."))
        };
    }
    match root.at("recipient").optional_text(140)? {
        Some(recipient) if BSUID.is_match(recipient) => Ok(()),
        Some(_) => Err(GraphError::parameter("Param recipient must be a valid business-scoped user ID.")),
        None => Err(GraphError::parameter("The parameter to is required.")),
    }
}

fn check_content(kind: &str, content: &Field<'_>) -> Checked {
    match kind {
        "text" => {
            let body = content.at("body");
            let length = body.text(1, usize::MAX)?.chars().count();
            // The one limit that the Graph API itself checks, with its own words.
            let message = "Param text['body'] must be at most 4096 characters long.";
            if length <= 4096 { Ok(()) } else { Err(GraphError::parameter(message)) }
        }
        "image" | "video" | "document" | "audio" | "sticker" => {
            if content.at("id").optional_text(512)?.is_none() {
                content.at("link").text(1, 2048)?;
            }
            content.at("caption").optional_text(1024).map(drop)
        }
        "location" => {
            content.at("latitude").coordinate(90.0)?;
            content.at("longitude").coordinate(180.0)
        }
        "contacts" => {
            content.items(1, 5)?.iter().try_for_each(|card| card.at("name").at("formatted_name").text(1, 512).map(drop))
        }
        "reaction" => {
            content.at("message_id").text(1, 512)?;
            content.at("emoji").text(0, 16).map(drop)
        }
        "interactive" => check_interactive(content),
        "template" => {
            content.at("name").text(1, 512)?;
            content.at("language").at("code").text(2, 10).map(drop)
        }
        _ => Err(GraphError::parameter(format!("Param type must not be {kind:?}."))),
    }
}

fn check_interactive(interactive: &Field<'_>) -> Checked {
    let kind = interactive.at("type").text(1, 64)?;
    if kind != "product" {
        interactive.at("body").at("text").text(1, 1024)?;
    }
    interactive.at("footer").at("text").optional_text(60)?;
    let header = interactive.at("header");
    header.at("text").optional_text(60)?;
    let action = interactive.at("action");
    action.object()?;
    match kind {
        "button" => check_buttons(&action),
        "list" => {
            if !matches!(header.value["type"].as_str(), None | Some("text")) {
                return Err(header.invalid("a list takes a text header only"));
            }
            check_list(&action)
        }
        "cta_url" => {
            let parameters = action.at("parameters");
            parameters.at("display_text").text(1, 20)?;
            let url = parameters.at("url");
            let is_web = url.text(1, 2000)?.starts_with("http");
            if is_web { Ok(()) } else { Err(url.invalid("must be an http or https address")) }
        }
        "carousel" => action.at("cards").items(2, 10).map(drop),
        "location_request_message"
        | "request_contact_info"
        | "product"
        | "product_list"
        | "catalog_message"
        | "flow" => Ok(()),
        _ => Err(interactive.at("type").invalid("is not a known interactive type")),
    }
}

fn check_buttons(action: &Field<'_>) -> Checked {
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for button in action.at("buttons").items(1, 3)? {
        if button.value["type"] != "reply" {
            return Err(button.at("type").invalid("must be reply"));
        }
        let (id, title) = (button.at("reply").at("id"), button.at("reply").at("title"));
        let written = id.text(1, 256)?;
        if written.trim() != written {
            return Err(id.invalid("must not begin or end with a space"));
        }
        if !ids.insert(written) {
            return Err(id.invalid("is used twice"));
        }
        if !titles.insert(title.text(1, 20)?) {
            return Err(title.invalid("is used twice"));
        }
    }
    Ok(())
}

fn check_list(action: &Field<'_>) -> Checked {
    action.at("button").text(1, 20)?;
    let sections = action.at("sections").items(1, 10)?;
    let mut ids = HashSet::new();
    let mut count = 0;
    for section in &sections {
        let title = section.at("title");
        if sections.len() > 1 {
            title.text(1, 24).map(drop)?
        } else {
            title.optional_text(24).map(drop)?
        }
        for row in section.at("rows").items(1, 10)? {
            let id = row.at("id");
            row.at("title").text(1, 24)?;
            row.at("description").optional_text(72)?;
            count += 1;
            if !ids.insert(id.text(1, 200)?) {
                return Err(id.invalid("is used twice"));
            }
        }
    }
    if count <= 10 { Ok(()) } else { Err(action.at("sections").invalid("has more than 10 rows in total")) }
}

/// A value and where it stands, for the errors.
struct Field<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Field<'a> {
    fn at(&self, key: &str) -> Field<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}['{key}']", self.path) };
        Field { value: &self.value[key], path }
    }

    fn missing(&self) -> GraphError {
        GraphError::from_code(131008).with_details(format!("{} is required", self.path))
    }

    fn invalid(&self, why: &str) -> GraphError {
        GraphError::from_code(131009).with_details(format!("{} {why}", self.path))
    }

    fn object(&self) -> Checked {
        if self.value.is_object() { Ok(()) } else { Err(self.missing()) }
    }

    /// A string of `min` to `max` characters.
    fn text(&self, min: usize, max: usize) -> Checked<&'a str> {
        if self.value.is_null() {
            return Err(self.missing());
        }
        let Some(text) = self.value.as_str() else { return Err(self.invalid("must be a string")) };
        let length = text.chars().count();
        if (min..=max).contains(&length) {
            Ok(text)
        } else {
            Err(self.invalid(&format!("length invalid: {length}. Min length: {min}, Max length: {max}")))
        }
    }

    /// A string of at most `max` characters, or nothing.
    fn optional_text(&self, max: usize) -> Checked<Option<&'a str>> {
        if self.value.is_null() { Ok(None) } else { self.text(1, max).map(Some) }
    }

    /// A number of degrees, as a number or a string of one.
    fn coordinate(&self, limit: f64) -> Checked {
        let degrees = self.value.as_f64().or_else(|| self.value.as_str()?.parse().ok());
        match degrees {
            Some(degrees) if degrees.abs() <= limit => Ok(()),
            Some(_) => Err(self.invalid("is out of range")),
            None => Err(self.missing()),
        }
    }

    /// A list of `min` to `max` elements.
    fn items(&self, min: usize, max: usize) -> Checked<Vec<Field<'a>>> {
        let Some(items) = self.value.as_array() else { return Err(self.missing()) };
        if !(min..=max).contains(&items.len()) {
            return Err(self.invalid(&format!("count invalid: {}. Min: {min}, Max: {max}", items.len())));
        }
        let field = |(index, value)| Field { value, path: format!("{}[{index}]", self.path) };
        Ok(items.iter().enumerate().map(field).collect())
    }
}
