//! `/v1/entries`: entries signed elsewhere, entries as they stand in the ledger, and their proofs.

mod list;

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, BatchResult, BatchResults, Done},
    extract::{Named, malformed, media_type, parse_json, read_body},
    scalar::*,
};
use axum::{
    Json,
    extract::{DefaultBodyLimit, Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use databourse_exchange::Submission;
use databourse_market::Answer;
use databourse_party::Region;
use databourse_primitives::{EntryId, Height, LeafIndex, PartyId};
use databourse_settlement::{AccountId, Purpose};
use databourse_store::PostingCursor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The most entries or commands of one request.
pub(crate) const BATCH_MAX: usize = 500;
/// The most bytes of a request with many of them.
pub(crate) const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, submit))
        .layer(DefaultBodyLimit::max(BATCH_BYTES_MAX))
        .routes(routes!(get))
        .routes(routes!(receipt))
}

/// Entries that their authors signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "entries": ["eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoib3JkZXIucGxhY2UifQ.c2lnbmF0dXJl"] }))]
pub(crate) struct SignedEntries {
    /// 1 to 500 compact JWS.
    #[schema(min_items = 1, max_items = 500)]
    entries: Vec<String>,
}

/// Refuses a batch of none or too many.
pub(crate) fn check_batch(count: usize, field: &'static str) -> Result<(), Problem> {
    if (1..=BATCH_MAX).contains(&count) {
        return Ok(());
    }
    Err(malformed(field, format!("1 to {BATCH_MAX} of them")).into())
}

/// Submits entries that were signed elsewhere.
///
/// One compact JWS as `application/jose`, or up to 500 as `application/json`. Who acts is decided by the key that
/// signed, not by the token. One is answered like any command; several with 200 and a result for each, in their order.
#[utoipa::path(post, path = "/v1/entries", operation_id = "submitEntries", tag = "entries",
    request_body(content(
        (SignedEntries = "application/json"),
        (String = "application/jose", example = "eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoib3JkZXIucGxhY2UifQ.c2lnbmF0dXJl"),
    )),
    responses(
        (status = 200, description = "How each ended, or an entry answered before.", body = BatchResults),
        (status = 201, description = "Recorded.", body = Acknowledged),
    ))]
async fn submit(State(api): State<ApiState>, request: Request) -> Result<Response, Problem> {
    let kind = media_type(request.headers());
    let body = read_body(request, &api).await?;
    match kind.as_deref() {
        Some("application/jose") => {
            let entry = body.trim_ascii().to_vec();
            let acknowledged = api.submit_one(Submission::Signed(entry)).await?;
            let location = acknowledged.entry_path();
            Ok(Done { acknowledged, location }.into_response())
        }
        Some("application/json") => {
            let asked: SignedEntries = parse_json(&body)?;
            check_batch(asked.entries.len(), "entries")?;
            let signed = asked.entries.into_iter().map(|entry| Submission::Signed(entry.into_bytes()));
            let answers = api.node.submit(signed.collect()).await;
            let results = answers.into_iter().map(BatchResult::from).collect();
            Ok(BatchResults { results }.into_response())
        }
        _ => Err(Problem::media_type("application/jose or application/json")),
    }
}

/// An entry and its place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entry, example = json!({
    "id": "019aa2b4-5c00-7000-8000-000000000005",
    "type": "order.place",
    "actor": "party:019aa2b4-5c00-7000-8000-000000000006",
    "leaf_index": 1042,
    "height": 97,
    "receipt": "/v1/entries/019aa2b4-5c00-7000-8000-000000000005/receipt",
    "entry": "eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoib3JkZXIucGxhY2UifQ.c2lnbmF0dXJl"
}))]
struct EntryView {
    /// Its name.
    #[schema(value_type = EntryIdText)]
    id: EntryId,
    /// Its type.
    #[serde(rename = "type")]
    entry_type: String,
    /// Who acted: `party:<id>` or `exchange:<code>`.
    actor: String,
    /// Its place in the ledger, from 0.
    #[schema(value_type = u64)]
    leaf_index: LeafIndex,
    /// The block that holds it.
    #[schema(value_type = u64)]
    height: Height,
    /// Where its proof of inclusion is.
    receipt: String,
    /// The compact JWS; its bytes are the leaf.
    entry: String,
}

/// The answer to an entry, if the caller may see it: its author, operators, auditors.
async fn visible(api: &ApiState, caller: &Caller, id: EntryId) -> Result<Answer, Problem> {
    let answer: Answer = api.find(&id).await?;
    must_see(&answer, caller)?;
    Ok(answer)
}

fn must_see(answer: &Answer, caller: &Caller) -> Result<(), Problem> {
    let own = caller.party().is_some_and(|party| answer.actor == format!("party:{party}"));
    if own || caller.oversees() { Ok(()) } else { Err(Problem::forbidden("an entry of your own")) }
}

/// Shows an entry with its place to its author, operators and auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/entries/{id}", operation_id = "getEntry", tag = "entries",
    params(("id" = EntryIdText, Path)), responses((status = 200, description = "The entry.", body = EntryView)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<EntryId>,
) -> Result<Json<EntryView>, Problem> {
    let answer = visible(&api, &caller, id).await?;
    let stored = api.store().entry(answer.leaf_index.0).await?;
    let stored = stored.ok_or_else(|| Problem::internal(&format!("no leaf {}", answer.leaf_index)))?;
    Ok(Json(EntryView {
        id,
        entry_type: answer.entry_type,
        actor: answer.actor,
        leaf_index: answer.leaf_index,
        height: answer.height,
        receipt: format!("/v1/entries/{id}/receipt"),
        entry: String::from_utf8_lossy(&stored.bytes).into_owned(),
    }))
}

/// Whether the entry moved money of `party`: then its proof, which says nothing of what the entry says, is the party's
/// as well. Who is paid for an order has the proof that the buyer accepted.
async fn has_moved_money_of(api: &ApiState, party: PartyId, leaf: LeafIndex) -> Result<bool, Problem> {
    let region: Option<Region> = api.store().get("region").await?;
    // The place before the entry's first posting; the entry at place 0 founds the region and moves nothing.
    let Some(before) = leaf.0.checked_sub(1) else { return Ok(false) };
    let after = PostingCursor { leaf_index: before, transaction_no: u32::MAX, leg: u32::MAX };
    for asset in region.iter().flat_map(|region| &region.assets) {
        for purpose in [Purpose::Funds, Purpose::Voucher, Purpose::Tax] {
            let account = AccountId::party(party, purpose, *asset).to_string();
            let next = api.store().postings(&account, Some(after), 1).await?;
            if next.iter().any(|posting| posting.place.leaf_index == leaf.0) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Downloads the proof that an entry is in the ledger (C2SP tlog-proof), with the checkpoint and its cosignatures.
///
/// To the entry's author, to parties whose money it moved, operators and auditors.
#[utoipa::path(get, path = "/v1/entries/{id}/receipt", operation_id = "getReceipt", tag = "entries",
    params(("id" = EntryIdText, Path)),
    responses((status = 200, description = "The receipt.", body = String, content_type = "text/plain")))]
async fn receipt(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<EntryId>,
) -> Result<Response, Problem> {
    let answer: Answer = api.find(&id).await?;
    let concerned = match caller.party() {
        Some(party) => has_moved_money_of(&api, party, answer.leaf_index).await?,
        None => false,
    };
    if !concerned {
        must_see(&answer, &caller)?;
    }
    let text = api.node.receipt(answer.leaf_index).await?;
    let text = text.ok_or_else(|| Problem::not_found("an entry that the published checkpoint covers"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.tlog-proof\"")),
    ];
    Ok((headers, text).into_response())
}
