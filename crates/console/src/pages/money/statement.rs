//! `/money/statements/{asset}/{number}`: my statement of a settlement window, as the API makes it.

use super::own_party;
use crate::{
    backend::{Asked, with_query},
    failure::Failure,
    visit::Visit,
};
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_primitives::{Asset, WindowId};

pub(super) async fn download(
    visit: Visit,
    Path((asset, number)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let own = own_party(&visit)?;
    let asset: Asset = asset.replace('-', "/").parse().map_err(|_| Failure::Unknown)?;
    let number = number.parse().map_err(|_| Failure::Unknown)?;
    let WindowId { asset, number } = WindowId { asset, number };
    let asset = asset.to_string().replace('/', "-");
    let format = visit.parameter("format").unwrap_or_default();
    let language = visit.parameter("language").unwrap_or_default();
    let path = format!("/v1/windows/{asset}/{number}/statements/party:{own}");
    let path = with_query(&path, &[("format", &format), ("language", &language)]);
    let answer = visit.ask(Asked::get(&path)).await?;
    let mut response = answer.body.into_response();
    for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION] {
        if let Some(value) = answer.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}
