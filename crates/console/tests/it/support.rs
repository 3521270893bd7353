//! A small market with its console on a real port, and people who visit it.

#[expect(dead_code, reason = "made for the tests of the API, of which this needs a part")]
#[path = "../../../api/tests/it/support.rs"]
mod exchange;

use crate::{
    html,
    sign_in::world::{Answer, Browser},
};
use databourse_api::token::{TokenRole, TokenSigner};
use databourse_console::{ConsoleConfig, Person, Provider, ProviderConfig, SignIn, SignInConfig, router};
use databourse_exchange::{Entropy, NodeKeys};
use databourse_primitives::BilingualText;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};

pub(crate) use exchange::{TestExchange, id};

/// A market of a supplier with one offer and a buyer with ¥500.00, and its console.
///
/// | `id` | what |
/// |---|---|
/// | 1, 2, 3 | the parties `supplier`, `buyer`, `stranger` |
/// | 4, 5, 6 | right, product (港口 / Ports), offer (¥100.00 for `logistics`) |
/// | 20 | the buyer's deposit |
pub(crate) struct Market {
    pub(crate) exchange: TestExchange,
    pub(crate) url: String,
    server: JoinHandle<()>,
}

impl Drop for Market {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Who can sign in: what they are called, the number of their party, their roles.
const PEOPLE: [(&str, Option<u64>, &[TokenRole]); 6] = [
    ("operator", None, &[TokenRole::Operator]),
    ("second-operator", None, &[TokenRole::Operator]),
    ("auditor", None, &[TokenRole::Auditor]),
    ("supplier", Some(1), &[TokenRole::Merchant]),
    ("buyer", Some(2), &[TokenRole::Buyer]),
    ("stranger", Some(3), &[TokenRole::Merchant, TokenRole::Buyer]),
];

impl Market {
    /// Starts it and plays its beginning.
    pub(crate) async fn start() -> Self {
        Self::empty().await.begin().await
    }

    /// Plays its beginning.
    pub(crate) async fn begin(self) -> Self {
        let market = self;
        for (number, name, role) in
            [(1, "supplier", "supplier"), (2, "buyer", "buyer"), (3, "stranger", "buyer")]
        {
            let body = json!({
                "legal_name": { "zh": format!("{name}公司"), "en": name }, "legal_identifier": format!("ext:{name}"),
                "roles": [role], "home_region": "CN-SH", "entrusts_exchange": true,
                "valid_until": "2030-01-01T00:00:00Z", "custody": number == 1,
            });
            market.post("operator", "/v1/parties", number, &body).await;
        }
        let right = json!({
            "interests": ["product_operation"], "data_class": "enterprise", "source": "ports",
            "source_statement": { "zh": "自有系统", "en": "own systems" },
        });
        market.post("supplier", "/v1/rights", 4, &right).await;
        let details = json!({
            "title": { "zh": "港口", "en": "Ports" }, "description": { "zh": "靠港记录", "en": "Port calls" }, "kind": "dataset",
        });
        market.post("supplier", "/v1/products", 5, &json!({ "right": id(4), "details": details })).await;
        let offer = json!({
            "product": id(5), "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00",
            "terms": { "purposes": ["logistics"], "term_days": 365, "territory": "CN",
                       "usable_not_visible": false, "exclusive": false },
        });
        market.post("supplier", "/v1/offers", 6, &offer).await;
        let deposit =
            json!({ "party": id(2), "asset": "CNY/2", "amount_minor": 50_000, "bank_reference": "b1" });
        market.post("operator", "/v1/accounts/deposits", 20, &deposit).await;
        market
    }

    /// Starts it with nobody in it.
    pub(crate) async fn empty() -> Self {
        Self::around(TestExchange::start().await).await
    }

    /// Puts a console in front of an exchange.
    pub(crate) async fn around(exchange: TestExchange) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = format!("{url}/oidc");
        let provider = ProviderConfig {
            issuer: issuer.clone(),
            client_id: "console".to_owned(),
            redirect_uris: vec![format!("{url}/sign-in/callback")],
        };
        let clock = exchange.node.clone();
        let provider = Provider::new(provider, |_| async { people() }, move || clock.now()).unwrap();
        let config = ConsoleConfig {
            exchange: exchange.node.exchange().clone(),
            name: BilingualText::new(Some("沪"), Some("Shanghai")).unwrap(),
            public_url: url.clone(),
            utc_offset_minutes: 480,
            sign_in: Some(SignIn::new(SignInConfig::new(issuer, "console")).unwrap()),
            signer: signer(&exchange),
            secret: [7; 32],
        };
        let clock = exchange.node.clone();
        let console = router(config, exchange.router.clone(), move || clock.now());
        let app = axum::Router::new().nest("/oidc", provider.router()).fallback_service(console);
        let server = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { exchange, url, server }
    }

    /// Somebody who is not signed in; the console speaks Chinese to them unless they choose otherwise.
    pub(crate) fn visitor(&self) -> Visitor {
        let mut browser = Browser::new();
        browser.language = "zh";
        Visitor { url: self.url.clone(), browser: Mutex::new(browser) }
    }

    /// Somebody who has signed in through the provider's page.
    pub(crate) async fn sign_in(&self, name: &str) -> Visitor {
        let visitor = self.visitor();
        let page = visitor.get("/sign-in?to=/language/none").await;
        let person = person_id(name).unwrap_or_else(|| panic!("nobody is called {name}"));
        let page = visitor.send(&page, "/oidc/authorize", &[("person", &person)]).await;
        page.has(&format!("{name} 退出"));
        visitor
    }

    /// Sends a command straight to the API, as `name`, and expects it to be accepted.
    pub(crate) async fn post(&self, name: &str, path: &str, key: u64, body: &Value) -> Value {
        let (_, number, roles) = PEOPLE.iter().find(|(known, _, _)| *known == name).unwrap();
        let subject = number.map_or_else(|| name.to_owned(), |number| id(number).to_string());
        let token = self.exchange.token(&subject, roles);
        self.exchange.post(&token, path, key, body).await.expect(201).json()
    }

    /// What the API answers to `name`.
    pub(crate) async fn get(&self, name: &str, path: &str) -> Value {
        let (_, number, roles) = PEOPLE.iter().find(|(known, _, _)| *known == name).unwrap();
        let subject = number.map_or_else(|| name.to_owned(), |number| id(number).to_string());
        self.exchange.get(&self.exchange.token(&subject, roles), path).await.expect(200).json()
    }
}

/// The keys of a test's exchange follow from its seed.
fn signer(exchange: &TestExchange) -> TokenSigner {
    let keys = NodeKeys::generate(&Entropy::seeded(7)).unwrap();
    TokenSigner::from_seed(*keys.token_seed(), exchange.node.exchange().clone())
}

fn person_id(name: &str) -> Option<String> {
    let (_, number, _) = PEOPLE.iter().find(|(known, _, _)| *known == name)?;
    Some(number.map_or_else(|| name.to_owned(), |number| id(number).to_string()))
}

fn people() -> Vec<Person> {
    let person = |(name, number, roles): &(&str, Option<u64>, &[TokenRole])| Person {
        id: person_id(name).unwrap(),
        name: BilingualText::new(Some(name), Some(name)).unwrap(),
        party: number.map(|number| id(number).to_string().parse().unwrap()),
        roles: roles.iter().copied().collect(),
        exchange: None,
    };
    PEOPLE.iter().map(person).collect()
}

/// Somebody with a browser.
pub(crate) struct Visitor {
    url: String,
    browser: Mutex<Browser>,
}

/// A page that somebody sees.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    /// Where it is.
    pub(crate) url: String,
}

impl Visitor {
    /// Opens a page of the console, and goes on as long as it sends on.
    pub(crate) async fn get(&self, path: &str) -> Page {
        Page::of(self.browser.lock().await.open(&format!("{}{path}", self.url)).await)
    }

    /// Opens a page, fills in its form whose action is `action`, sends it, and goes on as long as it sends on.
    pub(crate) async fn submit(&self, path: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(path).await;
        self.send(&page, action, fields).await
    }

    /// Fills in a form of a page that is open.
    pub(crate) async fn send(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        self.send_to(page, action, action, fields).await
    }

    /// The same by a button that sends it to another address.
    pub(crate) async fn send_to(
        &self,
        page: &Page,
        action: &str,
        target: &str,
        fields: &[(&str, &str)],
    ) -> Page {
        let mut form =
            html::form(&page.html, action).unwrap_or_else(|| panic!("no form for {action}: {}", page.html));
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push(((*name).to_owned(), (*value).to_owned()));
        }
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut browser = self.browser.lock().await;
        let answer = browser.post(&format!("{}{target}", self.url), &form).await;
        Page::of(browser.follow(answer).await)
    }
}

impl Page {
    fn of(answer: Answer) -> Self {
        Self { status: answer.status, html: answer.text, url: answer.url }
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.url, html::visible(&self.html));
        self
    }

    /// The reader sees `words`.
    #[track_caller]
    pub(crate) fn has(&self, words: &str) {
        let visible = html::visible(&self.html);
        assert!(visible.contains(words), "`{words}` is not at {}: {visible}", self.url);
    }

    /// The reader does not see `words`.
    #[track_caller]
    pub(crate) fn lacks(&self, words: &str) {
        let visible = html::visible(&self.html);
        assert!(!visible.contains(words), "`{words}` is at {}: {visible}", self.url);
    }
}
