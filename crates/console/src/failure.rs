//! Why a page is not shown, as a page in the reader's language.

use crate::{backend::Problem, backend::with_query, console::Console, seal::SealError, visit::Visit};
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;

/// Why a page is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// One must sign in for it.
    SignIn,
    /// It is for others than who is signed in.
    Forbidden,
    /// Nothing is there.
    Unknown,
    /// What was sent is not what a page of the console sends: an old form, or one of another site.
    Foreign,
    /// What was sent has more bytes than a form may have.
    TooLarge,
    /// The API refused.
    Refused(Box<Problem>),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.status {
            401 => Self::SignIn,
            403 => Self::Forbidden,
            404 => Self::Unknown,
            _ => Self::Refused(Box::new(problem)),
        }
    }
}

impl From<Box<Problem>> for Failure {
    fn from(problem: Box<Problem>) -> Self {
        Self::from(*problem)
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "request failed");
        let problem = Problem {
            status: 500,
            code: "internal".to_owned(),
            title: "The node failed.".to_owned(),
            title_zh: "节点出错。".to_owned(),
            detail: String::new(),
            field: String::new(),
        };
        Self::Refused(Box::new(problem))
    }
}

impl IntoResponse for Failure {
    /// Carries itself to [`render`], which knows the reader.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes a page of a failure.
pub(crate) async fn render(State(console): State<Console>, request: Request, next: Next) -> Response {
    let visit = Visit::new(&console, request.headers(), request.uri().clone());
    let is_form = request.method() == Method::POST;
    let response = next.run(request).await;
    match response.extensions().get::<Failure>() {
        // A browser does not follow a form to another site, where the provider may be: the reader goes on by a link.
        Some(Failure::SignIn) if is_form => signed_out(&visit),
        Some(failure) => failure.page(&visit),
        None => response,
    }
}

/// The way to sign in.
fn sign_in(visit: &Visit) -> String {
    let here = visit.uri.path_and_query().map_or("/", |path| path.as_str());
    with_query("/sign-in", &[("to", here)])
}

/// A form was sent by somebody whose session is over.
fn signed_out(visit: &Visit) -> Response {
    let title = visit.t("您的登录已结束", "You are not signed in any more");
    let body = html! {
        h1 { (title) }
        p { (visit.t("没有记录任何内容。请重新登录后再填写。", "Nothing was recorded. Sign in again and send it once more.")) }
        p { a.button href=(sign_in(visit)) { (visit.t("重新登录", "Sign in again")) } }
    };
    visit.page_as(StatusCode::UNAUTHORIZED, title, body)
}

impl Failure {
    fn page(&self, visit: &Visit) -> Response {
        let (status, title, words) = match self {
            Self::SignIn => {
                return Redirect::to(&sign_in(visit)).into_response();
            }
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                visit.t("此页不对您开放", "This page is not for you"),
                visit
                    .t("您已登录，但此页属于其他主体或其他角色。", "You are signed in, but it belongs to another party or another role."),
            ),
            Self::Unknown => (
                StatusCode::NOT_FOUND,
                visit.t("没有此页", "There is nothing here"),
                visit.t("地址有误，或者所指的内容不存在。", "The address is wrong, or what it names does not exist."),
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                visit.t("表单已失效", "The form is not valid any more"),
                visit.t(
                    "它来自另一次登录，或者来自其他网站。没有记录任何内容。请返回上一页，刷新后重试。",
                    "It is from another sign-in, or from another site. Nothing was recorded. Go back, reload the page and try again.",
                ),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                visit.t("内容过大", "Too large"),
                visit.t(
                    "网页表单最多 256 KiB，没有记录任何内容。较大的文件请用命令行提交：databourse settle confirm 或 databourse reconcile。",
                    "A form has at most 256 KiB, and nothing was recorded. Send larger files by the command line: databourse settle confirm, or databourse reconcile.",
                ),
            ),
            Self::Refused(problem) => {
                let status =
                    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let title = visit.t("现在无法完成", "This cannot be done now");
                (status, title, visit.t(problem.title_zh.as_str(), problem.title.as_str()))
            }
        };
        let body = html! {
            h1 { (title) }
            p { (words) }
            @if let Self::Refused(problem) = self {
                div.quiet { code { (problem.code) } " " (visit.detail(&problem.detail)) }
            }
            p { a href="/" { (visit.t("返回首页", "Back to the first page")) } }
        };
        visit.page_as(status, title, body)
    }
}
