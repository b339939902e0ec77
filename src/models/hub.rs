//! Downloads a model file from a hub by HTTP, going on where an earlier attempt ended.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};

use super::manifest::Model;
use super::part::Part;
use super::pull::{PullError, require_space};
use super::report::Reporter;

/// How often a download that broke off is taken up again.
const ATTEMPTS: usize = 3;
/// A hub that cannot be reached should not keep the owner waiting: the packages are next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that is silent for so long is given up.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a hub's copy was not had.
#[derive(Debug)]
pub enum HubError {
    /// The hub or the way to it: another source may do better.
    There(String),
    /// This machine: no other source will do better.
    Here(PullError),
}

impl From<PullError> for HubError {
    fn from(error: PullError) -> Self {
        HubError::Here(error)
    }
}

impl From<reqwest::Error> for HubError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let cause = std::iter::successors(std::error::Error::source(&error), |cause| cause.source()).last();
        HubError::There(cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")))
    }
}

/// Downloads `url` into `FILE.part`. What is there stays there when it breaks off.
pub async fn fetch(url: &str, model: &Model, target: &Path, reporter: &dyn Reporter) -> Result<Part, HubError> {
    let client = client()?;
    let mut part = Part::open(target, model.size)?;
    require_space(target, model.size - part.length())?;
    reporter.begin(&format!("Downloading {} from the model hub", model.fetched_file()), model.size, part.length());
    let mut result = Ok(());
    for _ in 0..ATTEMPTS {
        let before = part.length();
        result = attempt(&client, url, model, &mut part, reporter).await;
        let stuck = part.length() == before;
        if result.is_ok() || stuck || matches!(result, Err(HubError::Here(_))) {
            break;
        }
    }
    reporter.end();
    result.map(|()| part)
}

fn client() -> Result<Client, HubError> {
    // Another part of the program may have chosen the provider already; either is right.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build()?)
}

async fn attempt(
    client: &Client,
    url: &str,
    model: &Model,
    part: &mut Part,
    reporter: &dyn Reporter,
) -> Result<(), HubError> {
    if part.length() == model.size {
        return Ok(());
    }
    let response = client.get(url).header(RANGE, format!("bytes={}-", part.length())).send().await?;
    accept(&response, model, part)?;
    let mut body = response.bytes_stream();
    while let Some(bytes) = body.next().await {
        let bytes = bytes?;
        if part.length() + bytes.len() as u64 > model.size {
            return Err(HubError::There("it sends more than the file has".to_owned()));
        }
        part.append(&bytes)?;
        reporter.progress(part.length());
    }
    match part.length() {
        length if length == model.size => Ok(()),
        length => Err(HubError::There(format!("the connection ended after {length} bytes"))),
    }
}

/// Refuses an answer that is not this file, and starts over when the hub does so.
fn accept(response: &Response, model: &Model, part: &mut Part) -> Result<(), HubError> {
    let total = match response.status() {
        StatusCode::OK => {
            part.start_over()?;
            response.content_length()
        }
        StatusCode::PARTIAL_CONTENT => {
            let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
            let (from, total) = range.and_then(parse_range).unwrap_or((u64::MAX, None));
            if from != part.length() {
                return Err(HubError::There("it answers with another part of the file than was asked for".to_owned()));
            }
            total
        }
        status => return Err(HubError::There(format!("it answers {status}"))),
    };
    match total {
        Some(total) if total != model.size => {
            Err(HubError::There(format!("its file has {total} bytes, expected {}", model.size)))
        }
        _ => Ok(()),
    }
}

/// Reads `bytes 5-9/10` as the first byte and the total.
fn parse_range(range: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}
