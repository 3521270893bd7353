//! `/language/{code}`: the reader chooses a language, and comes back to the page.

use super::Page;
use crate::{console::Console, failure::Failure, lang::Lang, visit::Visit};
use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

pub(crate) const PAGE: Page =
    Page { links: &[], routes: || Router::<Console>::new().route("/language/{code}", get(choose)) };

/// For how long a choice is remembered, seconds: a year.
const KEPT_S: u32 = 31_536_000;

async fn choose(visit: Visit, Path(code): Path<String>) -> Result<Response, Failure> {
    let lang = Lang::of_code(&code).ok_or(Failure::Unknown)?;
    let to = local(visit.parameter("to"));
    let secure = if visit.console.is_https() { "; Secure" } else { "" };
    let cookie = format!("{}={}; Path=/; Max-Age={KEPT_S}; SameSite=Lax{secure}", Lang::COOKIE, lang.code());
    let mut response = Redirect::to(&to).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A path of this console: nobody can make it lead elsewhere.
pub(crate) fn local(path: Option<String>) -> String {
    let is_local = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    path.filter(is_local).unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_here_and_nowhere_else() {
        for (asked, expected) in [
            ("/market?q=a&kind=model", "/market?q=a&kind=model"),
            ("//elsewhere.example", "/"),
            ("/\\elsewhere.example", "/"),
            ("https://elsewhere.example", "/"),
            ("/a\r\nb", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(Some(asked.to_owned())), expected);
        }
        assert_eq!(local(None), "/");
    }
}
