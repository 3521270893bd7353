//! Problems: every answer that is not a success is one of these (RFC 9457), whoever refused: a rule of the market, this
//! crate, or axum itself.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use databourse_primitives::{Class, Refusal, RefusalCode};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// Seconds after which a client may try again when the node cannot commit now.
pub(crate) const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A problem as RFC 9457 has it, with the refusal's code and both languages.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Members>);

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Members::schema()
    }
}

impl ToSchema for Problem {}

/// A problem as RFC 9457 has it, with the refusal's code and both languages.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:databourse:refusal:order.buyer_missing",
    "title": "The order names no buyer, and only a certified buyer can license data.",
    "title_zh": "订单没有需方；只有经认证的需方才能取得许可。",
    "status": 422,
    "detail": "the id of a certified buyer",
    "code": "order.buyer_missing",
    "field": "buyer",
    "request_id": "3f0c9a52d1e84b77-2a"
}))]
struct Members {
    /// `urn:databourse:refusal:<code>` for a refusal of docs/refusals.md, else `urn:databourse:problem:<code>`.
    #[serde(rename = "type")]
    kind: String,
    /// What happened, in English.
    title: Cow<'static, str>,
    /// What happened, in Chinese.
    title_zh: Cow<'static, str>,
    /// The HTTP status.
    status: u16,
    /// What was expected instead, for the person who sent it.
    detail: Cow<'static, str>,
    /// The stable code; a program decides by this.
    code: &'static str,
    /// The member, parameter or header that caused it, e.g. `lines[2].quantity`; absent if the whole is meant.
    #[serde(skip_serializing_if = "str::is_empty")]
    field: Cow<'static, str>,
    /// Names this request in the node's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The methods that the path has, for the `Allow` header of a 405 (RFC 9110 §15.5.6).
    #[serde(skip)]
    #[schema(ignore)]
    allow: Option<HeaderValue>,
}

impl Problem {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.0.code
    }

    /// The member, parameter or header that caused it; empty if the whole is meant.
    pub fn field(&self) -> &str {
        &self.0.field
    }

    pub(crate) fn with_request_id(mut self, request_id: &str) -> Self {
        self.0.request_id = Some(request_id.to_owned());
        self
    }

    /// The same problem with `parent` before its field.
    pub(crate) fn within(mut self, parent: &str) -> Self {
        let field = &mut self.0.field;
        let separator = if field.is_empty() { "" } else { "." };
        *field = format!("{parent}{separator}{field}").into();
        self
    }

    pub(crate) fn refusal(
        code: RefusalCode,
        field: impl Into<Cow<'static, str>>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Refusal::new(code, field, expected).into()
    }

    /// Nothing is at this path or under this name.
    pub(crate) fn not_found(expected: impl Into<Cow<'static, str>>) -> Self {
        Self::refusal(RefusalCode::ResourceUnknown, "", expected)
    }

    /// The thing belongs to another party.
    pub(crate) fn forbidden(expected: impl Into<Cow<'static, str>>) -> Self {
        Self::refusal(RefusalCode::ResourceForbidden, "", expected)
    }

    /// The node failed. `cause` goes to the log, never to the client.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::other(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            ("The node failed; its log has the request id.", "节点出错；日志中有该请求编号。"),
            "nothing else from you; if you sent a command, ask for its entry before you send it again",
        )
    }

    /// The database or the committer cannot be reached. `cause` goes to the log.
    pub(crate) fn unavailable(cause: &dyn std::fmt::Display) -> Self {
        tracing::warn!(%cause, "node unavailable");
        Self::refusal(RefusalCode::ServiceUnavailable, "", "the same request again, later")
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        let mut problem = Self::other(
            StatusCode::METHOD_NOT_ALLOWED,
            "request.method",
            ("This path has no such method.", "该路径不支持此方法。"),
            format!("one of {allowed}"),
        );
        problem.0.allow = HeaderValue::from_str(allowed).ok();
        problem
    }

    pub(crate) fn media_type(expected: &'static str) -> Self {
        Self::other(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "request.media_type",
            ("The body's content type is not one that this path reads.", "该路径不接受此内容类型。"),
            expected,
        )
    }

    /// The request ran out of time; a command may have been recorded.
    pub(crate) fn timeout(seconds: u64) -> Self {
        Self::other(
            StatusCode::GATEWAY_TIMEOUT,
            "request.timeout",
            (
                "The request took too long; whether a command was recorded is not known.",
                "请求超时；命令是否已被记录尚不确定。",
            ),
            format!("an answer within {seconds} s; send a command again with the same Idempotency-Key"),
        )
    }

    fn other(
        status: StatusCode,
        code: &'static str,
        (title, title_zh): (&'static str, &'static str),
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Members {
            kind: format!("urn:databourse:problem:{code}"),
            title: title.into(),
            title_zh: title_zh.into(),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            field: "".into(),
            request_id: None,
            allow: None,
        }))
    }
}

/// The status of a class of refusals.
const fn status_of(class: Class) -> StatusCode {
    match class {
        Class::Malformed => StatusCode::BAD_REQUEST,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Class::Rule => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code;
        Self(Box::new(Members {
            kind: format!("urn:databourse:refusal:{code}"),
            title: code.meaning_en().into(),
            title_zh: code.meaning_zh().into(),
            status: status_of(code.class()).as_u16(),
            detail: refusal.expected,
            code: code.as_str(),
            field: refusal.field,
            request_id: None,
            allow: None,
        }))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status() {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"databourse\""),
                );
            }
            _ => {}
        }
        if let Some(allow) = self.0.allow.clone() {
            headers.insert(header::ALLOW, allow);
        }
        // The middleware that knows the request's id renders it again with the id.
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_client_or_unavailable_status_and_both_languages() {
        for code in RefusalCode::ALL {
            let problem = Problem::from(Refusal::new(*code, "field", "expected"));
            assert!(
                problem.status().is_client_error() || problem.status() == StatusCode::SERVICE_UNAVAILABLE,
                "{code}"
            );
            let json = serde_json::to_value(&problem).unwrap();
            assert_eq!(json["type"], format!("urn:databourse:refusal:{code}"));
            assert_eq!(json["code"], code.as_str());
            assert_eq!(json["status"], problem.status().as_u16());
            assert_ne!(json["title"], json["title_zh"]);
            assert_eq!(json["field"], "field");
        }
    }

    #[test]
    fn the_headers_say_what_a_client_can_do() {
        let response = Problem::refusal(RefusalCode::ServiceBusy, "", "later").into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let response = Problem::refusal(RefusalCode::TokenMissing, "", "a token").into_response();
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn an_internal_failure_tells_nothing_of_its_cause() {
        let problem = Problem::internal(&"password=hunter2").with_request_id("7");
        let json = serde_json::to_string(&problem).unwrap();
        assert!(!json.contains("hunter2") && json.contains(r#""request_id":"7""#), "{json}");
    }

    #[test]
    fn fields_nest() {
        let problem = Problem::refusal(RefusalCode::BodyMalformed, "quantity", "").within("commands[3]");
        assert_eq!(problem.field(), "commands[3].quantity");
        let problem = Problem::refusal(RefusalCode::BodyMalformed, "", "").within("commands[3]");
        assert_eq!(problem.field(), "commands[3]");
    }
}
