//! Consoles on ports of their own, a clock that stands still, and a browser that keeps cookies.

use axum::Router;
use databourse_api::token::TokenSigner;
use databourse_console::{ConsoleConfig, SignIn, SignInConfig, router};
use databourse_primitives::{BilingualText, Timestamp};
use reqwest::{Client, header, redirect::Policy};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::net::TcpListener;

pub(crate) const CLIENT: &str = "console";
/// A page that asks the API nothing and shows who is signed in.
pub(crate) const PAGE: &str = "/language/none";

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_315_652_000)))
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

/// Serves until the test ends.
pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

pub(crate) fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
}

/// A console of `exchange` without a market behind it.
pub(crate) fn console(exchange: &str, url: &str, config: Option<SignInConfig>, clock: &Clock) -> Router {
    let clock = clock.clone();
    let config = ConsoleConfig {
        exchange: exchange.parse().unwrap(),
        name: BilingualText::new(Some("交易所"), Some("Exchange")).unwrap(),
        public_url: url.to_owned(),
        utc_offset_minutes: 480,
        sign_in: config.map(|config| SignIn::new(config).unwrap()),
        signer: TokenSigner::from_seed([1; 32], exchange.parse().unwrap()),
        secret: [7; 32],
    };
    router(config, Router::new(), move || clock.now())
}

/// Starts a console of `sh` and tells its address.
pub(crate) async fn start(config: SignInConfig, clock: &Clock) -> String {
    let (listener, url) = listen().await;
    serve(listener, console("sh", &url, Some(config), clock));
    url
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) url: String,
    pub(crate) headers: header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where the browser goes on, if it does.
    pub(crate) fn onward(&self) -> Option<String> {
        let refresh = self.header("refresh").strip_prefix("0; url=");
        let to = Some(self.header("location")).filter(|to| !to.is_empty()).or(refresh)?;
        if to.contains("://") { Some(to.to_owned()) } else { Some(format!("{}{to}", origin(&self.url))) }
    }

    /// The value of the first element that is named so.
    pub(crate) fn value_of(&self, name: &str) -> String {
        let place =
            self.text.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{}", self.text));
        let value = self.text[place..].split('"').nth(3).unwrap();
        value.replace("&amp;", "&")
    }
}

fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

/// A parameter of an address.
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(known, _)| known == name).map_or_else(String::new, |(_, value)| value.into_owned())
}

/// Keeps cookies as a browser does: for all ports of a host, by path.
pub(crate) struct Browser {
    client: Client,
    /// By name and path.
    pub(crate) cookies: BTreeMap<(String, String), String>,
    pub(crate) language: &'static str,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, cookies: BTreeMap::new(), language: "en" }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send(url, None).await
    }

    /// Sends a form, as a page of the same site does.
    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(&origin(url), url, fields).await
    }

    pub(crate) async fn post_from(&mut self, site: &str, url: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(url, Some((site, form))).await
    }

    /// Goes on as long as it is sent on.
    pub(crate) async fn open(&mut self, url: &str) -> Answer {
        let answer = self.get(url).await;
        self.follow(answer).await
    }

    pub(crate) async fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..10 {
            let Some(to) = answer.onward() else { return answer };
            answer = self.get(&to).await;
        }
        panic!("sent around in circles: {}", answer.url);
    }

    /// Whether a page of the console greets `name`.
    pub(crate) async fn is(&mut self, name: &str, console: &str) -> bool {
        self.get(&format!("{console}{PAGE}"))
            .await
            .text
            .contains(&format!("<span class=\"person\">{name}</span>"))
    }

    /// Whether nobody is signed in at the console.
    pub(crate) async fn is_nobody(&mut self, console: &str) -> bool {
        !self.get(&format!("{console}{PAGE}")).await.text.contains("class=\"person\"")
    }

    async fn send(&mut self, url: &str, form: Option<(&str, String)>) -> Answer {
        let path = url.strip_prefix(&origin(url)).unwrap().split('?').next().unwrap().to_owned();
        let is_for = |scope: &str| path == scope || scope == "/" || path.starts_with(&format!("{scope}/"));
        let cookies = self.cookies.iter().filter(|((_, scope), _)| is_for(scope));
        let cookies: Vec<_> = cookies.map(|((name, _), value)| format!("{name}={value}")).collect();
        let request = match form {
            None => self.client.get(url),
            Some((site, form)) => {
                let kind = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                self.client.post(url).header(kind.0, kind.1).header(header::ORIGIN, site).body(form)
            }
        };
        let request = request.header(header::COOKIE, cookies.join("; "));
        let response = request.header(header::ACCEPT_LANGUAGE, self.language).send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, url: url.to_owned(), headers, text: response.text().await.unwrap() }
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path = parts.clone().find_map(|part| part.strip_prefix("Path=")).unwrap();
        let key = (name.to_owned(), path.to_owned());
        if parts.any(|part| part == "Max-Age=0") {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }
}
