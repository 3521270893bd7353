//! `/v1/rights`: registered rights in data (stage 1).

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_listing::{DataClass, Interest, RegisterRight, Right};
use databourse_primitives::{BilingualText, Label, Line, PartyId, RightId, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, register)).routes(routes!(get))
}

/// Registers a right of the caller's party.
///
/// Two holders cannot claim one interest in one source. Public data need the record of their authorised operation.
#[utoipa::path(post, path = "/v1/rights", operation_id = "registerRight", tag = "rights",
    request_body = schema::RegisterRight,
    responses((status = 201, description = "Registered.", body = Acknowledged)))]
async fn register(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<RegisterRight>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    api.record(key, acting, command, |id| format!("/v1/rights/{id}")).await
}

/// A right. What it rests on is shown to its holder, operators and auditors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Right, example = json!({
    "id": "019aa2b4-5c00-7000-8000-000000000002",
    "holder": "019aa2b4-5c00-7000-8000-000000000001",
    "interests": ["holding", "product_operation"],
    "data_class": "enterprise",
    "source": "delta-weather/stations",
    "registered_at": "2026-11-22T02:47:32.123Z",
    "valid_until": null
}))]
struct RightView {
    /// The id of its `right.register` entry.
    #[schema(value_type = RightIdText)]
    id: RightId,
    /// Who holds it.
    #[schema(value_type = PartyIdText)]
    holder: PartyId,
    /// The interests it includes.
    #[schema(value_type = Vec<schema::Interest>)]
    interests: BTreeSet<Interest>,
    /// Class of the data.
    #[schema(value_type = schema::DataClass)]
    data_class: DataClass,
    /// Name of the source.
    #[schema(value_type = LabelText)]
    source: Label,
    /// When it was registered.
    #[schema(value_type = TimestampText)]
    registered_at: Timestamp,
    /// When it ends.
    #[schema(value_type = Option<TimestampText>)]
    valid_until: Option<Timestamp>,
    /// Where the data come from and by what title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BilingualTextObject>)]
    source_statement: Option<BilingualText>,
    /// Record of the authorised operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LineText>)]
    authorisation: Option<Line>,
}

impl RightView {
    fn new(right: Right, caller: &Caller) -> Self {
        let whole = caller.may_see(&[right.holder]);
        Self {
            id: right.id,
            holder: right.holder,
            interests: right.interests,
            data_class: right.data_class,
            source: right.source,
            registered_at: right.registered_at,
            valid_until: right.valid_until,
            source_statement: whole.then_some(right.source_statement),
            authorisation: right.authorisation.filter(|_| whole),
        }
    }
}

list_parameters!(RightParameters {
    /// Who holds it.
    holder: PartyId as PartyIdText => Holder,
});

/// Lists rights.
#[utoipa::path(get, path = "/v1/rights", operation_id = "listRights", tag = "rights",
    params(RightParameters), responses((status = 200, description = "A page.", body = Page<RightView>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<RightParameters>,
) -> Result<Json<Page<RightView>>, Problem> {
    Ok(Json(api.list(asked.into()).await?.map(|right| RightView::new(right, &caller))))
}

/// Shows a right.
///
/// Its public facts to everybody; what it rests on to its holder, operators and auditors.
#[utoipa::path(get, path = "/v1/rights/{id}", operation_id = "getRight", tag = "rights",
    params(("id" = RightIdText, Path)), responses((status = 200, description = "The right.", body = RightView)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<RightId>,
) -> Result<Json<RightView>, Problem> {
    Ok(Json(RightView::new(api.find(&id).await?, &caller)))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `listing`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// One of the three separable interests in data (数据二十条).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum Interest {
        Holding,
        ProcessingAndUse,
        ProductOperation,
    }

    /// Class of the data, which decides what must accompany it.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum DataClass {
        Public,
        QuasiPublic,
        Enterprise,
        Personal,
    }

    /// The first registration of a right by its holder.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "interests": ["holding", "product_operation"],
        "data_class": "enterprise",
        "source": "delta-weather/stations",
        "source_statement": { "zh": "自建气象站采集", "en": "Collected by our own weather stations" }
    }))]
    pub(crate) struct RegisterRight {
        /// The interests claimed; at least one.
        interests: Vec<Interest>,
        /// Class of the data.
        data_class: DataClass,
        /// Name of the source.
        source: LabelText,
        /// Where the data come from and by what title (Data Security Law art. 33).
        source_statement: BilingualTextObject,
        /// Record of the authorised operation 授权运营; public data must have one.
        authorisation: Option<LineText>,
        /// When the right ends; open if absent.
        valid_until: Option<TimestampText>,
    }
}
