//! `/v1/windows`: settlement windows (stage 5).

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema;

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, BatchResult, BatchResults, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters, to_slug},
    offer::Nothing,
    page::{Page, list_parameters},
    reconciliation::schema::HeadComparison as HeadComparisonText,
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::{Acting, HeadComparison};
use databourse_primitives::{Asset, Line, Refusal, WindowId};
use databourse_settlement::{
    self as settlement, AbortWindow, CloseWindow, Obligation, Positions, Window, WindowState,
};
use schema::WindowStateName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(close))
        .routes(routes!(sign))
        .routes(routes!(heads))
        .routes(routes!(positions))
        .routes(routes!(abort))
}

/// Where a window is.
pub(crate) fn path_of(window: &WindowId) -> String {
    format!("/v1/windows/{}/{}", to_slug(&window.asset), window.number)
}

list_parameters!(WindowParameters {
    /// The asset.
    asset: Asset as AssetText => Asset,
    /// Where the window stands.
    state: WindowStateName as WindowStateName => State,
});

/// Lists settlement windows.
#[utoipa::path(get, path = "/v1/windows", operation_id = "listWindows", tag = "windows",
    params(WindowParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Window>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<WindowParameters>,
) -> Result<Json<Page<Window>>, Problem> {
    Ok(Json(api.list(asked.into()).await?))
}

/// Shows a settlement window. The window `CNY/2#7` is at `/v1/windows/CNY-2/7`.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}", operation_id = "getWindow", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    responses((status = 200, description = "The window.", body = schema::Window)))]
async fn get(State(api): State<ApiState>, Named(id): Named<WindowId>) -> Result<Json<Window>, Problem> {
    Ok(Json(api.find(&id).await?))
}

/// Closes the open window of an asset to postings and opens the next in the same step.
///
/// It is `closing` until the exchanges of each pair that has lines in it signed what they found, then `closed`.
#[utoipa::path(post, path = "/v1/windows/{asset}/{number}/closing", operation_id = "closeWindow", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    request_body = Nothing, responses((status = 201, description = "Closed.", body = Acknowledged)))]
async fn close(
    State(api): State<ApiState>,
    Named(window): Named<WindowId>,
    key: IdempotencyKey,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, CloseWindow { window }, |_| path_of(&window)).await
}

/// Signs what this exchange finds in a closing window: a head for every pair that it is in and has not signed yet.
///
/// It takes two people. What the first signed waits, and is not among the `heads`, until a second who is signed in signs the
/// same; the first again is refused with `window.second_person`. Each becomes an entry of its own. Answers 200 with a result for each, in the order of the pairs; none if there is
/// nothing left to sign, so the same again changes nothing and needs no `Idempotency-Key`.
#[utoipa::path(post, path = "/v1/windows/{asset}/{number}/signatures", operation_id = "signWindow", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    request_body = Nothing, responses((status = 200, description = "How each ended.", body = BatchResults)))]
async fn sign(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<WindowId>,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<BatchResults, Problem> {
    let person = caller.acting_person()?;
    api.find::<Window>(&id).await?;
    let results = api.node.sign_window(id, Some(person)).await.into_iter().map(BatchResult::from).collect();
    Ok(BatchResults { results })
}

/// Lists the root that this node computes from the ledger for each pair with lines, beside the roots that were signed.
///
/// The heads of an open window are already old when they are read.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}/heads", operation_id = "listHeads", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    responses((status = 200, description = "All of them.", body = Page<HeadComparisonText>)))]
async fn heads(
    State(api): State<ApiState>,
    Named(id): Named<WindowId>,
) -> Result<Json<Page<HeadComparison>>, Problem> {
    let compared = api.node.compare_heads(id).await?;
    let items = compared.ok_or_else(|| Problem::not_found("the name of something that exists"))?;
    Ok(Json(Page { items, next: None }))
}

/// Why a window is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "A member's bank is closed" }))]
pub(crate) struct Abortion {
    /// For those who look it up later.
    #[schema(value_type = LineText)]
    reason: Line,
}

/// Gives a window up that cannot be settled. The open one takes its obligations over unchanged.
///
/// Once a payment of it was confirmed it is `window.partly_paid`.
#[utoipa::path(post, path = "/v1/windows/{asset}/{number}/abortion", operation_id = "abortWindow", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    request_body = Abortion, responses((status = 201, description = "Aborted.", body = Acknowledged)))]
async fn abort(
    State(api): State<ApiState>,
    Named(window): Named<WindowId>,
    key: IdempotencyKey,
    JsonBody(Abortion { reason }): JsonBody<Abortion>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, AbortWindow { window, reason }, |_| path_of(&window)).await
}

/// What exchanges owe one another in a window, and the payments that either method of netting would make of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WindowPositions, example = json!({
    "window": "CNY/2#7",
    "obligations": [
        { "payer": "js", "payee": "sh", "amount_minor": 120000 }, { "payer": "sh", "payee": "zj", "amount_minor": 5000 }
    ],
    "positions": { "js": -120000, "sh": 115000, "zj": 5000 },
    "bilateral": [
        { "payer": "js", "payee": "sh", "amount_minor": 120000 }, { "payer": "sh", "payee": "zj", "amount_minor": 5000 }
    ],
    "multilateral": [
        { "payer": "js", "payee": "sh", "amount_minor": 115000 }, { "payer": "js", "payee": "zj", "amount_minor": 5000 }
    ]
}))]
struct PositionsView {
    /// The window.
    #[schema(value_type = WindowIdText)]
    window: WindowId,
    /// What each owes each, own and carried, before any netting.
    #[schema(value_type = Vec<schema::Obligation>)]
    obligations: Vec<Obligation>,
    /// What each exchange is owed in all, minor units; below zero it owes. They sum to zero.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    positions: Positions,
    /// The payments if each pair is netted by itself.
    #[schema(value_type = Vec<schema::Obligation>)]
    bilateral: Vec<Obligation>,
    /// The payments if all are netted together.
    #[schema(value_type = Vec<schema::Obligation>)]
    multilateral: Vec<Obligation>,
}

/// Shows the positions of a window and what either method of netting would make of them. An aborted window has none.
#[utoipa::path(get, path = "/v1/windows/{asset}/{number}/positions", operation_id = "getPositions", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    responses((status = 200, description = "The positions.", body = PositionsView)))]
async fn positions(
    State(api): State<ApiState>,
    Named(id): Named<WindowId>,
) -> Result<Json<PositionsView>, Problem> {
    let window: Window = api.find(&id).await?;
    let aborted = matches!(window.state, WindowState::Aborted { .. });
    let obligations = if aborted { Vec::new() } else { window.obligations()? };
    let positions = settlement::positions(&obligations).map_err(Refusal::from)?;
    Ok(Json(PositionsView {
        window: id,
        bilateral: settlement::bilateral(&obligations).map_err(Refusal::from)?,
        multilateral: settlement::multilateral(&positions).map_err(Refusal::from)?,
        obligations,
        positions,
    }))
}
