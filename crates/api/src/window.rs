//! `/v1/windows`: settlement windows (stage 5).

use crate::{
    ApiState, Problem,
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
    self as netting, AbortWindow, CloseWindow, Obligation, Positions, Window, WindowState,
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
/// Each becomes an entry of its own. Answers 200 with a result for each, in the order of the pairs; none if there is
/// nothing left to sign, so the same again changes nothing and needs no `Idempotency-Key`.
#[utoipa::path(post, path = "/v1/windows/{asset}/{number}/signatures", operation_id = "signWindow", tag = "windows",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 7)),
    request_body = Nothing, responses((status = 200, description = "How each ended.", body = BatchResults)))]
async fn sign(
    State(api): State<ApiState>,
    Named(id): Named<WindowId>,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Json<BatchResults>, Problem> {
    api.find::<Window>(&id).await?;
    let results = api.node.sign_window(id).await.into_iter().map(BatchResult::from).collect();
    Ok(Json(BatchResults { results }))
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
    let positions = netting::positions(&obligations).map_err(Refusal::from)?;
    Ok(Json(PositionsView {
        window: id,
        bilateral: netting::bilateral(&obligations).map_err(Refusal::from)?,
        multilateral: netting::multilateral(&positions).map_err(Refusal::from)?,
        obligations,
        positions,
    }))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// Where a window stands, by name.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum WindowStateName {
        Open,
        Closing,
        Closed,
        Settling,
        Settled,
        Aborted,
    }

    /// One exchange owes another.
    #[derive(ToSchema)]
    pub(crate) struct Obligation {
        /// Who pays.
        payer: ExchangeCodeText,
        /// Who is paid.
        payee: ExchangeCodeText,
        /// How much, minor units.
        amount_minor: AmountMinorNumber,
    }

    /// How obligations become payments: each pair by itself, or all together.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum NettingMethod {
        Bilateral,
        Multilateral,
    }

    /// Where a payment stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum InstructionState {
        /// Not confirmed yet.
        Pending,
        /// The payee found it at its bank.
        Confirmed {
            /// The bank's reference of the line.
            bank_reference: LabelText,
            /// What arrived, minor units.
            received_minor: AmountMinorNumber,
            /// When it was confirmed.
            confirmed_at: TimestampText,
        },
    }

    /// A payment between two exchanges' banks.
    #[derive(ToSchema)]
    pub(crate) struct Instruction {
        /// Window and number.
        id: InstructionIdText,
        /// Who pays.
        payer: ExchangeCodeText,
        /// Who is paid.
        payee: ExchangeCodeText,
        /// How much, minor units, above zero.
        amount_minor: AmountMinorNumber,
        /// Where it stands.
        state: InstructionState,
    }

    /// Where a window stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum WindowState {
        /// Takes postings.
        Open,
        /// Takes none any more; its exchanges compare and sign what they found.
        Closing {
            /// When it was closed to postings.
            closing_at: TimestampText,
        },
        /// Final: nothing in it changes.
        Closed {
            /// When it was closed to postings.
            closing_at: TimestampText,
            /// When the last exchange agreed.
            closed_at: TimestampText,
        },
        /// Payments are made out and not all confirmed.
        Settling {
            /// When the last exchange agreed.
            closed_at: TimestampText,
            /// How they were made out.
            method: NettingMethod,
            /// The payments.
            instructions: Vec<Instruction>,
        },
        /// Every payment is confirmed.
        Settled {
            /// When the last exchange agreed.
            closed_at: TimestampText,
            /// How the payments were made out.
            method: NettingMethod,
            /// The payments; none if nobody owed anything.
            instructions: Option<Vec<Instruction>>,
            /// When the last payment was confirmed.
            settled_at: TimestampText,
        },
        /// Given up; its obligations are in another window.
        Aborted {
            /// Why.
            reason: LineText,
            /// When.
            aborted_at: TimestampText,
            /// The window that took its obligations over.
            carried_into: WindowIdText,
        },
    }

    /// What moved for one reason.
    #[derive(ToSchema)]
    pub(crate) struct Flow {
        /// Number of transactions.
        count: u64,
        /// Their sum, minor units.
        amount_minor: i64,
    }

    /// What the lines of one pair of exchanges add up to.
    #[derive(ToSchema)]
    pub(crate) struct PairTotals {
        /// Number of lines.
        line_count: u64,
        /// What the left exchange owes the right one, minor units.
        left_to_right_minor: i64,
        /// What the right exchange owes the left one, minor units.
        right_to_left_minor: i64,
    }

    /// What two books disagree about.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum BreakKind {
        MissingLeft,
        MissingRight,
        Amount,
        Currency,
        Duplicate,
        Timing,
        Status,
        Party,
        FeeRule,
        Tax,
        Rounding,
        OrphanRefund,
        OverRefund,
        Ambiguous,
        External,
        Root,
    }

    /// A break that a window waits for.
    #[derive(ToSchema)]
    pub(crate) struct BlockingBreak {
        /// The window in which it was found.
        window: WindowIdText,
        /// The pair that it is between.
        pair: PairText,
        /// What the two books disagree about.
        kind: BreakKind,
        /// Who agreed to carry it forward; once all of the pair did, the window waits no more.
        carried_by: Option<Vec<ExchangeCodeText>>,
    }

    /// A settlement window.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "CNY/2#7",
        "state": {
            "name": "settling",
            "closed_at": "2026-11-22T17:00:00.000Z",
            "method": "multilateral",
            "instructions": [
                {
                    "id": "CNY/2#7/1", "payer": "sh", "payee": "js", "amount_minor": 120000,
                    "state": { "name": "pending" }
                },
                {
                    "id": "CNY/2#7/2", "payer": "sh", "payee": "zj", "amount_minor": 5000,
                    "state": {
                        "name": "confirmed", "bank_reference": "ICBC/2026-11-23/0007", "received_minor": 4995,
                        "confirmed_at": "2026-11-23T02:00:00.000Z"
                    }
                }
            ]
        },
        "opened_at": "2026-11-21T16:00:00.000Z",
        "flows": { "deposit": { "count": 3, "amount_minor": 3000000 } },
        "posting_count": 6,
        "pairs": { "js~sh": { "line_count": 2, "left_to_right_minor": 0, "right_to_left_minor": 120000 } },
        "carried": { "sh~zj": { "line_count": 1, "left_to_right_minor": 5000, "right_to_left_minor": 0 } },
        "carried_from": ["CNY/2#6"],
        "fee_carry": { "js~sh": { "js": 500000000, "sh": -500000000 } },
        "heads": { "js~sh": {
            "js": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        } },
        "breaks": { "019aa2b4-5c00-7000-8000-000000000010": {
            "window": "CNY/2#7", "pair": "js~sh", "kind": "amount", "carried_by": ["sh"]
        } }
    }))]
    pub(crate) struct Window {
        /// Asset and number.
        id: WindowIdText,
        /// Where it stands.
        state: WindowState,
        /// When it was opened.
        opened_at: TimestampText,
        /// What moved in it, by kind of transaction.
        flows: BTreeMap<String, Flow>,
        /// Number of postings in it.
        posting_count: u64,
        /// Its own lines, by pair of exchanges.
        pairs: Option<BTreeMap<String, PairTotals>>,
        /// Obligations of aborted windows that it took over, by pair.
        carried: Option<BTreeMap<String, PairTotals>>,
        /// The aborted windows whose lines are in `carried`.
        carried_from: Option<Vec<WindowIdText>>,
        /// Remainders of fee divisions between two exchanges, by pair and by the exchange that is ahead.
        fee_carry: Option<BTreeMap<String, BTreeMap<String, i64>>>,
        /// The root that each exchange signed, by pair.
        heads: Option<BTreeMap<String, BTreeMap<String, DigestText>>>,
        /// Breaks that keep it from becoming final, and those that were carried forward.
        breaks: Option<BTreeMap<String, BlockingBreak>>,
    }
}
