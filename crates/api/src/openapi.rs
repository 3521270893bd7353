//! `/openapi.json`: OpenAPI 3.1, from the code of the endpoints and the table of `access`.

use crate::{
    Problem,
    access::{Access, Route, routes},
    scalar,
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use utoipa::{
    OpenApi as _, PartialSchema, ToSchema,
    openapi::{
        Content, HeaderBuilder, InfoBuilder, OpenApi, Ref, RefOr, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

const BEARER: &str = "bearer";

const DESCRIPTION: &str = "\
A marketplace ledger for a region's data exchanges. 数据交易所的市场账本。

**Commands** are `POST`s. Each becomes a signed entry of the ledger and is answered when it is durable, with 201 and its \
place; the same again is answered with 200 and the first answer. The id of the entry is the `Idempotency-Key` header, a \
UUIDv7; it is also the id of what the command makes. Send a command again with the same key until it is answered.

**Lists** take `limit`, `cursor` and `sort`, and answer `items` and `next`; without `next` the list ends.

**Refusals** are RFC 9457 problems with a stable `code`; the meaning of each stands in docs/refusals.md.

**Tokens** are bearer JWT of the exchange, made with `databourse token`. A party sees what is its own: a record of \
somebody else is 403 `resource.forbidden`, one that does not exist is 404 `resource.unknown`.

**In paths** the `/` of an asset is written `-`: `CNY/2` is `CNY-2`, the window `CNY/2#7` is `/v1/windows/CNY-2/7`.";

const TAGS: [(&str, &str); 24] = [
    ("region", "The region, its exchanges, and how to verify its ledger. 区域"),
    ("parties", "Stage 1: certification of parties. 主体登记"),
    ("rights", "Stage 1: rights in data. 数据权利登记"),
    ("products", "Stage 2: the catalogue. 产品挂牌"),
    ("offers", "Stage 2: price and terms. 要约"),
    ("orders", "Stage 3: buying; stage 4: accepting and rejecting. 订单"),
    ("licences", "Stages 3 and 4: one line of an order, one purpose. 许可"),
    ("deliveries", "Stage 4: proof of what was handed over. 交付"),
    ("refunds", "Stage 5: money given back. 退款"),
    ("disputes", "Stage 5: disputes and chargebacks. 争议"),
    ("vouchers", "Stage 5: innovation vouchers. 科技创新券"),
    ("holds", "Stage 5: money held for orders and disputes. 冻结"),
    ("fees", "Stage 5: yearly fees. 年费"),
    ("accounts", "Stage 5: double-entry accounts. 账户"),
    ("tax-tables", "Stage 5: rates of value-added tax. 税率表"),
    ("schedules", "Stage 5: fees. 费率表"),
    ("windows", "Stage 5: settlement windows and the payments between exchanges. 结算窗口"),
    ("breaks", "Stage 5: differences between two exchanges' books. 差错"),
    ("certificates", "Stage 6: proof of completed trades. 交易凭证"),
    ("anchors", "Checkpoints and statements on a public chain. 锚定"),
    ("entries", "The ledger's entries and their proofs. 条目"),
    ("ledger", "Checkpoint and tiles (C2SP tlog-tiles), and news of them. 账本"),
    ("statistics", "The market in figures. 统计"),
    ("node", "For those who run the node. 节点"),
];

/// What the derived parts begin with: what only parameters and problems name.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    Problem,
    crate::party::schema::PartyStateFilter,
    crate::proposal::schema::ProposalStateName,
    crate::licence::schema::LicenceStateName,
    crate::window::schema::WindowStateName,
    crate::hold::schema::HoldStateName,
    crate::dispute::schema::DisputeStateName,
    crate::anchor::AnchorKind,
    crate::breaks::schema::BreakStateName
)))]
struct Base;

pub(crate) fn base() -> OpenApi {
    let mut document = Base::openapi();
    document.info = InfoBuilder::new()
        .title("Databourse")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(utoipa::openapi::License::new("Apache-2.0")))
        .build();
    document.tags = Some(
        TAGS.iter()
            .map(|(name, text)| TagBuilder::new().name(*name).description(Some(*text)).build())
            .collect(),
    );
    let components = document.components.get_or_insert_default();
    components.schemas.extend(scalar::all());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token of this exchange, made with `databourse token`."));
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    document
}

/// Adds to every operation what follows from the table: who may call it, which refusals it can answer.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        for route in routes().iter().filter(|route| route.path == path) {
            if let Some(operation) = operation_of(&mut item, route.method) {
                complete(operation, route);
            }
        }
        // OpenAPI has no parameters that span segments; clients put the slashes in as they are.
        document.paths.paths.insert(path.replace("{*", "{"), item);
    }
    document
}

fn operation_of<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        _ => None,
    }
}

fn complete(operation: &mut Operation, route: &Route) {
    let mut problems =
        vec![(400, "The request cannot be read."), (500, "The node failed."), (503, "Try again.")];
    problems.push((504, "The request took too long."));
    if route.path.contains('{') {
        problems.push((404, "It does not exist."));
    }
    // A token that is sent is checked everywhere.
    problems.push((401, "The token is missing, invalid or expired."));
    match route.access {
        Access::Everybody => operation.security = Some(vec![SecurityRequirement::default(), bearer()]),
        Access::Roles(roles) => {
            operation.security = Some(vec![bearer()]);
            let names: Vec<_> = roles.iter().map(|role| format!("`{}`", role.as_str())).collect();
            let text = operation.description.take().unwrap_or_default();
            let gap = if text.is_empty() { "" } else { "\n\n" };
            operation.description = Some(format!("{text}{gap}Needs the role {}.", names.join(" or ")));
        }
    }
    if route.access.needs_token() || route.path.contains("{id}") {
        problems.push((403, "The caller may not."));
    }
    if route.method == "POST" {
        problems.push((409, "It contradicts what is recorded."));
        problems.push((413, "Too many bytes."));
        problems.push((415, "Not a content type that this path reads."));
        problems.push((422, "A rule of the market says no."));
        acknowledge(operation, route);
    }
    for (status, description) in problems {
        let problem = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", Content::new(Some(Ref::from_schema_name(Problem::name()))));
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| problem.build().into());
    }
}

/// Commands take a key and may be answered twice.
fn acknowledge(operation: &mut Operation, route: &Route) {
    let Some(RefOr::T(created)) = operation.responses.responses.get_mut("201") else { return };
    let location = HeaderBuilder::new().description(Some("Where the thing is that was made or changed."));
    created.headers.insert("Location".to_owned(), RefOr::T(location.schema(Some(String::schema())).build()));
    let mut repeated = created.clone();
    repeated.description = "Answered before; the first answer again.".to_owned();
    operation.responses.responses.entry("200".to_owned()).or_insert(RefOr::T(repeated));
    if route.path == "/v1/entries" {
        return;
    }
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("The id of the entry; a new one if absent."))
        .schema(Some(Ref::from_schema_name(scalar::EntryIdText::name())));
    operation.parameters.get_or_insert_default().push(RefOr::T(key.build()));
}

fn bearer() -> SecurityRequirement {
    SecurityRequirement::new(BEARER, Vec::<String>::new())
}

/// Serves the document.
pub(crate) fn serve(json: &Arc<str>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}
