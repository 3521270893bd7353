//! A node with its API, and a client that speaks to it without a socket.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use databourse_api::{
    ApiState, install_metrics, router,
    token::{Subject, TokenClaims, TokenRole, TokenSigner},
};
use databourse_exchange::{Clock, Entropy, Founding, Node, NodeConfig, NodeKeys, Running, SettlementConfig};
use databourse_party::FoundExchange;
use databourse_primitives::{
    AmountMinor, BilingualText, EntryId, Label, LeafIndex, Rate, TaxVersion, Timestamp,
};
use databourse_settlement::{Fee, FeeBase, FeeRule, PublishSchedule, PublishTax, Rounding};
use databourse_testkit::TestDatabase;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};
use tower::ServiceExt as _;

/// An exchange of its own for one test.
pub(crate) struct TestExchange {
    pub(crate) node: Node,
    pub(crate) running: Running,
    pub(crate) router: Router,
    pub(crate) signer: TokenSigner,
    _database: TestDatabase,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The problem's code; empty if it is none.
    pub(crate) fn code(&self) -> String {
        let kind = self.header("content-type");
        if kind == "application/problem+json" {
            self.json()["code"].as_str().unwrap().to_owned()
        } else {
            String::new()
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.code().as_str()), (status, code), "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        self
    }
}

fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| install_metrics().unwrap()).clone()
}

pub(crate) fn id(number: u64) -> EntryId {
    format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap()
}

impl TestExchange {
    pub(crate) async fn start() -> Self {
        Self::start_in(Vec::new(), SettlementConfig::default()).await
    }

    /// An exchange of a region with `peers`.
    pub(crate) async fn start_in(peers: Vec<FoundExchange>, settlement: SettlementConfig) -> Self {
        let database = TestDatabase::create().await;
        databourse_store::Store::migrate(database.config()).await.unwrap();
        let entropy = Entropy::seeded(7);
        let keys = NodeKeys::generate(&entropy).unwrap();
        let name = |text: &str| BilingualText::new(Some("沪"), Some(text)).unwrap();
        let exempt: Label = "exempt".parse().unwrap();
        let config = NodeConfig {
            exchange: "sh".parse().unwrap(),
            origin: "databourse.example/delta".parse().unwrap(),
            founding: Founding {
                region_name: name("Delta <b>"),
                exchange_name: Some(name("Shanghai")),
                assets: ["CNY/2".parse().unwrap()].into(),
                taxes: vec![PublishTax {
                    version: TaxVersion(1),
                    rates: [
                        ("services".parse().unwrap(), "0.06".parse().unwrap()),
                        (exempt.clone(), Rate::ZERO),
                    ]
                    .into(),
                    kinds: BTreeMap::new(),
                    default: exempt,
                }],
                schedules: vec![PublishSchedule {
                    version: "CNY/2@1".parse().unwrap(),
                    effective_from: LeafIndex(0),
                    fees: vec![FeeRule {
                        kinds: BTreeSet::new(),
                        exchanges: BTreeSet::new(),
                        roles: BTreeSet::new(),
                        fee: Fee {
                            base: FeeBase::Percentage { rate: "0.025".parse().unwrap() },
                            min_minor: None,
                            max_minor: None,
                        },
                    }],
                    fee_vat: "services".parse().unwrap(),
                    selling_share: "0.5".parse().unwrap(),
                    yearly: BTreeMap::new(),
                    tax: TaxVersion(1),
                    hold_days: 30,
                    dispute_days: 7,
                    bank_tolerance_minor: AmountMinor::ZERO,
                    rounding: Rounding::HalfUpLargestRemainderCarry,
                }],
                peers,
                predecessor: None,
            },
            database: database.config(),
            replicas: Vec::new(),
            reader_count: 4,
            pool_capacity: 1_000,
            working_set_record_count: 64.try_into().unwrap(),
            clock: Clock::stepped("2026-01-05T01:00:00Z".parse().unwrap()),
            entropy,
            settlement,
            region: None,
            snapshot_folder: None,
        };
        let (node, running) = Node::start(config, &keys).await.unwrap();
        let signer = TokenSigner::from_seed(*keys.token_seed(), node.exchange().clone());
        let clock = node.clone();
        let tokens = signer.verifier(move || clock.now());
        let router = router(ApiState::new(node.clone(), tokens, metrics()));
        Self { node, running, router, signer, _database: database }
    }

    pub(crate) fn token(&self, subject: &str, roles: &[TokenRole]) -> String {
        self.token_until(subject, roles, self.node.now().plus_ms(86_400_000))
    }

    pub(crate) fn token_until(&self, subject: &str, roles: &[TokenRole], expires_at: Timestamp) -> String {
        let claims = TokenClaims {
            subject: Subject::parse(subject).unwrap(),
            roles: roles.iter().copied().collect(),
            issued_at: expires_at.plus_ms(-86_400_000),
            expires_at,
        };
        self.signer.mint(&claims).unwrap()
    }

    pub(crate) fn operator(&self) -> String {
        self.token("li.na", &[TokenRole::Operator])
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // A stream of events has no end.
        let is_endless = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if is_endless { Body::empty() } else { body };
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(self.request("GET", token, path).body(Body::empty()).unwrap()).await
    }

    /// `POST` with an idempotency key of its own if `key` is not 0.
    pub(crate) async fn post(&self, token: &str, path: &str, key: u64, body: &Value) -> Answer {
        let mut request = self.request("POST", token, path).header("content-type", "application/json");
        if key > 0 {
            request = request.header("idempotency-key", id(key).to_string());
        }
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    pub(crate) fn request(&self, method: &str, token: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) }
    }
}
