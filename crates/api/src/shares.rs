//! `/v1/products/{id}/shares`: who gets what part of a product's revenue, as versioned data (stage 5).

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Listing, Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_listing::Product;
use databourse_primitives::{Holder, ProductId, SharesVersion};
use databourse_settlement::{PublishShares, ShareNode, ShareTree};
use databourse_store::Column;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, publish)).routes(routes!(get))
}

/// The next version of a product's revenue shares.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "version": 1,
    "root": [
        { "name": "operator", "weight_bp": 7000, "beneficiary": "party:019aa2b4-5c00-7000-8000-000000000001" },
        { "name": "sources", "weight_bp": 3000, "children": [
            { "name": "holder", "weight_bp": 9000, "beneficiary": "party:019aa2b4-5c00-7000-8000-000000000007" },
            { "name": "public", "weight_bp": 1000, "beneficiary": "exchange:sh" }
        ] }
    ]
}))]
pub(crate) struct Shares {
    /// Versions of a product's shares follow one another without gaps, from 1.
    #[schema(value_type = u64, minimum = 1)]
    version: SharesVersion,
    /// The tree, from its first level; siblings' weights sum to 10,000.
    #[schema(value_type = Vec<schema::ShareNode>)]
    root: Vec<ShareNode>,
}

/// Publishes the next version of a product's revenue shares. What was sold before is shared as it was agreed.
#[utoipa::path(post, path = "/v1/products/{id}/shares", operation_id = "publishShares", tag = "products",
    params(("id" = ProductIdText, Path)), request_body = Shares,
    responses((status = 201, description = "Published.", body = Acknowledged)))]
async fn publish(
    State(api): State<ApiState>,
    caller: Caller,
    Named(product): Named<ProductId>,
    key: IdempotencyKey,
    JsonBody(Shares { version, root }): JsonBody<Shares>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    let location = format!("/v1/products/{product}/shares/{version}");
    api.record(key, acting, PublishShares { product, version, root }, |_| location).await
}

/// A tree is for who sells the product, for those who get a share, and for those who oversee.
fn may_see(tree: &ShareTree, sells: bool, caller: &Caller) -> bool {
    let shares = |own| tree.beneficiaries().contains(&Holder::Party(own));
    sells || caller.oversees() || caller.party().is_some_and(shares)
}

list_parameters!(ShareParameters {});

/// Lists the versions of a product's revenue shares.
///
/// Its supplier, operators and auditors see all; others the versions in which they have a share, so a page may hold
/// fewer items than `limit`.
#[utoipa::path(get, path = "/v1/products/{id}/shares", operation_id = "listShares", tag = "products",
    params(("id" = ProductIdText, Path), ShareParameters),
    responses((status = 200, description = "A page.", body = Page<schema::ShareTree>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<ProductId>,
    Parameters(asked): Parameters<ShareParameters>,
) -> Result<Json<Page<ShareTree>>, Problem> {
    let product: Product = api.find(&id).await?;
    let sells = caller.may_see(&[product.supplier]);
    let listing = Listing::from(asked).filter(Column::Product, id);
    let mut page = api.list::<ShareTree>(listing).await?;
    page.items.retain(|tree| may_see(tree, sells, &caller));
    Ok(Json(page))
}

/// Shows a version of a product's revenue shares to its supplier, to those who have a share in it, operators and
/// auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/products/{id}/shares/{version}", operation_id = "getShares", tag = "products",
    params(("id" = ProductIdText, Path), ("version" = u64, Path, minimum = 1, example = 1)),
    responses((status = 200, description = "The shares.", body = schema::ShareTree)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named((id, version)): Named<(ProductId, SharesVersion)>,
) -> Result<Json<ShareTree>, Problem> {
    let product: Product = api.find(&id).await?;
    let tree: ShareTree = api.find(&format!("{id}@{version}")).await?;
    if may_see(&tree, caller.may_see(&[product.supplier]), &caller) {
        return Ok(Json(tree));
    }
    Err(Problem::forbidden("a product that you sell or have a share in"))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// A branch or leaf of a tree of shares: either `beneficiary` or `children`.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct ShareNode {
        /// What the share is for: holder, processor, operator, exchange, public.
        name: LabelText,
        /// Its part of what its parent gets, in basis points.
        #[schema(minimum = 1, maximum = 10000)]
        weight_bp: u16,
        /// Who gets it.
        beneficiary: Option<HolderText>,
        /// Several, in proportion to their weights.
        #[schema(no_recursion)]
        children: Option<Vec<ShareNode>>,
    }

    /// Published revenue shares.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "product": "019aa2b4-5c00-7000-8000-000000000003",
        "version": 1,
        "root": [
            { "name": "operator", "weight_bp": 7000, "beneficiary": "party:019aa2b4-5c00-7000-8000-000000000001" },
            { "name": "sources", "weight_bp": 3000, "children": [
                { "name": "holder", "weight_bp": 9000, "beneficiary": "party:019aa2b4-5c00-7000-8000-000000000007" },
                { "name": "public", "weight_bp": 1000, "beneficiary": "exchange:sh" }
            ] }
        ],
        "published_at": "2026-11-22T02:47:32.123Z",
        "carry": { "exchange:sh": 300000000, "party:019aa2b4-5c00-7000-8000-000000000001": -300000000 },
        "books": { "exchange:sh": "sh", "party:019aa2b4-5c00-7000-8000-000000000001": "sh" }
    }))]
    pub(crate) struct ShareTree {
        /// The product.
        product: ProductIdText,
        /// Its version, from 1.
        version: u64,
        /// The tree, from its first level.
        root: Vec<ShareNode>,
        /// When it was published.
        published_at: TimestampText,
        /// What each holder is still owed, or has had in advance, of the minor unit: numerators over 10^12.
        carry: Option<BTreeMap<String, i64>>,
        /// The exchange whose book holds each beneficiary's money.
        books: Option<BTreeMap<String, ExchangeCodeText>>,
    }
}
