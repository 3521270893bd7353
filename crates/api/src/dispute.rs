//! `/v1/disputes`: disputes and chargebacks (stage 5).

use crate::{
    ApiState, Problem,
    access::{Caller, TradeSide},
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_primitives::{DisputeId, Line, OrderId, PartyId};
use databourse_settlement::{DecideDispute, DecidedLine, Dispute, OpenDispute};
use schema::DisputeStateName;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, open)).routes(routes!(get)).routes(routes!(decide))
}

/// Opens a dispute about accepted lines of one seller. What a full refund would take is frozen, as far as it is there.
///
/// A buyer disputes what it bought; an operator records a bank's `chargeback`.
#[utoipa::path(post, path = "/v1/disputes", operation_id = "openDispute", tag = "disputes",
    request_body = schema::OpenDispute,
    responses((status = 201, description = "Opened.", body = Acknowledged)))]
async fn open(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<OpenDispute>,
) -> Result<Done, Problem> {
    let acting = caller.party().map_or(Acting::Exchange, Acting::Party);
    api.record(key, acting, command, |id| format!("/v1/disputes/{id}")).await
}

/// How a dispute is decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "refunds": [{ "line": 1, "amount_minor": 60000 }], "reason": "Half of the stations were missing"
}))]
pub(crate) struct Decision {
    /// What goes back; nothing, if the seller is right.
    #[schema(value_type = Vec<schema::DecidedLine>)]
    refunds: Vec<DecidedLine>,
    /// Why.
    #[schema(value_type = LineText)]
    reason: Line,
}

/// Decides a dispute. What was frozen is free again, and what is decided goes back to the buyer in the same step.
#[utoipa::path(post, path = "/v1/disputes/{id}/decision", operation_id = "decideDispute", tag = "disputes",
    params(("id" = DisputeIdText, Path)), request_body = Decision,
    responses((status = 201, description = "Decided.", body = Acknowledged)))]
async fn decide(
    State(api): State<ApiState>,
    Named(dispute): Named<DisputeId>,
    key: IdempotencyKey,
    JsonBody(Decision { refunds, reason }): JsonBody<Decision>,
) -> Result<Done, Problem> {
    let command = DecideDispute { dispute, refunds, reason };
    api.record(key, Acting::Exchange, command, |_| format!("/v1/disputes/{dispute}")).await
}

list_parameters!(DisputeParameters {
    /// The order.
    order: OrderId as OrderIdText => Order,
    /// Who bought.
    buyer: PartyId as PartyIdText => Buyer,
    /// Who sold.
    supplier: PartyId as PartyIdText => Supplier,
    /// Where it stands.
    state: DisputeStateName as DisputeStateName => State,
} and side);

/// Lists disputes.
///
/// Operators and auditors see all; a party sees those about what it bought, or with `side=supplier` what it sold.
#[utoipa::path(get, path = "/v1/disputes", operation_id = "listDisputes", tag = "disputes",
    params(DisputeParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Dispute>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<DisputeParameters>,
) -> Result<Json<Page<Dispute>>, Problem> {
    let side = asked.side;
    Ok(Json(api.list(caller.narrow(asked.into(), side)?).await?))
}

/// Shows a dispute to its two parties, operators and auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/disputes/{id}", operation_id = "getDispute", tag = "disputes",
    params(("id" = DisputeIdText, Path)),
    responses((status = 200, description = "The dispute.", body = schema::Dispute)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<DisputeId>,
) -> Result<Json<Dispute>, Problem> {
    let dispute: Dispute = api.find(&id).await?;
    if caller.may_see(&[dispute.buyer, dispute.supplier]) {
        return Ok(Json(dispute));
    }
    Err(Problem::forbidden("a dispute about what you bought or sold"))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use serde::{Deserialize, Serialize};
    use utoipa::ToSchema;

    /// Where a dispute stands, by name.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum DisputeStateName {
        Open,
        Decided,
    }

    /// Where a dispute stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum DisputeState {
        /// The money is frozen.
        Open,
        /// It was decided.
        Decided {
            /// What went back to the buyer, tax inclusive, minor units.
            refunded_minor: AmountMinorNumber,
            /// Who decided.
            decided_by: ExchangeCodeText,
            /// Why.
            reason: LineText,
            /// When.
            decided_at: TimestampText,
        },
    }

    /// What goes back of one line.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct DecidedLine {
        /// The line of the order.
        #[schema(minimum = 1)]
        line: u32,
        /// Tax-exclusive amount, minor units, above zero; tax and fee follow in proportion.
        amount_minor: AmountMinorNumber,
    }

    /// A dispute about lines of an order.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "order": "019aa2b4-5c00-7000-8000-000000000005",
        "lines": [1],
        "chargeback": "ICBC/2026-11-24/0003",
        "reason": "The file is not what was offered"
    }))]
    pub(crate) struct OpenDispute {
        /// The order.
        order: OrderIdText,
        /// The lines, each once, all of one seller.
        #[schema(min_items = 1, max_items = 400)]
        lines: Vec<u32>,
        /// The bank's reference of a chargeback; only an operator names one.
        chargeback: Option<LabelText>,
        /// What is wrong.
        reason: LineText,
    }

    /// What a dispute keeps frozen on one account.
    #[derive(ToSchema)]
    pub(crate) struct FrozenPart {
        /// The account.
        account: AccountIdText,
        /// The exchange whose book holds it.
        book: ExchangeCodeText,
        /// How much, minor units.
        amount_minor: AmountMinorNumber,
    }

    /// A dispute.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-00000000000c",
        "order": "019aa2b4-5c00-7000-8000-000000000005",
        "buyer": "019aa2b4-5c00-7000-8000-000000000006",
        "supplier": "019aa2b4-5c00-7000-8000-000000000001",
        "lines": [1],
        "opened_by": "party:019aa2b4-5c00-7000-8000-000000000006",
        "reason": "The file is not what was offered",
        "claimed_minor": 127200,
        "frozen": [{
            "account": "party:019aa2b4-5c00-7000-8000-000000000001:funds:CNY/2",
            "book": "sh",
            "amount_minor": 116880
        }],
        "opened_at": "2026-11-23T02:47:32.123Z",
        "state": {
            "name": "decided", "refunded_minor": 63600, "decided_by": "sh",
            "reason": "Half of the stations were missing", "decided_at": "2026-11-24T02:47:32.123Z"
        }
    }))]
    pub(crate) struct Dispute {
        /// The id of its `dispute.open` entry.
        id: DisputeIdText,
        /// The order.
        order: OrderIdText,
        /// Who bought.
        buyer: PartyIdText,
        /// Who sold.
        supplier: PartyIdText,
        /// The disputed lines.
        lines: Vec<u32>,
        /// Who opened it.
        opened_by: HolderText,
        /// The bank's reference of a chargeback.
        chargeback: Option<LabelText>,
        /// What is wrong.
        reason: LineText,
        /// What a full refund of the lines would give back, tax inclusive, minor units.
        claimed_minor: AmountMinorNumber,
        /// What is kept frozen; after the decision, what was.
        frozen: Vec<FrozenPart>,
        /// When it was opened.
        opened_at: TimestampText,
        /// Where it stands.
        state: DisputeState,
    }
}
