//! The first page, the map and the charts, over an API whose figures are known.

use axum::{Json, Router, body::Body, extract::RawQuery, http::Request, routing::get};
use databourse_api::token::TokenSigner;
use databourse_console::{ConsoleConfig, router};
use databourse_primitives::{BilingualText, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The example of the OpenAPI document with these exchanges, the second of which this node cannot reach.
fn region(codes: &[&str]) -> Value {
    let document: Value = serde_json::from_str(&databourse_api::openapi().to_json().unwrap()).unwrap();
    let mut region = document["components"]["schemas"]["Region"]["example"].clone();
    let exchange = region["exchanges"][0].clone();
    let exchanges = codes.iter().map(|code| {
        let mut exchange = exchange.clone();
        exchange["code"] = json!(code);
        exchange["name"] = json!({ "zh": format!("{code} 交易所"), "en": format!("Exchange {code}") });
        exchange
    });
    region["exchanges"] = exchanges.collect();
    region["served_by"] = json!(codes[0]);
    region
}

fn sale(day: &str, listing: &str, buying: &str, licences: u64, net_minor: u64) -> Value {
    json!({
        "day": day, "listing_exchange": listing, "buying_exchange": buying, "asset": "CNY/2",
        "ordered_licence_count": licences, "ordered_unit_count": licences * 2, "ordered_net_minor": net_minor,
        "accepted_licence_count": licences, "accepted_net_minor": net_minor, "refund_count": 0, "refunded_net_minor": 0
    })
}

/// The API of a region where Shanghai sold for ¥15,000.00 to Jiangsu and Anhui for ¥5,000.00 to itself.
fn market(codes: &[&str]) -> Router {
    let region = region(codes);
    let peers: Vec<_> =
        codes[1..].iter().map(|code| json!({ "exchange": code, "connected": *code != codes[1] })).collect();
    let counts = json!({
        "parties": 20, "rights": 12, "products": 0, "offers": 0, "orders": 1_234_567, "licences": 312, "refunds": 9,
        "certificates": 291, "entries": 4808, "height": 97, "block_time": "2026-11-22T02:47:32.123Z", "root": "47DEQpj8"
    });
    let has = |code: &str| codes.contains(&code);
    let mut items = Vec::new();
    if has("sh") && has("js") && has("ah") {
        items.push(sale("2026-11-20", "sh", "js", 3, 1_500_000));
        items.push(sale("2026-11-21", "ah", "ah", 1, 500_000));
    }
    let windows = json!([
        { "window": "CNY/2#1", "asset": "CNY/2", "state": "settled", "opened_at": "2026-11-19T00:00:00.000Z",
            "closed_at": "2026-11-20T09:00:00.000Z", "settled_at": "2026-11-20T11:30:00.000Z", "lag_ms": 9_000_000,
            "instruction_count": 1, "amount_minor": 1_250_000 },
        { "window": "CNY/2#2", "asset": "CNY/2", "state": "closed", "opened_at": "2026-11-20T00:00:00.000Z",
            "closed_at": "2026-11-21T09:00:00.000Z", "instruction_count": 0, "amount_minor": 0 }
    ]);
    let as_of = json!({ "height": 97, "size": 4808, "time": "2026-11-22T02:47:32.123Z" });
    // As the API does, it answers nothing of other days.
    let within = |items: Vec<Value>, query: Option<String>| -> Vec<Value> {
        let query = query.unwrap_or_default();
        let day = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap().to_owned();
        let (from, to) = (day("from="), day("to="));
        let of = |item: &Value| item["day"].as_str().or(item["closed_at"].as_str()).unwrap()[..10].to_owned();
        items.into_iter().filter(|item| (&from..=&to).contains(&&of(item))).collect()
    };
    let answer = |body: Value| get(move || async move { Json(body) });
    Router::new()
        .route("/v1/region", answer(region))
        .route("/v1/region/health", answer(json!({ "peers": peers })))
        .route("/v1/statistics/counts", answer(counts))
        .route("/v1/products", answer(json!({ "items": [] })))
        .route(
            "/v1/statistics/sales",
            get(move |RawQuery(query)| async move {
                Json(json!({ "as_of": as_of, "items": within(items, query) }))
            }),
        )
        .route(
            "/v1/statistics/settlement",
            get(move |RawQuery(query)| async move {
                Json(json!({ "items": within(windows.as_array().unwrap().clone(), query) }))
            }),
        )
}

const DELTA: [&str; 4] = ["sh", "js", "zj", "ah"];

/// Status and text of a page, as somebody who is not signed in sees it where nobody can sign in.
async fn open(codes: &[&str], language: &str, path: &str) -> (u16, String) {
    let exchange: databourse_primitives::ExchangeCode = "sh".parse().unwrap();
    let config = ConsoleConfig {
        exchange: exchange.clone(),
        name: BilingualText::new(Some("沪"), Some("Shanghai")).unwrap(),
        public_url: "http://sh.example".to_owned(),
        utc_offset_minutes: 480,
        sign_in: None,
        signer: TokenSigner::from_seed([0; 32], exchange),
        secret: [7; 32],
    };
    let now: Timestamp = "2026-11-22T03:00:00.000Z".parse().unwrap();
    let console = router(config, market(codes), move || now);
    let request = Request::get(path).header("accept-language", language).body(Body::empty()).unwrap();
    let answer = console.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let html = String::from_utf8(bytes.to_vec()).unwrap();
    if let Ok(folder) = std::env::var("PAGES") {
        let name = format!("{language}-{}-{}", codes.len(), path.replace(['/', '?', '&', '='], "_"));
        std::fs::write(format!("{folder}/{name}.html"), &html).unwrap();
    }
    (status, html)
}

#[tokio::test]
async fn the_first_page_says_what_there_is_to_everybody() {
    let (status, page) = open(&DELTA, "zh", "/").await;
    assert_eq!(status, 200);
    for text in [
        "<h1>沪</h1>",
        "购买数据",
        "1,234,567",
        "4,808",
        "市场上还没有产品",
        "没有配置登录",
        "href=\"/market\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (_, page) = open(&DELTA, "en", "/").await;
    for text in
        ["<h1>Shanghai</h1>", "Buy data", "Block height", "There is no product yet", "href=\"/region\""]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("href=\"/sign-in"), "nobody can sign in here");
}

#[tokio::test]
async fn the_map_shows_who_sold_to_whom() {
    let (status, page) = open(&DELTA, "en", "/region").await;
    assert_eq!(status, 200);
    let map = &page[page.find("<svg class=\"map\"").unwrap()..page.find("</svg>").unwrap()];
    assert_eq!(map.matches("<circle").count(), 4);
    assert_eq!(map.matches("class=\"flow\"").count(), 1, "what Anhui sold to itself is no arrow: {map}");
    assert!(map.contains("¥15k") && map.contains("class=\"land\""), "{map}");
    assert_eq!(map.matches("node away").count(), 1, "{map}");
    for text in ["Exchange sh", "¥15,000.00", "¥5,000.00", "Not reachable", "Counted up to block"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (_, page) = open(&DELTA, "zh", "/region?from=2026-10-01&to=2026-10-02").await;
    assert!(
        page.contains("所选时段内没有订单") && page.contains("联系不上") && !page.contains("class=\"flow\""),
        "{page}"
    );
}

#[tokio::test]
async fn every_region_has_a_map() {
    let codes: Vec<String> = (0..20).map(|number| format!("x{number}")).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    for count in [2, 20] {
        let (status, page) = open(&codes[..count], "en", "/region").await;
        let map = &page[page.find("<svg class=\"map\"").unwrap()..page.find("</svg>").unwrap()];
        assert_eq!((status, map.matches("<circle").count()), (200, count));
        assert!(!map.contains("class=\"land\""), "no outline of another region");
    }
}

#[tokio::test]
async fn charts_have_names_words_and_their_data() {
    let (status, page) = open(&DELTA, "en", "/statistics").await;
    assert_eq!(status, 200);
    assert!(!page.contains("style="), "the content policy would refuse it");
    for (id, title, cell) in [
        ("volume", "Amount ordered per day", "¥15,000.00"),
        ("licences", "Licences ordered per day", "<td class=\"number\">3</td>"),
        ("price", "Average price per day", "¥2,500.00"),
        ("outcome", "Accepted and refunded per day", "¥5,000.00"),
        ("share", "Shares of the exchanges per day", "100%"),
        ("lag", "Time to settlement per day", "2\u{a0}h 30\u{a0}min"),
        ("paid", "Paid between exchanges per day", "¥12,500.00"),
    ] {
        let from = page.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {page}"));
        let figure = &page[from..from + page[from..].find("</figure>").unwrap()];
        for text in [
            title,
            cell,
            "role=\"img\"",
            &format!("aria-labelledby=\"{id}-title\""),
            "<summary>",
            "format=csv",
        ] {
            assert!(figure.contains(text), "{id} {text}: {figure}");
        }
        assert!(figure.contains("class=\"area s1\"") && figure.contains(">1 Nov<"), "{figure}");
    }
    assert!(page.contains("Windows not paid yet: 1"), "{page}");
    let (_, page) = open(&DELTA, "zh", "/statistics").await;
    for text in ["每日订单金额", "11月1日", "¥1万", "数据表", "下载 CSV"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn one_exchange_can_be_chosen_and_long_periods_are_drawn_by_month() {
    let (_, page) = open(&DELTA, "en", "/statistics?from=2025-12-01&to=2026-11-22&exchange=ah").await;
    let figure = &page[page.find("id=\"volume\"").unwrap()..page.find("id=\"licences\"").unwrap()];
    for text in ["Amount ordered per month", "Nov 2026", "¥5,000.00"] {
        assert!(figure.contains(text), "{text}: {figure}");
    }
    assert!(!figure.contains("¥15,000.00") && page.contains("<option value=\"ah\" selected"), "{figure}");
}

#[tokio::test]
async fn a_bad_period_is_answered_beside_its_field_and_stays_typed() {
    for (query, text, typed) in [
        ("from=yesterday&to=2026-11-22", "A day, for example 2026-11-22.", "value=\"yesterday\""),
        ("from=2026-11-22&to=2026-11-21", "The last day is before the first day.", "value=\"2026-11-21\""),
        ("from=2020-01-01&to=2026-11-22", "At most 366 days can be shown at once.", "value=\"2020-01-01\""),
        ("exchange=xx", "One of the exchanges of the region.", "Products of"),
        ("asset=USD/2", "One of those that the region settles in.", "Currency"),
    ] {
        let (status, page) = open(&DELTA, "en", &format!("/statistics?{query}")).await;
        assert_eq!(status, 422, "{query}");
        assert!(
            page.contains("aria-invalid=\"true\"") && page.contains(text) && page.contains(typed),
            "{query}: {page}"
        );
    }
    let (status, page) = open(&DELTA, "zh", "/region?from=2026-11-22&to=2026-11-21").await;
    assert!(status == 422 && page.contains("结束日期不能早于开始日期。"), "{page}");
}
