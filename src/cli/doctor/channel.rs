//! Whether WhatsApp can be reached, and whether WhatsApp can reach us.

use crate::channel::whatsapp::transport::WhatsApp;
use crate::config::Config;

use super::Finding;

/// Where to find each value in Meta's console.
fn where_to_find(key: &str) -> &'static str {
    match key {
        "phone_number_id" => "in Meta's console under WhatsApp > API setup, beside the number",
        "token" => "a system user's token, from Business settings > System users",
        "app_secret" => "in Meta's console under App settings > Basic",
        "verify_token" => "any text that you also enter in Meta's console under WhatsApp > Configuration",
        _ => "in Meta's console",
    }
}

/// Token, number, webhook.
pub async fn findings(config: &Config, offline: bool) -> Vec<Finding> {
    let missing = config.whatsapp.missing();
    if !missing.is_empty() {
        let texts = missing.iter().map(|key| format!("`{key}` is not set: {}", where_to_find(key)));
        return texts.map(|text| Finding::error("whatsapp", text)).collect();
    }
    let mut findings = vec![webhook(config).await];
    if offline {
        return findings;
    }
    match WhatsApp::new(&config.whatsapp) {
        Err(error) => findings.push(Finding::error("token", error.to_string())),
        Ok(channel) => match channel.graph().check_number().await {
            Err(error) => findings.push(Finding::error("token", error.to_string())),
            Ok(number) => {
                let name = number.verified_name.unwrap_or_default();
                let quality = number.quality_rating.unwrap_or_else(|| "unknown".into());
                findings.push(Finding::ok("token", format!("accepted; the number of {name}, quality {quality}")));
                if number.can_send_message.as_deref() == Some("BLOCKED") {
                    findings.push(Finding::error("number", "Meta says that the number may not send messages"));
                }
                findings.extend(number.problems.into_iter().map(|problem| Finding::warning("number", problem)));
            }
        },
    }
    findings
}

/// Asks our own server as Meta would, if it runs.
async fn webhook(config: &Config) -> Finding {
    use secrecy::ExposeSecret;
    let address = config.server.listen;
    let token = config.whatsapp.verify_token.as_ref().map(|token| token.expose_secret()).unwrap_or_default();
    let client = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(5)).build();
    let Ok(client) = client else { return Finding::error("webhook", "no HTTP client can be made") };
    let Ok(mut url) = reqwest::Url::parse(&format!("http://{address}/webhooks/whatsapp")) else {
        return Finding::error("webhook", format!("{address} is no address to ask"));
    };
    url.query_pairs_mut().extend_pairs([
        ("hub.mode", "subscribe"),
        ("hub.verify_token", token),
        ("hub.challenge", "doctor"),
    ]);
    let request = client.get(url);
    match request.send().await {
        Ok(response) if response.status().is_success() => Finding::ok("webhook", format!("answers on {address}")),
        Ok(response) => {
            let text =
                format!("{address} answers {}: the running server has another `verify_token`", response.status());
            Finding::error("webhook", text)
        }
        Err(_) => {
            let text = format!("nothing answers on {address}: start `atiende serve`, and let Meta reach it over https");
            Finding::warning("webhook", text)
        }
    }
}
