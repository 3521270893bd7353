//! Signing what this exchange finds in a window.

use crate::{
    act::{Sent, refused},
    backend::{Asked, Problem},
    failure::Failure,
    form::Form,
    visit::Visit,
};
use axum::{
    http::Method,
    response::{IntoResponse, Redirect},
};
use databourse_primitives::EntryId;
use serde::Deserialize;

/// How one of several signatures ended.
#[derive(Deserialize)]
#[serde(untagged)]
enum Signed {
    Recorded { id: EntryId },
    Refused(Problem),
}

#[derive(Deserialize)]
struct Signatures {
    results: Vec<Signed>,
}

/// Signs every pair; each signature is an entry of its own, so the API takes no id of the form.
///
/// # Errors
/// The page to show instead.
pub(super) async fn sign(visit: &Visit, form: Form, api: &str, then: &str) -> Result<Sent, Failure> {
    let path = format!("{api}/signatures");
    let body = Some(("application/json", b"{}".to_vec()));
    let asked = Asked { method: Method::POST, path: &path, body, ..Asked::default() };
    let signed: Signatures = match visit.ask(asked).await {
        Ok(answer) => answer.json()?,
        Err(problem) => return refused(visit, form, problem),
    };
    let mut last = None;
    for one in signed.results {
        match one {
            Signed::Recorded { id } => last = Some(id),
            Signed::Refused(problem) => return refused(visit, form, problem),
        }
    }
    let to = last.map_or_else(|| then.to_owned(), |id| format!("{then}?done={id}"));
    Ok(Sent::Done(Redirect::to(&to).into_response()))
}
