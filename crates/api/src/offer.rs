//! `/v1/offers`: price and terms (stage 2).

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
use databourse_listing::{Offer, OfferState, PublishOffer, WithdrawOffer};
use databourse_primitives::{OfferId, PartyId, ProductId};
use schema::OfferState as OfferStateName;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, publish)).routes(routes!(get)).routes(routes!(withdraw))
}

/// Publishes an offer of a product of the caller's party.
///
/// With `audience` it is a private one, seen and taken by that buyer only.
#[utoipa::path(post, path = "/v1/offers", operation_id = "publishOffer", tag = "offers",
    request_body = schema::PublishOffer,
    responses((status = 201, description = "Published.", body = Acknowledged)))]
async fn publish(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<PublishOffer>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    api.record(key, acting, command, |id| format!("/v1/offers/{id}")).await
}

/// A command that needs no words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(crate) struct Nothing {}

/// Takes an offer back. Orders already placed stay as they are.
#[utoipa::path(post, path = "/v1/offers/{id}/withdrawal", operation_id = "withdrawOffer", tag = "offers",
    params(("id" = OfferIdText, Path)), request_body = Nothing,
    responses((status = 201, description = "Withdrawn.", body = Acknowledged)))]
async fn withdraw(
    State(api): State<ApiState>,
    caller: Caller,
    Named(offer): Named<OfferId>,
    key: IdempotencyKey,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    api.record(key, acting, WithdrawOffer { offer }, |_| format!("/v1/offers/{offer}")).await
}

/// A private offer is for its two parties and those who oversee.
fn may_see(offer: &Offer, caller: &Caller) -> bool {
    offer.audience.is_none_or(|audience| caller.may_see(&[offer.supplier, audience]))
}

list_parameters!(OfferParameters {
    /// The product.
    product: ProductId as ProductIdText => Product,
    /// Who sells.
    supplier: PartyId as PartyIdText => Supplier,
    /// Where the offer stands.
    state: OfferState as OfferStateName => State,
});

/// Lists offers.
///
/// Private offers are left out unless the caller is one of their parties, so a page may hold fewer items than `limit`;
/// only the absence of `next` ends the list.
#[utoipa::path(get, path = "/v1/offers", operation_id = "listOffers", tag = "offers",
    params(OfferParameters), responses((status = 200, description = "A page.", body = Page<schema::Offer>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<OfferParameters>,
) -> Result<Json<Page<Offer>>, Problem> {
    let mut page = api.list::<Offer>(asked.into()).await?;
    page.items.retain(|offer| may_see(offer, &caller));
    Ok(Json(page))
}

/// Shows an offer.
///
/// A private one to its parties, operators and auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/offers/{id}", operation_id = "getOffer", tag = "offers",
    params(("id" = OfferIdText, Path)), responses((status = 200, description = "The offer.", body = schema::Offer)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<OfferId>,
) -> Result<Json<Offer>, Problem> {
    let offer: Offer = api.find(&id).await?;
    if may_see(&offer, &caller) {
        Ok(Json(offer))
    } else {
        Err(Problem::forbidden("an offer to everybody or to you"))
    }
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `listing`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// What one unit of an offer is.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum Pricing {
        OneOff,
        Subscription,
        PerCall,
        PerComputeHour,
    }

    /// Where an offer stands.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum OfferState {
        Open,
        Withdrawn,
    }

    /// What a licence under an offer allows.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Terms {
        /// Purposes to choose from: 1 to 20; a licence takes exactly one (一场景一授权).
        #[schema(min_items = 1, max_items = 20)]
        purposes: Vec<LabelText>,
        /// How long a licence lasts after acceptance, in days.
        #[schema(minimum = 1, maximum = 36500)]
        term_days: u32,
        /// Where it may be used, e.g. `CN`.
        territory: LabelText,
        /// Only computed results may leave (可用不可见).
        usable_not_visible: bool,
        /// One licence in force at a time, region-wide.
        exclusive: bool,
        /// The most units that one line may buy; open if absent.
        #[schema(minimum = 1)]
        quantity_max: Option<u64>,
    }

    /// Price and terms of a product.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "product": "019aa2b4-5c00-7000-8000-000000000003",
        "asset": "CNY/2",
        "pricing": "one_off",
        "unit_price": "1200.00",
        "terms": {
            "purposes": ["insurance-pricing", "model-training"],
            "term_days": 365,
            "territory": "CN",
            "usable_not_visible": false,
            "exclusive": false
        }
    }))]
    pub(crate) struct PublishOffer {
        /// The product.
        product: ProductIdText,
        /// What is paid in.
        asset: AssetText,
        /// What one unit is.
        pricing: Pricing,
        /// Price of one unit in major units, tax exclusive.
        unit_price: UnitPriceText,
        /// What a licence allows.
        terms: Terms,
        /// The one buyer it is made to; everybody if absent.
        audience: Option<PartyIdText>,
        /// When it ends; open if absent.
        valid_until: Option<TimestampText>,
    }

    /// A published offer.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-000000000004",
        "product": "019aa2b4-5c00-7000-8000-000000000003",
        "revision": 1,
        "supplier": "019aa2b4-5c00-7000-8000-000000000001",
        "state": "open",
        "asset": "CNY/2",
        "pricing": "one_off",
        "unit_price": "1200.00",
        "terms": {
            "purposes": ["insurance-pricing", "model-training"],
            "term_days": 365,
            "territory": "CN",
            "usable_not_visible": false,
            "exclusive": false
        },
        "audience": null,
        "published_at": "2026-11-22T02:47:32.123Z",
        "valid_until": null
    }))]
    pub(crate) struct Offer {
        /// The id of its `offer.publish` entry.
        id: OfferIdText,
        /// The product.
        product: ProductIdText,
        /// The product's revision when the offer was made.
        revision: u32,
        /// Who sells.
        supplier: PartyIdText,
        /// Where it stands.
        state: OfferState,
        /// What is paid in.
        asset: AssetText,
        /// What one unit is.
        pricing: Pricing,
        /// Price of one unit in major units, tax exclusive.
        unit_price: UnitPriceText,
        /// What a licence allows.
        terms: Terms,
        /// The one buyer it is made to.
        audience: Option<PartyIdText>,
        /// When it was published.
        published_at: TimestampText,
        /// When it ends.
        valid_until: Option<TimestampText>,
    }
}
