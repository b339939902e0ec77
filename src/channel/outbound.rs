//! What the product wants to say, free of any channel's wire format. The outbox keeps it as JSON.
//!
//! Holds no recipient: the same words can go to any address of a contact.

use serde::{Deserialize, Serialize};

/// One message to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outbound {
    /// Words alone, already in the channel's own markup.
    Text {
        /// The words.
        body: String,
    },
    /// Words with options to tap. A channel that cannot show the options sends [`Outbound::as_text`].
    Choices {
        /// The words above the options.
        body: String,
        /// The options in the order in which they are shown.
        choices: Vec<Choice>,
        /// What opens the options where they are folded into a list: "See options", in the customer's language.
        button_label: String,
    },
}

/// One option that a customer can tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Comes back when the option is tapped; unique within the message, without spaces around it.
    pub id: String,
    /// The words on the option, as few as possible: channels cut at 20 to 24 characters.
    pub title: String,
    /// More words where the channel has room for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Outbound {
    /// Words alone.
    pub fn text(body: impl Into<String>) -> Self {
        Outbound::Text { body: body.into() }
    }

    /// The message as plain text: options become numbered lines.
    pub fn as_text(&self) -> String {
        match self {
            Outbound::Text { body } => body.clone(),
            Outbound::Choices { body, choices, .. } => numbered(body, choices),
        }
    }
}

fn numbered(body: &str, choices: &[Choice]) -> String {
    let lines = choices.iter().enumerate().map(|(index, choice)| {
        let title = choice.title.trim();
        match choice.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(description) => format!("{}. {title}: {description}", index + 1),
            None => format!("{}. {title}", index + 1),
        }
    });
    let options = lines.collect::<Vec<_>>().join("\n");
    let parts = [body.trim(), &options];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(id: &str, title: &str, description: Option<&str>) -> Choice {
        Choice { id: id.into(), title: title.into(), description: description.map(Into::into) }
    }

    #[test]
    fn messages_survive_the_outbox() {
        let messages = [
            Outbound::text("Abrimos a las 9."),
            Outbound::Choices {
                body: "¿Qué tienda?".into(),
                choices: vec![choice("n", "Norte", None), choice("s", "Sur", Some("Calle Sol 4"))],
                button_label: "Ver tiendas".into(),
            },
        ];
        for message in messages {
            let stored = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<Outbound>(&stored).unwrap(), message);
        }
        let stored = r#"{"kind":"text","body":"x"}"#;
        assert_eq!(serde_json::from_str::<Outbound>(stored).unwrap(), Outbound::text("x"));
    }

    #[test]
    fn options_become_numbered_lines_where_nothing_can_be_tapped() {
        let message = Outbound::Choices {
            body: "¿Qué tienda?".into(),
            choices: vec![choice("n", "Norte", None), choice("s", "Sur", Some("Calle Sol 4"))],
            button_label: "Ver".into(),
        };
        assert_eq!(message.as_text(), "¿Qué tienda?\n\n1. Norte\n2. Sur: Calle Sol 4");
    }
}
