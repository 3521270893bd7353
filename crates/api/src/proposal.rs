//! `/v1/region/proposals`: changes of the region's membership, and the votes on them.

use crate::{
    ApiState, Problem,
    extract::Parameters,
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_party::{Exchange, Missing, Proposal, Region};
use databourse_primitives::{ExchangeCode, Height};
use schema::ProposalStateName;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list))
}

list_parameters!(ProposalParameters {
    /// The exchange that it is about.
    exchange: ExchangeCode as ExchangeCodeText => Exchange,
    /// Where it stands.
    state: ProposalStateName as ProposalStateName => State,
});

/// A proposal with what it waits for.
#[derive(Debug, Serialize)]
struct ProposalView {
    #[serde(flatten)]
    proposal: Proposal,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Missing>,
}

impl ProposalView {
    /// Among the exchanges that are `active`.
    fn new(proposal: Proposal, active: &BTreeSet<ExchangeCode>) -> Self {
        Self { missing: proposal.missing(active).ok().flatten(), proposal }
    }
}

/// Lists proposals, open and decided.
///
/// Each with who proposed it, who voted how, and what is missing; a decided one with its end, an accepted one with the
/// height from which on the change is in force.
#[utoipa::path(get, path = "/v1/region/proposals", operation_id = "listProposals", tag = "region",
    params(ProposalParameters), responses((status = 200, description = "A page.", body = Page<schema::MemberProposal>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<ProposalParameters>,
) -> Result<Json<Page<ProposalView>>, Problem> {
    let active = api.active_next().await?;
    let page = api.list::<Proposal>(asked.into()).await?;
    Ok(Json(page.map(|proposal| ProposalView::new(proposal, &active))))
}

impl ApiState {
    /// The exchanges that are active in the next block, in which a vote would be counted.
    async fn active_next(&self) -> Result<BTreeSet<ExchangeCode>, Problem> {
        let region: Region = self.find(&"region").await?;
        let names: Vec<_> = region.exchanges.iter().map(ToString::to_string).collect();
        let head = self.store().chain_head().await?;
        let next = head.map_or(Height(1), |head| head.height.next());
        let exchanges: Vec<Exchange> = self.store().records(&names).await?;
        let active = exchanges.into_iter().filter(|exchange| exchange.is_active_at(next));
        Ok(active.map(|exchange| exchange.code).collect())
    }
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `party`")]
pub(crate) mod schema {
    use crate::{region::schema::FoundExchange, scalar::*};
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// Where a proposal stands, by name.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum ProposalStateName {
        Open,
        Accepted,
        Refused,
    }

    /// Where a proposal stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum MemberProposalState {
        /// Votes are counted.
        Open,
        /// More than two thirds approved.
        Accepted {
            /// When.
            accepted_at: TimestampText,
            /// The first height at which the change is in force.
            effect_height: u64,
        },
        /// More than two thirds can no longer approve.
        Refused {
            /// When.
            refused_at: TimestampText,
        },
    }

    /// A key with its own signature that the exchange has it.
    #[derive(ToSchema)]
    pub(crate) struct NewKey {
        /// The key.
        key: PublicKeyText,
        /// Its signature over region, exchange, purpose and key; base64.
        proof: String,
    }

    /// What a proposal would change.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum MemberChange {
        /// Another exchange joins.
        Join {
            /// The exchange.
            exchange: FoundExchange,
            /// The proof of each of its keys by purpose; base64.
            #[schema(required = false)]
            proofs: BTreeMap<String, String>,
        },
        /// The proposing exchange begins to leave.
        Leave {
            /// The exchange.
            exchange: ExchangeCodeText,
            /// The exchange that will take its book over.
            successor: ExchangeCodeText,
        },
        /// The proposing exchange signs with other keys.
        ReplaceKeys {
            /// The exchange.
            exchange: ExchangeCodeText,
            /// The new keys by purpose.
            keys: BTreeMap<String, NewKey>,
        },
        /// An exchange is suspended.
        Suspend {
            /// The exchange.
            exchange: ExchangeCodeText,
            /// Why.
            reason: LineText,
        },
        /// The region closes its ledger.
        Close {
            /// The exchange that proposes it.
            exchange: ExchangeCodeText,
            /// Origin of the ledger that goes on.
            successor: LineText,
            /// Why.
            reason: LineText,
        },
        /// A suspended exchange stands again as it did before.
        Reinstate {
            /// The exchange.
            exchange: ExchangeCodeText,
        },
    }

    /// A proposal to change the region's membership, and what it waits for.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-000000000007",
        "exchange": "zj",
        "change": { "name": "suspend", "exchange": "zj", "reason": "signed two blocks at height 1200" },
        "proposed_by": "sh",
        "proposed_at": "2026-11-22T02:47:32.123Z",
        "votes": { "js": false, "sh": true },
        "state": { "name": "open" },
        "missing": { "approval_count": 1, "approval_count_needed": 3, "not_voted": ["ah", "fj"] }
    }))]
    pub(crate) struct MemberProposal {
        /// The id of its `member.propose` entry.
        id: EntryIdText,
        /// The exchange that it is about.
        exchange: ExchangeCodeText,
        /// What would change.
        change: MemberChange,
        /// Who proposed it.
        proposed_by: ExchangeCodeText,
        /// When.
        proposed_at: TimestampText,
        /// The latest vote of each exchange that voted: for it or against it.
        votes: BTreeMap<String, bool>,
        /// Where it stands.
        state: MemberProposalState,
        /// What it waits for at the next height; absent if it is decided, or if too few exchanges are active to decide it.
        missing: Option<MissingVotes>,
    }

    /// What an open proposal waits for.
    #[derive(ToSchema)]
    pub(crate) struct MissingVotes {
        /// How many of those who have a say approve now.
        approval_count: u32,
        /// How many must.
        approval_count_needed: u32,
        /// Those who have a say and did not vote yet.
        not_voted: Vec<ExchangeCodeText>,
        /// The exchange without whose approval it is not accepted, while it did not approve.
        must_approve: Option<ExchangeCodeText>,
    }
}
