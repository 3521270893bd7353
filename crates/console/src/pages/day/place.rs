//! Which window a path names, and its files.

use crate::{backend::Answer, failure::Failure};
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_primitives::{Asset, WindowId};

/// An asset in a path: `CNY-2`.
pub(crate) fn slug(asset: Asset) -> String {
    asset.to_string().replace('/', "-")
}

/// The page of a window.
pub(crate) fn page_of(window: WindowId) -> String {
    format!("/day/windows/{}/{}", slug(window.asset), window.number)
}

/// Where the API has a window.
pub(crate) fn api_of(window: WindowId) -> String {
    format!("/v1/windows/{}/{}", slug(window.asset), window.number)
}

/// The window that `…/{asset}/{number}` names.
///
/// # Errors
/// [`Failure::Unknown`] for another spelling.
pub(crate) fn window_of(slug: &str, number: &str) -> Result<WindowId, Failure> {
    let (code, scale) = slug.split_once('-').ok_or(Failure::Unknown)?;
    format!("{code}/{scale}#{number}").parse().map_err(|_| Failure::Unknown)
}

/// A file of the API, as it came.
pub(crate) fn file(answer: Answer) -> Response {
    let mut response = Body::from(answer.body).into_response();
    for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION] {
        if let Some(value) = answer.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_one_path() {
        let window = window_of("CNY-2", "7").unwrap();
        assert_eq!(page_of(window), "/day/windows/CNY-2/7");
        assert_eq!(api_of(window), "/v1/windows/CNY-2/7");
        for (slug, number) in [("CNY", "7"), ("CNY-2", "07"), ("CNY/2", "7"), ("CNY-2", "x")] {
            assert!(window_of(slug, number).is_err(), "{slug} {number}");
        }
    }
}
