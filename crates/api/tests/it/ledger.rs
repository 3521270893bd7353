//! Checkpoint, tiles, pages for people, measurements, and a server that stops gracefully.

use crate::support::TestExchange;
use axum::body::Body;
use databourse_api::{serve, token::TokenRole};
use databourse_ledger::{Policy, SignedCheckpoint, decode_bundle};
use databourse_merkle::{Hash, leaf_hash, root_of};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_served_as_tlog_tiles_has_it() {
    let exchange = TestExchange::start().await;
    let size = exchange.node.published().size.0;
    let auditor = exchange.token("zhou", &[TokenRole::Auditor]);
    let answer = exchange.get("", "/checkpoint").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "public, max-age=1");
    let signed = SignedCheckpoint::parse(&answer.bytes).unwrap();
    let policy: Policy = exchange.get("", "/v1/policy").await.expect(200).text().parse().unwrap();
    policy.check(&signed).unwrap();
    assert_eq!(signed.checkpoint.size.0, size);

    let tile = exchange.get("", &format!("/tile/0/000.p/{size}")).await.expect(200);
    assert_eq!(tile.header("content-type"), "application/octet-stream");
    assert!(tile.header("cache-control").contains("immutable"));
    let hashes: Vec<Hash> =
        tile.bytes.chunks_exact(32).map(|bytes| Hash::from_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(root_of(hashes.iter().copied()), signed.checkpoint.root);
    let path = format!("/tile/entries/000.p/{size}");
    exchange.get("", &path).await.expect_problem(401, "token.missing");
    let bundle = exchange.get(&auditor, &path).await.expect(200);
    let entries = decode_bundle(&bundle.bytes, 256).unwrap();
    assert_eq!(entries.iter().map(|entry| leaf_hash(entry)).collect::<Vec<_>>(), hashes);
    assert_eq!(exchange.get("", "/tile/0/000.p/1").await.expect(200).bytes, tile.bytes[..32]);
    for path in [
        "/tile/0/000",
        "/tile/0/0",
        "/tile/00/000.p/1",
        "/tile/0/%30%30%30.p/1",
        "/tile/0/000.p/256",
        "/tile/64/000.p/1",
        "/tile/0/x000/000.p/1",
        "/tile/0",
        "/tile/",
    ] {
        exchange.get("", path).await.expect_problem(404, "resource.unknown");
    }
    exchange.get(&auditor, "/tile/entries/0").await.expect_problem(404, "resource.unknown");
    // What is not there yet may be there in a moment, so nobody may keep the answer.
    let later = exchange.get("", "/tile/0/000").await.expect_problem(404, "resource.unknown");
    assert_eq!(later.header("cache-control"), "no-store");
    exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_ask_again_by_etag_and_only_bundles_are_compressed() {
    let exchange = TestExchange::start().await;
    let size = exchange.node.published().size.0;
    let auditor = exchange.token("zhou", &[TokenRole::Auditor]);
    let bundle = format!("/tile/entries/000.p/{size}");
    let tile = format!("/tile/0/000.p/{size}");
    let get = async |token: &str, path: &str, name: &str, value: &str| {
        let request = exchange.request("GET", token, path).header(name, value);
        exchange.send(request.body(Body::empty()).unwrap()).await
    };
    for (token, path, strong, compressed) in [
        ("", "/checkpoint", true, false),
        ("", tile.as_str(), true, false),
        (auditor.as_str(), bundle.as_str(), false, true),
    ] {
        let whole = exchange.get(token, path).await.expect(200);
        let tag = whole.header("etag").to_owned();
        assert_eq!(tag.starts_with('"'), strong, "{path}: {tag}");
        assert_eq!(tag.starts_with("W/\""), !strong, "{path}: {tag}");
        let known = get(token, path, "if-none-match", &format!("\"other\", {tag}")).await.expect(304);
        assert_eq!((known.bytes.len(), known.header("etag")), (0, tag.as_str()), "{path}");
        assert_eq!(known.header("cache-control"), whole.header("cache-control"), "{path}");
        assert_eq!(known.header("vary"), whole.header("vary"), "{path}");
        let other = get(token, path, "if-none-match", "\"other\"").await.expect(200);
        assert_eq!(other.bytes, whole.bytes, "{path}");
        let asked = get(token, path, "accept-encoding", "gzip").await.expect(200);
        assert_eq!(asked.header("content-encoding") == "gzip", compressed, "{path}");
        assert_eq!(asked.bytes == whole.bytes, !compressed, "{path}");
        assert_eq!(asked.header("etag"), tag, "{path}");
        assert_eq!(asked.header("vary").contains("accept-encoding"), compressed, "{path}");
    }
    // Without the right to read, a tag opens nothing.
    get("", &bundle, "if-none-match", "*").await.expect_problem(401, "token.missing");
    // Another width is another resource, whatever it begins with.
    let narrower = exchange.get("", "/tile/0/000.p/1").await.expect(200);
    assert_ne!(narrower.header("etag"), exchange.get("", &tile).await.expect(200).header("etag"));
    exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_for_people_run_nothing_from_elsewhere() {
    let exchange = TestExchange::start().await;
    let docs = exchange.get("", "/docs/").await.expect(200);
    assert!(docs.header("content-security-policy").contains("script-src 'self'"));
    for line in docs.text().lines().filter(|line| line.contains("src=") || line.contains("href=")) {
        assert!(!line.contains("//"), "{line}");
    }
    let initializer = exchange.get("", "/docs/swagger-initializer.js").await.expect(200);
    assert!(initializer.text().contains("/openapi.json"));
    assert!(exchange.get("", "/docs/swagger-ui-bundle.js").await.expect(200).bytes.len() > 100_000);
    let request = exchange.request("GET", "", "/openapi.json").header("accept-encoding", "gzip");
    let answer = exchange.send(request.body(Body::empty()).unwrap()).await.expect(200);
    assert_eq!(answer.header("content-encoding"), "gzip");
    exchange.get("", "/healthz").await.expect(200);
    assert_eq!(exchange.get("", "/readyz").await.expect(200).json()["committing"], true);
    let metrics = exchange.get("", "/metrics").await.expect(200).text();
    let counted = r#"databourse_http_requests_total{method="GET",route="/docs/{*rest}",status="200"}"#;
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("databourse_http_request_duration_seconds_bucket{"), "{metrics}");
    let request = exchange.request("GET", "", "/v1/region").header("x-request-id", "trace-7");
    let answer = exchange.send(request.body(Body::empty()).unwrap()).await.expect(200);
    assert_eq!(answer.header("x-request-id"), "trace-7");
    let router = exchange.router.clone();
    exchange.running.stop().await;
    let stopped = tower::ServiceExt::oneshot(
        router,
        axum::http::Request::builder().uri("/readyz").body(Body::empty()).unwrap(),
    );
    assert_eq!(stopped.await.unwrap().status(), 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_finishes_what_runs() {
    let exchange = TestExchange::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, exchange.router.clone(), async move { drop(stopped.await) }));
    let mut client = TcpStream::connect(address).await.unwrap();
    let token = exchange.operator();
    let head = format!(
        "POST /v1/accounts/deposits HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
    );
    client.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body (RFC 9110 §10.1.1), so the request is under way.
    let mut interim = [0; 25];
    client.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"{").await.unwrap();
    stop.send(()).unwrap();
    // It is stopping once it takes nobody new.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.write_all(b"}").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("missing field"), "{answer}");
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "no more connections");
    exchange.running.stop().await;
}
