//! `/v1/breaks`: differences between two exchanges' books, from opening to end (stage 5).
//!
//! No body names who acts: it is the person who is signed in, so whoever approves has signed in apart from whoever
//! proposed.

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema;

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    offer::Nothing,
    page::{Page, list_parameters},
    scalar::*,
    window::schema::BreakKind as BreakKindName,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_market::Command;
use databourse_primitives::{AmountMinor, BreakId, EntryId, Label, Line, Timestamp, WindowId};
use databourse_settlement::{
    AddEvidence, AgeBucket, ApproveResolution, AssignBreak, Break, BreakKind, BreakOperator, CarryBreak,
    EscalateBreak, Evidence, OpenBreak, Pair, ProposeResolution, RejectResolution, Resolution, ResolveBreak,
    WriteOffBreak,
};
use schema::BreakStateName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(get))
        .routes(routes!(assign))
        .routes(routes!(add_evidence))
        .routes(routes!(propose))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(resolve))
        .routes(routes!(write_off))
        .routes(routes!(escalate))
        .routes(routes!(carry))
}

/// A break with its age at the node's time.
#[derive(Debug, Serialize)]
struct BreakView {
    #[serde(flatten)]
    found: Break,
    age: AgeBucket,
}

impl BreakView {
    const fn new(found: Break, now: Timestamp) -> Self {
        let age = found.age(now);
        Self { found, age }
    }
}

list_parameters!(BreakParameters {
    /// The settlement window in which it was found.
    window: WindowId as WindowIdText => Window,
    /// Where it stands.
    state: BreakStateName as BreakStateName => State,
    /// What differs.
    kind: BreakKind as BreakKindName => Kind,
    /// The exchanges whose books differ.
    pair: Pair as PairText => Pair,
});

/// Lists breaks, each with how long it has been open.
#[utoipa::path(get, path = "/v1/breaks", operation_id = "listBreaks", tag = "breaks",
    params(BreakParameters), responses((status = 200, description = "A page.", body = Page<schema::Break>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<BreakParameters>,
) -> Result<Json<Page<BreakView>>, Problem> {
    let now = api.node.now();
    Ok(Json(api.list::<Break>(asked.into()).await?.map(|found| BreakView::new(found, now))))
}

/// Shows a break.
#[utoipa::path(get, path = "/v1/breaks/{id}", operation_id = "getBreak", tag = "breaks",
    params(("id" = BreakIdText, Path)), responses((status = 200, description = "The break.", body = schema::Break)))]
async fn get(State(api): State<ApiState>, Named(id): Named<BreakId>) -> Result<Json<BreakView>, Problem> {
    Ok(Json(BreakView::new(api.find(&id).await?, api.node.now())))
}

/// A difference that this exchange found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "window": "CNY/2#7", "pair": "js~sh", "kind": "amount", "key": "019aa2b4-5c00-7000-8000-000000000005.1/sale",
    "left_minor": 120000, "right_minor": 119900
}))]
pub(crate) struct FoundBreak {
    /// The window in which it was found.
    #[schema(value_type = WindowIdText)]
    window: WindowId,
    /// The exchanges whose books differ; one of them twice if its book differs from something outside.
    #[schema(value_type = PairText)]
    pair: Pair,
    /// What differs.
    #[schema(value_type = BreakKindName)]
    kind: BreakKind,
    /// Business key of the line; none for a root break.
    #[serde(default)]
    #[schema(value_type = Option<LabelText>)]
    key: Option<Label>,
    /// The left book's amount, minor units; none if it has no such line.
    #[serde(default)]
    #[schema(value_type = Option<AmountMinorNumber>)]
    left_minor: Option<AmountMinor>,
    /// The right book's amount, minor units; none if it has no such line.
    #[serde(default)]
    #[schema(value_type = Option<AmountMinorNumber>)]
    right_minor: Option<AmountMinor>,
}

/// Opens a break. One of kind `root` or `amount` keeps a window that is not final from becoming so.
#[utoipa::path(post, path = "/v1/breaks", operation_id = "openBreak", tag = "breaks",
    request_body = FoundBreak, responses((status = 201, description = "Opened.", body = Acknowledged)))]
async fn open(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<FoundBreak>,
) -> Result<Done, Problem> {
    let person = caller.acting_person()?;
    let FoundBreak { window, pair, kind, key: line, left_minor, right_minor } = asked;
    let command = OpenBreak { window, pair, kind, key: line, left_minor, right_minor, person };
    api.record(key, Acting::Exchange, command, |id| format!("/v1/breaks/{id}")).await
}

/// Has a change of a break recorded.
async fn change(
    api: &ApiState,
    key: IdempotencyKey,
    id: BreakId,
    command: impl Into<Command>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, command, |_| format!("/v1/breaks/{id}")).await
}

/// Who becomes responsible for a break.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "owner": { "exchange": "sh", "person": "li.na" } }))]
pub(crate) struct BreakAssignment {
    /// Somebody of either exchange.
    #[schema(value_type = schema::BreakOperator)]
    owner: BreakOperator,
}

/// Makes somebody responsible for a break, first or anew, also after an escalation.
#[utoipa::path(post, path = "/v1/breaks/{id}/assignment", operation_id = "assignBreak", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = BreakAssignment,
    responses((status = 201, description = "Assigned.", body = Acknowledged)))]
async fn assign(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(BreakAssignment { owner }): JsonBody<BreakAssignment>,
) -> Result<Done, Problem> {
    change(&api, key, id, AssignBreak { r#break: id, owner, person: caller.acting_person()? }).await
}

/// Evidence for a break.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "evidence": {
    "name": "document", "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "note": "Bank statement of 23 November, line 7"
} }))]
pub(crate) struct BreakEvidence {
    /// A proof, both heads or a document.
    #[schema(value_type = schema::Evidence)]
    evidence: Evidence,
}

/// Adds evidence to a break; at most 16 pieces.
#[utoipa::path(post, path = "/v1/breaks/{id}/evidence", operation_id = "addEvidence", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = BreakEvidence,
    responses((status = 201, description = "Added.", body = Acknowledged)))]
async fn add_evidence(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(BreakEvidence { evidence }): JsonBody<BreakEvidence>,
) -> Result<Done, Problem> {
    change(&api, key, id, AddEvidence { r#break: id, evidence, person: caller.acting_person()? }).await
}

/// How a break is to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "resolution": { "name": "write_off", "amount_minor": 100 } }))]
pub(crate) struct BreakProposal {
    /// By a posting, by bearing the difference, or by nothing.
    #[schema(value_type = schema::Resolution)]
    resolution: Resolution,
}

/// Proposes how a break is to end.
#[utoipa::path(post, path = "/v1/breaks/{id}/proposal", operation_id = "proposeResolution", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = BreakProposal,
    responses((status = 201, description = "Proposed.", body = Acknowledged)))]
async fn propose(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(BreakProposal { resolution }): JsonBody<BreakProposal>,
) -> Result<Done, Problem> {
    change(&api, key, id, ProposeResolution { r#break: id, resolution, person: caller.acting_person()? })
        .await
}

/// Approves what another person proposed. Whoever proposed is refused with `break.second_person`.
#[utoipa::path(post, path = "/v1/breaks/{id}/approval", operation_id = "approveResolution", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = Nothing,
    responses((status = 201, description = "Approved.", body = Acknowledged)))]
async fn approve(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Done, Problem> {
    change(&api, key, id, ApproveResolution { r#break: id, person: caller.acting_person()? }).await
}

/// Why something about a break is so.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "The bank's document shows another amount" }))]
pub(crate) struct BreakReason {
    /// For those who look it up later.
    #[schema(value_type = LineText)]
    reason: Line,
}

/// Turns a proposal down; work on the break goes on.
#[utoipa::path(post, path = "/v1/breaks/{id}/rejection", operation_id = "rejectResolution", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = BreakReason,
    responses((status = 201, description = "Rejected.", body = Acknowledged)))]
async fn reject(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(BreakReason { reason }): JsonBody<BreakReason>,
) -> Result<Done, Problem> {
    change(&api, key, id, RejectResolution { r#break: id, reason, person: caller.acting_person()? }).await
}

/// What ended a break.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "posting": "019aa2b4-5c00-7000-8000-000000000008" }))]
pub(crate) struct BreakCorrection {
    /// The entry that made the correcting posting; none if no action was approved.
    #[serde(default)]
    #[schema(value_type = Option<EntryIdText>)]
    posting: Option<EntryId>,
}

/// Ends a break by the posting that corrects it, or without one if that was approved.
#[utoipa::path(post, path = "/v1/breaks/{id}/resolution", operation_id = "resolveBreak", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = BreakCorrection,
    responses((status = 201, description = "Resolved.", body = Acknowledged)))]
async fn resolve(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(BreakCorrection { posting }): JsonBody<BreakCorrection>,
) -> Result<Done, Problem> {
    change(&api, key, id, ResolveBreak { r#break: id, posting, person: caller.acting_person()? }).await
}

/// Ends a break by bearing the approved amount, at the expense of this exchange.
#[utoipa::path(post, path = "/v1/breaks/{id}/write-off", operation_id = "writeOffBreak", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = Nothing,
    responses((status = 201, description = "Written off.", body = Acknowledged)))]
async fn write_off(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Done, Problem> {
    change(&api, key, id, WriteOffBreak { r#break: id, person: caller.acting_person()? }).await
}

/// Hands a break to whoever assigns it anew.
#[utoipa::path(post, path = "/v1/breaks/{id}/escalation", operation_id = "escalateBreak", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = BreakReason,
    responses((status = 201, description = "Escalated.", body = Acknowledged)))]
async fn escalate(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(BreakReason { reason }): JsonBody<BreakReason>,
) -> Result<Done, Problem> {
    change(&api, key, id, EscalateBreak { r#break: id, reason, person: caller.acting_person()? }).await
}

/// Agrees that the window becomes final although the break is open. It takes both exchanges of the pair.
#[utoipa::path(post, path = "/v1/breaks/{id}/carry", operation_id = "carryBreak", tag = "breaks",
    params(("id" = BreakIdText, Path)), request_body = Nothing,
    responses((status = 201, description = "Carried.", body = Acknowledged)))]
async fn carry(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<BreakId>,
    key: IdempotencyKey,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Done, Problem> {
    change(&api, key, id, CarryBreak { r#break: id, person: caller.acting_person()? }).await
}
