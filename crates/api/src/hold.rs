//! `/v1/holds`: money held for orders and disputes (stage 5).

use crate::{
    ApiState, Problem,
    access::Caller,
    extract::{Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_primitives::{HoldId, Holder};
use databourse_settlement::Hold;
use databourse_store::Column;
use schema::HoldStateName;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

list_parameters!(HoldParameters {
    /// Whose money it is: `party:<id>` or `exchange:<code>`.
    holder: Holder as HolderText => Holder,
    /// Where it stands.
    state: HoldStateName as HoldStateName => State,
});

/// Lists held money.
///
/// Operators and auditors see all; a party sees its own.
#[utoipa::path(get, path = "/v1/holds", operation_id = "listHolds", tag = "holds",
    params(HoldParameters), responses((status = 200, description = "A page.", body = Page<schema::Hold>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<HoldParameters>,
) -> Result<Json<Page<Hold>>, Problem> {
    let mut listing = asked.into();
    if !caller.oversees() {
        listing = caller.narrow_to(listing, Column::Holder, &Holder::Party(caller.acting_party()?))?;
    }
    Ok(Json(api.list(listing).await?))
}

/// Shows held money, by the id of the order or dispute that holds it, to its holder, operators and auditors; to others
/// it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/holds/{id}", operation_id = "getHold", tag = "holds",
    params(("id" = HoldIdText, Path)), responses((status = 200, description = "The hold.", body = schema::Hold)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<HoldId>,
) -> Result<Json<Hold>, Problem> {
    let hold: Hold = api.find(&id).await?;
    let own = match hold.holder {
        Holder::Party(party) => caller.may_see(&[party]),
        Holder::Exchange(_) => caller.oversees(),
    };
    if own { Ok(Json(hold)) } else { Err(Problem::forbidden("money of your own")) }
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use serde::{Deserialize, Serialize};
    use utoipa::ToSchema;

    /// Where held money stands, by name.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum HoldStateName {
        Pending,
        Posted,
        Voided,
        Expired,
    }

    /// Where held money stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum HoldState {
        /// Some of it is still held.
        Pending {
            /// When what is left goes back; never, if absent.
            expires_at: Option<TimestampText>,
        },
        /// All of it was decided, and some was posted.
        Posted {
            /// When it ended.
            posted_at: TimestampText,
        },
        /// None was posted; all went back.
        Voided {
            /// When it ended.
            voided_at: TimestampText,
        },
        /// Its time was over and what was left went back.
        Expired {
            /// When it ended.
            expired_at: TimestampText,
        },
    }

    /// Held money: `amount = posted + returned + what is left`.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-000000000005",
        "holder": "party:019aa2b4-5c00-7000-8000-000000000006",
        "asset": "CNY/2",
        "amount_minor": 127200,
        "posted_minor": 63600,
        "returned_minor": 0,
        "held_at": "2026-11-22T02:47:32.123Z",
        "state": { "name": "pending", "expires_at": "2026-12-22T02:47:32.123Z" }
    }))]
    pub(crate) struct Hold {
        /// The order or dispute that holds it.
        id: HoldIdText,
        /// Whose money it is; of a dispute, the seller.
        holder: HolderText,
        /// What is held.
        asset: AssetText,
        /// How much was held at first, minor units.
        amount_minor: AmountMinorNumber,
        /// How much of it was posted, minor units.
        posted_minor: AmountMinorNumber,
        /// How much of it went back, minor units.
        returned_minor: AmountMinorNumber,
        /// When it began.
        held_at: TimestampText,
        /// Where it stands.
        state: HoldState,
    }
}
