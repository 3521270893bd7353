//! A visit: one request with its language, who is signed in, and the API as they may use it.

use crate::{
    backend::{Acknowledged, Asked, Problem, with_query},
    console::Console,
    cookie,
    failure::Failure,
    form::Form,
    format::Format,
    lang::Lang,
    layout,
    session::Session,
};
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use databourse_api::token::TokenRole;
use databourse_primitives::{EntryId, PartyId};
use maud::{Markup, html};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::convert::Infallible;

/// One request for a page.
pub(crate) struct Visit {
    pub(crate) console: Console,
    /// The reader's language.
    pub(crate) lang: Lang,
    /// Who is signed in.
    pub(crate) session: Option<Session>,
    /// Path and query as the browser asked for them.
    pub(crate) uri: Uri,
}

/// A page of one of the API's lists.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page.
    #[serde(default)]
    pub(crate) next: Option<String>,
}

impl FromRequestParts<Console> for Visit {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Infallible> {
        let uri =
            parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |uri| uri.0.clone());
        Ok(Self::new(console, &parts.headers, uri))
    }
}

impl Visit {
    pub(crate) fn new(console: &Console, headers: &axum::http::HeaderMap, uri: Uri) -> Self {
        let lang = Lang::of_request(headers, cookie::value(headers, Lang::COOKIE));
        let session = Session::of(headers, &console.exchange, &console.seal, console.now());
        Self { console: console.clone(), lang, session, uri }
    }

    /// The text in the reader's language.
    pub(crate) fn t<T>(&self, zh: T, en: T) -> T {
        self.lang.pick(zh, en)
    }

    /// What the API says in English beyond what a refusal means: for a reader of Chinese it stands behind its name.
    pub(crate) fn detail(&self, english: &str) -> Markup {
        html! {
            @if !english.is_empty() {
                @match self.lang {
                    Lang::En => span.quiet { "(" (english) ")" },
                    Lang::Zh => details.detail { summary { "技术说明（英文）" } span lang="en" { (english) } },
                }
            }
        }
    }

    /// How numbers, money and times are written for the reader.
    pub(crate) fn format(&self) -> Format {
        Format::new(self.lang, self.console.utc_offset_minutes)
    }

    /// Whether whoever is signed in has `role`.
    pub(crate) fn has(&self, role: TokenRole) -> bool {
        self.session.as_ref().is_some_and(|session| session.has(role))
    }

    /// Operators and auditors see everything.
    pub(crate) fn oversees(&self) -> bool {
        self.has(TokenRole::Operator) || self.has(TokenRole::Auditor)
    }

    /// The party that is signed in.
    pub(crate) fn party(&self) -> Option<PartyId> {
        self.session.as_ref()?.party()
    }

    /// Goes on if one of `roles` is signed in.
    ///
    /// # Errors
    /// [`Failure::SignIn`] if nobody is signed in, [`Failure::Forbidden`] if it is somebody else.
    pub(crate) fn need(&self, roles: &[TokenRole]) -> Result<&Session, Failure> {
        let session = self.session.as_ref().ok_or(Failure::SignIn)?;
        if roles.iter().any(|role| session.has(*role)) { Ok(session) } else { Err(Failure::Forbidden) }
    }

    /// What the API answers to `asked`, as whoever is signed in may see it.
    ///
    /// # Errors
    /// The API's problem.
    pub(crate) async fn ask(&self, asked: Asked<'_>) -> Result<crate::backend::Answer, Problem> {
        let now = self.console.now();
        let token = self.session.as_ref().and_then(|session| session.token(&self.console.signer, now).ok());
        self.console.backend.ask(Asked { token: token.as_deref(), ..asked }).await
    }

    /// Reads something of the API.
    ///
    /// # Errors
    /// The page to show instead.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        Ok(self.ask(Asked::get(path)).await?.json()?)
    }

    /// Reads something of the API that may not be there.
    ///
    /// # Errors
    /// The page to show instead, but for what is not there.
    pub(crate) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        match self.ask(Asked::get(path)).await {
            Ok(answer) => Ok(Some(answer.json()?)),
            Err(problem) if problem.is_unknown() => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }

    /// Sends a command.
    ///
    /// # Errors
    /// The API's problem, for the form that asked for it.
    pub(crate) async fn record(
        &self,
        path: &str,
        key: EntryId,
        body: &Value,
    ) -> Result<Acknowledged, Problem> {
        Ok(self.ask(Asked::post(path, key, body)).await?.json()?)
    }

    /// Sends the command of a form. Then goes on to `then`, with a note of the entry; or gives the form back with what was
    /// refused.
    ///
    /// # Errors
    /// The form, to be shown again.
    pub(crate) async fn submit(
        &self,
        mut form: Form,
        path: &str,
        body: &Value,
        then: &str,
    ) -> Result<Response, Form> {
        match self.record(path, form.key(), body).await {
            Ok(done) => Ok(self.done(then, &done)),
            Err(problem) => {
                form.take_problem(self.lang, &problem);
                Err(form)
            }
        }
    }

    /// On to `then` (RFC 9110 §15.4.4), which says that the entry is recorded.
    pub(crate) fn done(&self, then: &str, done: &Acknowledged) -> Response {
        let (then, fragment) = then.split_once('#').unwrap_or((then, ""));
        let separator = if then.contains('?') { '&' } else { '?' };
        let hash = if fragment.is_empty() { "" } else { "#" };
        Redirect::to(&format!("{then}{separator}done={}{hash}{fragment}", done.id)).into_response()
    }

    /// The value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.into_owned())
    }

    /// This page with the parameter `name` changed and the place in a list forgotten; an empty value takes it away.
    pub(crate) fn here_with(&self, name: &str, value: &str) -> String {
        let query = self.uri.query().unwrap_or_default();
        let forgotten = |known: &str| known == name || known == "cursor" || known == "done";
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .filter(|(known, _)| !forgotten(known))
            .map(|(known, value)| (known.into_owned(), value.into_owned()))
            .collect();
        pairs.push((name.to_owned(), value.to_owned()));
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        with_query(self.uri.path(), &pairs)
    }

    /// A form to fill in, with a fresh id for its command.
    ///
    /// # Errors
    /// The system gave no randomness.
    pub(crate) fn form(&self) -> Result<Form, Failure> {
        Ok(Form::new(self.console.new_entry_id()?))
    }

    /// The whole page around `body`.
    pub(crate) fn page(&self, title: &str, body: Markup) -> Response {
        self.page_as(StatusCode::OK, title, body)
    }

    /// The page of a form: refused ones are 422, so that a browser and a test see that nothing was done.
    pub(crate) fn form_page(&self, form: &Form, title: &str, body: Markup) -> Response {
        let status = if form.is_good() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        self.page_as(status, title, body)
    }

    /// The whole page with a status.
    pub(crate) fn page_as(&self, status: StatusCode, title: &str, body: Markup) -> Response {
        let headers =
            [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (status, headers, layout::page(self, title, &body).into_string()).into_response()
    }
}
