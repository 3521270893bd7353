//! `/v1/products`: the catalogue (stage 2).

mod history;
mod search;

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_listing::{
    DelistProduct, ListProduct, PauseProduct, Product, ProductDetails, ResumeProduct, ReviseProduct,
};
use databourse_market::Command;
use databourse_primitives::{Line, ProductId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(search::list, publish))
        .routes(routes!(search::facets))
        .routes(routes!(get))
        .routes(routes!(history::list))
        .routes(routes!(revise))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(delist))
}

/// Lists a product on a right that the caller's party holds.
#[utoipa::path(post, path = "/v1/products", operation_id = "listProduct", tag = "products",
    request_body = schema::ListProduct, responses((status = 201, description = "Listed.", body = Acknowledged)))]
async fn publish(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<ListProduct>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    api.record(key, acting, command, |id| format!("/v1/products/{id}")).await
}

/// The next revision of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "revision": 2,
    "details": {
        "title": { "zh": "长三角逐小时气象", "en": "Hourly weather of the Delta" },
        "description": { "en": "Temperature, wind and rain of 412 stations since 2015." },
        "kind": "dataset"
    }
}))]
pub(crate) struct Revision {
    /// One above the latest, so that two revisers cannot overwrite each other.
    revision: u32,
    /// What the product is from now on; it replaces everything.
    #[schema(value_type = schema::ProductDetails)]
    details: ProductDetails,
}

/// Makes the next revision of a product.
#[utoipa::path(post, path = "/v1/products/{id}/revisions", operation_id = "reviseProduct", tag = "products",
    params(("id" = ProductIdText, Path)), request_body = Revision,
    responses((status = 201, description = "Revised.", body = Acknowledged)))]
async fn revise(
    State(api): State<ApiState>,
    caller: Caller,
    Named(product): Named<ProductId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Revision>,
) -> Result<Done, Problem> {
    let command = ReviseProduct { product, revision: asked.revision, details: asked.details };
    change(&api, &caller, key, product, command).await
}

/// Why a listing changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Yearly maintenance" }))]
pub(crate) struct Reason {
    /// For those who look it up later.
    #[serde(default)]
    #[schema(value_type = Option<LineText>)]
    reason: Option<Line>,
}

/// Stops ordering; the product stays in the catalogue.
#[utoipa::path(post, path = "/v1/products/{id}/pause", operation_id = "pauseProduct", tag = "products",
    params(("id" = ProductIdText, Path)), request_body = Reason,
    responses((status = 201, description = "Paused.", body = Acknowledged)))]
async fn pause(
    State(api): State<ApiState>,
    caller: Caller,
    Named(product): Named<ProductId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Reason>,
) -> Result<Done, Problem> {
    change(&api, &caller, key, product, PauseProduct { product, reason: asked.reason }).await
}

/// Starts ordering again.
#[utoipa::path(post, path = "/v1/products/{id}/resume", operation_id = "resumeProduct", tag = "products",
    params(("id" = ProductIdText, Path)), request_body = Reason,
    responses((status = 201, description = "Resumed.", body = Acknowledged)))]
async fn resume(
    State(api): State<ApiState>,
    caller: Caller,
    Named(product): Named<ProductId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Reason>,
) -> Result<Done, Problem> {
    change(&api, &caller, key, product, ResumeProduct { product, reason: asked.reason }).await
}

/// Takes a product out of the catalogue for good. Licences already sold stay as they are.
#[utoipa::path(post, path = "/v1/products/{id}/delisting", operation_id = "delistProduct", tag = "products",
    params(("id" = ProductIdText, Path)), request_body = Reason,
    responses((status = 201, description = "Delisted.", body = Acknowledged)))]
async fn delist(
    State(api): State<ApiState>,
    caller: Caller,
    Named(product): Named<ProductId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Reason>,
) -> Result<Done, Problem> {
    change(&api, &caller, key, product, DelistProduct { product, reason: asked.reason }).await
}

async fn change(
    api: &ApiState,
    caller: &Caller,
    key: IdempotencyKey,
    product: ProductId,
    command: impl Into<Command>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    api.record(key, acting, command, |_| format!("/v1/products/{product}")).await
}

/// Shows a product, delisted ones too.
#[utoipa::path(get, path = "/v1/products/{id}", operation_id = "getProduct", tag = "products",
    params(("id" = ProductIdText, Path)),
    responses((status = 200, description = "The product.", body = schema::Product)))]
async fn get(State(api): State<ApiState>, Named(id): Named<ProductId>) -> Result<Json<Product>, Problem> {
    Ok(Json(api.find(&id).await?))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `listing`")]
pub(crate) mod schema {
    use crate::{right::schema::DataClass, scalar::*};
    use utoipa::ToSchema;

    /// What a product is.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum ProductKind {
        Dataset,
        ApiService,
        Report,
        Model,
        Compute,
    }

    /// Where a listing stands.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum ProductState {
        Listed,
        OrderingPaused,
        Delisted,
    }

    /// What a supplier says of a product; a revision replaces all of it.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct ProductDetails {
        /// Its title.
        title: BilingualTextObject,
        /// What it is, for buyers.
        description: BilingualTextObject,
        /// What kind it is.
        kind: ProductKind,
        /// Words to find it by: at most 30.
        #[schema(required = false, max_items = 30)]
        keywords: Vec<LineText>,
        /// How often it is updated.
        update_frequency: Option<LineText>,
        /// A page about it.
        landing_page: Option<LineText>,
        /// Terms that the source itself carries.
        source_licence: Option<LineText>,
        /// Digest of the record that describes it elsewhere.
        source_digest: Option<DigestText>,
        /// Reference of the de-identification certificate; personal data must have one.
        deidentification: Option<LineText>,
    }

    /// A product and the right it rests on.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "right": "019aa2b4-5c00-7000-8000-000000000002",
        "details": {
            "title": { "zh": "长三角逐小时气象", "en": "Hourly weather of the Delta" },
            "description": { "en": "Temperature, wind and rain of 412 stations since 2015." },
            "kind": "dataset",
            "keywords": ["weather", "气象"],
            "update_frequency": "hourly"
        }
    }))]
    pub(crate) struct ListProduct {
        /// The right it rests on.
        right: RightIdText,
        /// What it is.
        details: ProductDetails,
    }

    /// A listed product.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-000000000003",
        "supplier": "019aa2b4-5c00-7000-8000-000000000001",
        "exchange": "sh",
        "right": "019aa2b4-5c00-7000-8000-000000000002",
        "data_class": "enterprise",
        "state": "listed",
        "revision": 1,
        "details": {
            "title": { "zh": "长三角逐小时气象", "en": "Hourly weather of the Delta" },
            "description": { "en": "Temperature, wind and rain of 412 stations since 2015." },
            "kind": "dataset",
            "keywords": ["weather", "气象"],
            "update_frequency": "hourly"
        },
        "listed_at": "2026-11-22T02:47:32.123Z",
        "changed_at": "2026-11-22T02:47:32.123Z"
    }))]
    pub(crate) struct Product {
        /// The id of its `product.list` entry.
        id: ProductIdText,
        /// Who sells it.
        supplier: PartyIdText,
        /// The exchange that listed it.
        exchange: ExchangeCodeText,
        /// The right it rests on.
        right: RightIdText,
        /// Class of the data.
        data_class: DataClass,
        /// Where the listing stands.
        state: ProductState,
        /// Number of the latest revision, from 1.
        revision: u32,
        /// What it is.
        details: ProductDetails,
        /// When it was listed.
        listed_at: TimestampText,
        /// When it changed last.
        changed_at: TimestampText,
    }
}
