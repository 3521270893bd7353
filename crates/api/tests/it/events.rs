//! Server-sent events of a real node: what a live page hears, who is turned away, and that a server can stop.

use crate::{samples::check_answer, support::TestExchange};
use axum::{
    body::{Body, BodyDataStream},
    http::HeaderMap,
};
use databourse_api::serve;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tower::ServiceExt as _;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The headers and the stream of an answer that must be 200.
async fn listen(exchange: &TestExchange, last: Option<u64>) -> (HeaderMap, BodyDataStream) {
    let mut request = exchange.request("GET", "", "/v1/events").header("accept-encoding", "gzip");
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    let response = exchange.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let (parts, body) = response.into_parts();
    (parts.headers, body.into_data_stream())
}

/// The next event: its id and its data.
async fn next(stream: &mut BodyDataStream) -> (u64, Value) {
    let chunk = tokio::time::timeout(PATIENCE, stream.next()).await.expect("an event").unwrap().unwrap();
    let text = String::from_utf8(chunk.to_vec()).unwrap();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert_eq!(field("event:"), "checkpoint", "{text}");
    (field("id:").parse().unwrap(), serde_json::from_str(&field("data:")).unwrap())
}

async fn certify(exchange: &TestExchange, number: u64) {
    let body = json!({
        "legal_name": { "en": "a" }, "legal_identifier": format!("ext:{number}"), "roles": ["buyer"],
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z", "custody": true,
    });
    exchange.post(&exchange.operator(), "/v1/parties", number, &body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_hears_of_each_checkpoint() {
    let exchange = TestExchange::start().await;
    let shown = exchange.node.published();
    let (headers, mut stream) = listen(&exchange, None).await;
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(
        (&headers["cache-control"], &headers["x-accel-buffering"]),
        (&"no-cache".parse().unwrap(), &"no".parse().unwrap())
    );
    assert!(headers.get("content-encoding").is_none(), "an event does not wait in a compressor");
    let (height, news) = next(&mut stream).await;
    check_answer("CheckpointNews", &news);
    assert_eq!(
        (height, &news["height"], &news["size"]),
        (shown.height.0, &json!(shown.height), &json!(shown.size))
    );
    assert_eq!(news["time"], json!(shown.time));
    let checkpoint = exchange.get("", "/checkpoint").await.expect(200).text();
    assert_eq!(checkpoint.lines().nth(2), news["root"].as_str());
    assert_eq!(news["cosigner_count"], 1);

    // Who heard it before hears the next one first; who missed one hears the last at once.
    let (_, mut back) = listen(&exchange, Some(height)).await;
    let (_, mut late) = listen(&exchange, Some(height - 1)).await;
    assert_eq!(next(&mut late).await.0, height);
    certify(&exchange, 1).await;
    for stream in [&mut stream, &mut back, &mut late] {
        assert_eq!(next(stream).await.0, height + 1);
    }

    for bad in ["x", "01", ""] {
        let request = exchange.request("GET", "", "/v1/events").header("last-event-id", bad);
        let answer = exchange.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.expect_problem(400, "request.malformed").json()["field"], "Last-Event-ID");
    }
    exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_are_bounded_and_leave_their_place() {
    let exchange = TestExchange::start().await;
    let mut streams = Vec::new();
    for _ in 0..512 {
        streams.push(listen(&exchange, None).await.1);
    }
    let full = exchange.get("", "/v1/events").await.expect_problem(503, "service.busy");
    assert_eq!(full.header("retry-after"), "1");
    streams.pop();
    let (_, mut stream) = listen(&exchange, None).await;
    next(&mut stream).await;
    exchange.get("", "/v1/events").await.expect_problem(503, "service.busy");
    exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_stops_although_somebody_listens() {
    let exchange = TestExchange::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, exchange.router.clone(), async { stopped.await.unwrap() }));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n").await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("event: checkpoint") {
        assert!(tokio::time::timeout(PATIENCE, client.read_buf(&mut heard)).await.unwrap().unwrap() > 0);
    }
    stop.send(()).unwrap();
    // Well before the deadline after which connections are left open.
    tokio::time::timeout(PATIENCE, server).await.expect("the server stops").unwrap().unwrap();
    tokio::time::timeout(PATIENCE, client.read_to_end(&mut heard)).await.unwrap().unwrap();
    assert!(heard.ends_with(b"0\r\n\r\n"), "the answer ended as it should");
    exchange.running.stop().await;
}
