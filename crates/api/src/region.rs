//! `/v1/region` and `/v1/policy`: what this ledger is and how to verify it.

use crate::{ApiState, Problem, extract::Parameters, scalar::*};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_market::{Key, Stored};
use databourse_party::{Closing, Exchange, LedgerEnd, Region};
use databourse_primitives::{Asset, BilingualText, ExchangeCode, Line, Timestamp, TreeSize};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get)).routes(routes!(policy))
}

/// The region and its exchanges.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Region, example = json!({
    "name": { "zh": "长三角", "en": "Yangtze Delta" },
    "origin": "databourse.example/yangtze-delta",
    "assets": ["CNY/2"],
    "served_by": "sh",
    "exchanges": [{
        "code": "sh",
        "name": { "zh": "上海数据交易所", "en": "Shanghai Data Exchange" },
        "entry_key": { "key": "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "since_height": 1 },
        "checkpoint_key": { "key": "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw", "since_height": 1 },
        "cosignature_key": { "key": "ed25519:_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU", "since_height": 1 },
        "consensus_key": { "key": "ed25519:J4EX_BRMcjQPZ9DyMW6Dhs7_vysKKMnFH-98WX8dQm4", "since_height": 1 },
        "member_since": "2026-11-22T02:47:32.123Z",
        "membership": { "name": "active", "since_height": 1 },
        "last_certificate": 42
    }],
    "founded_at": "2026-11-22T02:47:32.123Z"
}))]
struct RegionView {
    /// Its name.
    #[schema(value_type = BilingualTextObject)]
    name: BilingualText,
    /// Origin of its checkpoints (C2SP tlog-checkpoint).
    #[schema(value_type = LineText)]
    origin: Line,
    /// The assets it settles in.
    #[schema(value_type = Vec<AssetText>)]
    assets: BTreeSet<Asset>,
    /// The exchange that answers here.
    #[schema(value_type = ExchangeCodeText)]
    served_by: ExchangeCode,
    /// Its exchanges.
    #[schema(value_type = Vec<schema::Exchange>)]
    exchanges: Vec<Exchange>,
    /// When it was founded.
    #[schema(value_type = TimestampText)]
    founded_at: Timestamp,
    /// Where the ledger ended that this one goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::succession::schema::LedgerEnd>)]
    predecessor: Option<LedgerEnd>,
    /// That the region closes its ledger, or has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::succession::schema::Closing>)]
    closing: Option<Closing>,
}

/// Shows the region and its exchanges.
#[utoipa::path(get, path = "/v1/region", operation_id = "getRegion", tag = "region",
    responses((status = 200, description = "The region.", body = RegionView)))]
async fn get(State(api): State<ApiState>) -> Result<Json<RegionView>, Problem> {
    let region: Region = api.find(&"region").await?;
    let keys = region.exchanges.iter().map(Key::of::<Exchange>).collect();
    let records = api.store().load(&keys).await?;
    let exchanges = records.iter().filter_map(|(_, record)| Exchange::from_record(record.as_ref()?)).cloned();
    Ok(Json(RegionView {
        name: region.name,
        origin: region.origin,
        assets: region.assets,
        served_by: api.node.exchange().clone(),
        exchanges: exchanges.collect(),
        founded_at: region.founded_at,
        predecessor: region.predecessor,
        closing: region.closing,
    }))
}

/// Which policy is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PolicyParameters {
    /// The one that decided for a checkpoint of so many leaves; without it, the one of now.
    #[param(example = "42")]
    size: Option<String>,
}

/// Downloads the policy to verify this ledger with (C2SP tlog-policy): that of now, or of a checkpoint of `size`.
#[utoipa::path(get, path = "/v1/policy", operation_id = "getPolicy", tag = "region", params(PolicyParameters),
    responses((status = 200, description = "The policy.", body = String, content_type = "text/plain")))]
async fn policy(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<PolicyParameters>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("a number of leaves that the ledger has, from 1 on");
    let policy = match &asked.size {
        None => api.node.policy(),
        Some(size) => {
            let size = size.parse().map(TreeSize).map_err(|_| unknown())?;
            api.node.policy_at(size).await?.ok_or_else(unknown)?
        }
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], policy).into_response())
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `party`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// An exchange of the region.
    #[derive(ToSchema)]
    pub(crate) struct Exchange {
        /// Its code.
        code: ExchangeCodeText,
        /// Its name.
        name: BilingualTextObject,
        /// The keys that sign its entries.
        entry_key: KeyHistory,
        /// The keys that sign checkpoints, as the log.
        checkpoint_key: KeyHistory,
        /// The keys that co-sign checkpoints.
        cosignature_key: KeyHistory,
        /// The keys that sign messages of the agreement on blocks.
        consensus_key: KeyHistory,
        /// Block time of the entry that admitted it.
        member_since: TimestampText,
        /// Where it stands, as decided last; it may lie ahead by up to two heights.
        membership: Membership,
        /// Where it stood before, oldest first.
        #[schema(required = false)]
        earlier: Vec<Membership>,
        /// Sequence of its last certificate; 0 before the first.
        last_certificate: u64,
    }

    /// An exchange as it was founded, or would join.
    #[derive(ToSchema)]
    pub(crate) struct FoundExchange {
        /// Its code.
        code: ExchangeCodeText,
        /// Its name.
        name: BilingualTextObject,
        /// The key that signs its entries.
        entry_key: PublicKeyText,
        /// The key that signs checkpoints, as the log.
        checkpoint_key: PublicKeyText,
        /// The key that co-signs checkpoints.
        cosignature_key: PublicKeyText,
        /// The key that signs messages of the agreement on blocks.
        consensus_key: PublicKeyText,
    }

    /// The keys that an exchange had for one purpose.
    #[derive(ToSchema)]
    pub(crate) struct KeyHistory {
        /// The latest.
        key: PublicKeyText,
        /// The first height at which it is in force.
        since_height: u64,
        /// Those before it, oldest first.
        #[schema(required = false)]
        earlier: Vec<EarlierKey>,
    }

    /// A key that was replaced.
    #[derive(ToSchema)]
    pub(crate) struct EarlierKey {
        /// The key.
        key: PublicKeyText,
        /// The first height at which it was in force.
        since_height: u64,
        /// The first height at which it no longer was.
        until_height: u64,
    }

    /// Where an exchange stands in its region, and the first height at which it does.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum Membership {
        /// It does everything that exchanges do.
        Active {
            /// The first height.
            since_height: u64,
        },
        /// It votes, signs and settles, and takes on nothing new.
        Leaving {
            /// The first height.
            since_height: u64,
            /// The exchange that will take its book over.
            successor: ExchangeCodeText,
        },
        /// It is no member any more.
        Left {
            /// The first height.
            since_height: u64,
            /// The exchange that took its book over.
            successor: ExchangeCodeText,
        },
        /// It neither votes nor signs entries until it is reinstated.
        Suspended {
            /// The first height.
            since_height: u64,
            /// Why.
            cause: SuspensionCause,
        },
    }

    /// Why an exchange is suspended.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum SuspensionCause {
        /// It signed two of what it may sign one: the entry that reported it.
        Misbehaviour(EntryIdText),
        /// The others decided so.
        Proposal(EntryIdText),
    }
}
