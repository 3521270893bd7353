//! The API, asked within the process: what a page shows and does is what the API lets whoever is signed in see and do.
//! So no page decides who may do what, and none knows the store.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use databourse_primitives::EntryId;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tower::ServiceExt as _;

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The API of this node.
pub(crate) struct Backend {
    api: Router,
}

/// An answer of the API that is a success.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What the API says of a command that is recorded.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Acknowledged {
    /// The entry's id, which is also that of what it made.
    pub(crate) id: EntryId,
}

/// A problem (RFC 9457): why the API did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The stable code; see docs/refusals.md.
    pub(crate) code: String,
    /// What happened, in English.
    pub(crate) title: String,
    /// What happened, in Chinese.
    pub(crate) title_zh: String,
    /// What was expected, in English.
    pub(crate) detail: String,
    /// The member at fault, e.g. `lines[0].quantity`; empty if the whole is meant.
    #[serde(default)]
    pub(crate) field: String,
}

impl Problem {
    /// Whether it says that something is not there.
    pub(crate) fn is_unknown(&self) -> bool {
        self.status == StatusCode::NOT_FOUND.as_u16()
    }

    /// The node failed in a way that it has no words for.
    fn broken(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "the API answered what the console cannot read");
        Self {
            status: 500,
            code: "internal".to_owned(),
            title: "The node failed.".to_owned(),
            title_zh: "节点出错。".to_owned(),
            detail: "nothing else from you".to_owned(),
            field: String::new(),
        }
    }
}

impl From<Box<Problem>> for Problem {
    fn from(boxed: Box<Self>) -> Self {
        *boxed
    }
}

impl Backend {
    pub(crate) fn new(api: Router) -> Self {
        Self { api }
    }

    /// Sends a request, with `token` if somebody is signed in.
    ///
    /// # Errors
    /// The API's problem.
    pub(crate) async fn ask(&self, request: Asked<'_>) -> Result<Answer, Problem> {
        let mut builder = Request::builder().method(request.method).uri(request.path);
        if let Some(token) = request.token {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = request.key {
            builder = builder.header("Idempotency-Key", key.to_string());
        }
        if let Some(kind) = request.accept {
            builder = builder.header(header::ACCEPT, kind);
        }
        let body = match request.body {
            Some((kind, bytes)) => {
                builder = builder.header(header::CONTENT_TYPE, kind);
                Body::from(bytes)
            }
            None => Body::empty(),
        };
        let request = builder.body(body).map_err(|error| Problem::broken(&error))?;
        let Ok(response) = self.api.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(|error| Problem::broken(&error))?;
        if parts.status.is_success() {
            return Ok(Answer { headers: parts.headers, body });
        }
        let problem = serde_json::from_slice(&body);
        Err(problem.unwrap_or_else(|_| Problem::broken(&format!("status {}", parts.status))))
    }
}

/// A request of the API.
#[derive(Default)]
pub(crate) struct Asked<'a> {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    /// The `Idempotency-Key`.
    pub(crate) key: Option<EntryId>,
    /// The media type that is wanted, if it matters.
    pub(crate) accept: Option<&'a str>,
    /// Media type and bytes.
    pub(crate) body: Option<(&'a str, Vec<u8>)>,
}

impl<'a> Asked<'a> {
    /// A reading request.
    pub(crate) fn get(path: &'a str) -> Self {
        Self { path, ..Self::default() }
    }

    /// A command with its JSON body.
    pub(crate) fn post(path: &'a str, key: EntryId, body: &Value) -> Self {
        let body = Some(("application/json", body.to_string().into_bytes()));
        Self { method: Method::POST, path, key: Some(key), body, ..Self::default() }
    }
}

impl Answer {
    /// Reads JSON.
    ///
    /// # Errors
    /// The API answers with something else than the page was written for.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Box<Problem>> {
        serde_json::from_slice(&self.body).map_err(|error| Box::new(Problem::broken(&error)))
    }
}

/// `path` with a query string of those pairs whose value is not empty.
pub(crate) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;

    #[tokio::test]
    async fn an_answer_that_is_no_problem_is_said_to_be_the_nodes_fault() {
        let api = Router::new().route("/broken", get(|| async { (StatusCode::BAD_GATEWAY, "what?") }));
        let problem = Backend::new(api).ask(Asked::get("/broken")).await.map(|_| ()).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (500, "internal"));
    }

    #[test]
    fn a_query_holds_what_is_not_empty() {
        assert_eq!(with_query("/a", &[("q", "气 &象"), ("kind", "")]), "/a?q=%E6%B0%94+%26%E8%B1%A1");
        assert_eq!(with_query("/a", &[("q", "")]), "/a");
    }
}
