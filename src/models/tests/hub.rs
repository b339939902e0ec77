//! Pulling from a hub, with a small server in its place.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;

use super::*;

/// How the server behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// As HTTP has it.
    Proper,
    /// Sends everything, whatever was asked for.
    IgnoresRange,
    /// Ends each answer after 50,000 bytes.
    BreaksOff,
    /// Has another file.
    OtherSize,
    /// Has a file of the same size with other content.
    OtherContent,
    /// Has no such file.
    NotFound,
}

/// A server with the shelf's content; the ranges that it was asked for are written down.
async fn serve(content: Vec<u8>, manner: Manner) -> (String, Notes) {
    let asked = Notes::default();
    let log = asked.clone();
    let answer = move |headers: HeaderMap| {
        let range = headers["range"].to_str().unwrap().to_owned();
        log.note(&range);
        let from = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
        std::future::ready(respond(&content, from, manner))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/small.gguf", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/small.gguf", get(answer))).await });
    (url, asked)
}

fn respond(content: &[u8], from: usize, manner: Manner) -> Response<Body> {
    let content = match manner {
        Manner::OtherSize => &content[..1000],
        _ => content,
    };
    let whole = manner == Manner::IgnoresRange;
    let mut body = content[if whole { 0 } else { from }..].to_vec();
    if manner == Manner::OtherContent {
        body.iter_mut().for_each(|byte| *byte ^= 1);
    }
    let status = match manner {
        Manner::NotFound => StatusCode::NOT_FOUND,
        Manner::IgnoresRange => StatusCode::OK,
        _ => StatusCode::PARTIAL_CONTENT,
    };
    let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
    let response = Response::builder().status(status).header("content-range", range);
    if manner == Manner::BreaksOff && body.len() > 50_000 {
        body.truncate(50_000);
    }
    response.body(Body::from(body)).unwrap()
}

/// A shelf whose model is on that server, and the ranges that the server was asked for.
async fn shelf_with_hub(manner: Manner) -> (Shelf, Notes) {
    let content = Shelf::new("").content;
    let (url, asked) = serve(content, manner).await;
    (Shelf::new(&format!("url = \"{url}\"")), asked)
}

fn ranges(asked: &Notes) -> Vec<String> {
    asked.0.lock().unwrap().clone()
}

#[tokio::test]
async fn a_file_from_the_hub_is_checked_and_needs_no_packages() {
    let (shelf, asked) = shelf_with_hub(Manner::Proper).await;
    shelf.pull().await.unwrap();
    assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
    assert_eq!(shelf.state(), State::Ready);
    assert_eq!(ranges(&asked), ["bytes=0-"]);
    assert!(shelf.asked().is_empty());
}

#[tokio::test]
async fn a_download_goes_on_where_an_earlier_one_ended() {
    let (shelf, asked) = shelf_with_hub(Manner::Proper).await;
    shelf.put("small.gguf.part", &shelf.content[..70_000]);
    shelf.pull().await.unwrap();
    assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
    assert_eq!(ranges(&asked), ["bytes=70000-"]);
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_taken_up_again_at_once() {
    let (shelf, asked) = shelf_with_hub(Manner::BreaksOff).await;
    shelf.pull().await.unwrap();
    assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
    assert_eq!(ranges(&asked), ["bytes=0-", "bytes=50000-", "bytes=100000-"]);
}

#[tokio::test]
async fn a_hub_that_sends_everything_starts_the_file_over() {
    let (shelf, _) = shelf_with_hub(Manner::IgnoresRange).await;
    shelf.put("small.gguf.part", b"what is there is not even right");
    shelf.pull().await.unwrap();
    assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
}

#[tokio::test]
async fn a_hub_without_this_very_file_gives_way_to_the_packages() {
    for manner in [Manner::NotFound, Manner::OtherSize, Manner::OtherContent] {
        let (shelf, _) = shelf_with_hub(manner).await;
        (1..=3).for_each(|number| shelf.publish(number));
        let notes = Notes::default();
        shelf.library.pull(&[], &shelf.tools(), &notes).await.unwrap();
        assert_eq!(std::fs::read(shelf.file()).unwrap(), shelf.content);
        assert_eq!(shelf.asked().len(), 3);
        assert!(ranges(&notes).iter().any(|note| note.contains("taking the packages instead")));
    }
}

#[tokio::test]
async fn a_hub_that_cannot_be_reached_gives_way_to_the_packages() {
    let shelf = Shelf::new("url = \"http://127.0.0.1:1/small.gguf\"");
    (1..=3).for_each(|number| shelf.publish(number));
    shelf.pull().await.unwrap();
    assert_eq!(shelf.asked().len(), 3);
}
