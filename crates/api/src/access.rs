//! Who may call what: one table of every route, and the gate that holds each request to it.
//!
//! A path or method that is not in the table cannot be called, so a new endpoint without an entry here is not open by
//! accident. The table also writes the security section of the OpenAPI document and `tests/routes.txt`.

use crate::{
    ApiState, Problem,
    page::Listing,
    token::{Subject, TokenClaims, TokenRole},
};
use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use databourse_primitives::{Label, PartyId, Refusal, RefusalCode};
use databourse_store::Column;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use TokenRole::{Auditor, Buyer, Merchant, Operator};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; a token that is sent must still be valid, and may show more.
    Everybody,
    /// Bearers of one of these roles.
    Roles(&'static [TokenRole]),
}

impl Access {
    /// Whether a token is needed.
    pub const fn needs_token(self) -> bool {
        matches!(self, Self::Roles(_))
    }
}

/// A method of a path and who may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method; `GET` includes `HEAD`.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
}

const ANY: Access = Access::Roles(&TokenRole::ALL);
const PARTY: Access = Access::Roles(&[Merchant, Buyer]);
const MERCHANT: Access = Access::Roles(&[Merchant]);
const OPERATOR: Access = Access::Roles(&[Operator]);
const OVERSIGHT: Access = Access::Roles(&[Operator, Auditor]);

macro_rules! table {
    ($($method:ident $path:literal $access:expr;)*) => {
        &[$(Route { method: stringify!($method), path: $path, access: $access },)*]
    };
}

const ROUTES: &[Route] = table! {
    GET "/healthz" Access::Everybody;
    GET "/readyz" Access::Everybody;
    GET "/v1/region/health" Access::Everybody;
    GET "/metrics" Access::Everybody;
    GET "/openapi.json" Access::Everybody;
    GET "/docs" Access::Everybody;
    GET "/docs/" Access::Everybody;
    GET "/docs/{*rest}" Access::Everybody;
    GET "/verify" Access::Everybody;
    GET "/verify/{number}" Access::Everybody;
    GET "/verify/assets/{file}" Access::Everybody;
    GET "/verify.html" Access::Everybody;
    GET "/checkpoint" Access::Everybody;
    GET "/tile/{level}/{*index}" Access::Everybody;
    GET "/tile/entries/{*index}" OVERSIGHT;
    GET "/v1/events" Access::Everybody;
    GET "/v1/region" Access::Everybody;
    GET "/v1/region/proposals" OVERSIGHT;
    GET "/v1/region/snapshots" Access::Everybody;
    GET "/v1/region/snapshots/{height}/proof" OVERSIGHT;
    GET "/v1/policy" Access::Everybody;
    GET "/v1/policy/history" Access::Everybody;
    GET "/v1/region/end" Access::Everybody;
    GET "/v1/statistics/counts" Access::Everybody;
    GET "/v1/statistics/sales" Access::Everybody;
    GET "/v1/statistics/settlement" Access::Everybody;
    GET "/v1/parties" ANY;
    POST "/v1/parties" OPERATOR;
    GET "/v1/parties/{id}" ANY;
    POST "/v1/parties/{id}/keys" OPERATOR;
    POST "/v1/parties/{id}/revocation" OPERATOR;
    GET "/v1/rights" Access::Everybody;
    POST "/v1/rights" MERCHANT;
    GET "/v1/rights/{id}" Access::Everybody;
    GET "/v1/products" Access::Everybody;
    POST "/v1/products" MERCHANT;
    GET "/v1/products/facets" Access::Everybody;
    GET "/v1/products/{id}" Access::Everybody;
    GET "/v1/products/{id}/history" Access::Everybody;
    POST "/v1/products/{id}/revisions" MERCHANT;
    POST "/v1/products/{id}/pause" MERCHANT;
    POST "/v1/products/{id}/resume" MERCHANT;
    POST "/v1/products/{id}/delisting" MERCHANT;
    GET "/v1/products/{id}/shares" ANY;
    POST "/v1/products/{id}/shares" MERCHANT;
    GET "/v1/products/{id}/shares/{version}" ANY;
    GET "/v1/offers" Access::Everybody;
    POST "/v1/offers" MERCHANT;
    GET "/v1/offers/{id}" Access::Everybody;
    POST "/v1/offers/{id}/withdrawal" MERCHANT;
    GET "/v1/orders" ANY;
    POST "/v1/orders" Access::Roles(&[Buyer, Operator]);
    GET "/v1/orders/{id}" ANY;
    POST "/v1/orders/{id}/acceptance" Access::Roles(&[Buyer]);
    POST "/v1/orders/{id}/rejection" Access::Roles(&[Buyer]);
    POST "/v1/orders/{id}/expiry" OPERATOR;
    GET "/v1/licences" ANY;
    GET "/v1/licences/{id}" ANY;
    GET "/v1/deliveries" ANY;
    POST "/v1/deliveries" MERCHANT;
    GET "/v1/deliveries/{id}" ANY;
    GET "/v1/refunds" ANY;
    POST "/v1/refunds" Access::Roles(&[Merchant, Operator]);
    GET "/v1/refunds/{id}" ANY;
    GET "/v1/disputes" ANY;
    POST "/v1/disputes" Access::Roles(&[Buyer, Operator]);
    GET "/v1/disputes/{id}" ANY;
    POST "/v1/disputes/{id}/decision" OPERATOR;
    GET "/v1/vouchers" ANY;
    POST "/v1/vouchers" OPERATOR;
    GET "/v1/vouchers/{id}" ANY;
    GET "/v1/holds" ANY;
    GET "/v1/holds/{id}" ANY;
    POST "/v1/fees" OPERATOR;
    GET "/v1/accounts" ANY;
    POST "/v1/accounts/deposits" OPERATOR;
    POST "/v1/accounts/withdrawals" PARTY;
    GET "/v1/accounts/{id}" ANY;
    GET "/v1/accounts/{id}/postings" ANY;
    GET "/v1/accounts/{id}/balances" ANY;
    POST "/v1/accounts/{id}/constraint" OPERATOR;
    GET "/v1/tax-tables" Access::Everybody;
    POST "/v1/tax-tables" OPERATOR;
    GET "/v1/tax-tables/{number}" Access::Everybody;
    GET "/v1/schedules" Access::Everybody;
    POST "/v1/schedules" OPERATOR;
    GET "/v1/schedules/{asset}/{number}" Access::Everybody;
    GET "/v1/windows" OVERSIGHT;
    GET "/v1/windows/{asset}/{number}" OVERSIGHT;
    POST "/v1/windows/{asset}/{number}/closing" OPERATOR;
    POST "/v1/windows/{asset}/{number}/signatures" OPERATOR;
    GET "/v1/windows/{asset}/{number}/heads" OVERSIGHT;
    GET "/v1/windows/{asset}/{number}/positions" OVERSIGHT;
    POST "/v1/windows/{asset}/{number}/abortion" OPERATOR;
    GET "/v1/windows/{asset}/{number}/instructions" OVERSIGHT;
    POST "/v1/windows/{asset}/{number}/instructions" OPERATOR;
    POST "/v1/windows/{asset}/{number}/instructions/{instruction}/confirmation" OPERATOR;
    GET "/v1/windows/{asset}/{number}/payment-files" OVERSIGHT;
    GET "/v1/windows/{asset}/{number}/payment-files/{payer}" OVERSIGHT;
    GET "/v1/windows/{asset}/{number}/statements/{holder}" ANY;
    POST "/v1/confirmations" OPERATOR;
    POST "/v1/reconciliations" OPERATOR;
    GET "/v1/breaks" OVERSIGHT;
    POST "/v1/breaks" OPERATOR;
    GET "/v1/breaks/{id}" OVERSIGHT;
    POST "/v1/breaks/{id}/assignment" OPERATOR;
    POST "/v1/breaks/{id}/evidence" OPERATOR;
    POST "/v1/breaks/{id}/proposal" OPERATOR;
    POST "/v1/breaks/{id}/approval" OPERATOR;
    POST "/v1/breaks/{id}/rejection" OPERATOR;
    POST "/v1/breaks/{id}/resolution" OPERATOR;
    POST "/v1/breaks/{id}/write-off" OPERATOR;
    POST "/v1/breaks/{id}/escalation" OPERATOR;
    POST "/v1/breaks/{id}/carry" OPERATOR;
    GET "/v1/certificates" ANY;
    POST "/v1/certificates" OPERATOR;
    GET "/v1/certificates/{number}" Access::Everybody;
    GET "/v1/certificates/{number}/file" Access::Everybody;
    GET "/v1/certificates/{number}/qr.svg" Access::Everybody;
    GET "/v1/anchors" Access::Everybody;
    POST "/v1/anchors" OPERATOR;
    GET "/v1/anchors/{id}" Access::Everybody;
    GET "/v1/entries" Access::Everybody;
    POST "/v1/entries" Access::Roles(&[Merchant, Buyer, Operator]);
    GET "/v1/entries/{id}" ANY;
    GET "/v1/entries/{id}/receipt" ANY;
    POST "/v1/commands" OPERATOR;
};

/// Every route of this crate and who may call it.
pub const fn routes() -> &'static [Route] {
    ROUTES
}

/// Who calls: nobody in particular, or the bearer of a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller(Option<TokenClaims>);

impl Caller {
    pub(crate) fn has(&self, role: TokenRole) -> bool {
        self.0.as_ref().is_some_and(|claims| claims.roles.contains(&role))
    }

    /// Whether the caller sees what belongs to anybody.
    pub(crate) fn oversees(&self) -> bool {
        self.has(Operator) || self.has(Auditor)
    }

    /// The party that calls, if one does.
    pub(crate) fn party(&self) -> Option<PartyId> {
        match self.0.as_ref()?.subject {
            Subject::Party(id) => Some(id),
            Subject::Person(_) => None,
        }
    }

    /// Whether the caller oversees or is one of `parties`.
    pub(crate) fn may_see(&self, parties: &[PartyId]) -> bool {
        self.oversees() || self.party().is_some_and(|own| parties.contains(&own))
    }

    /// The party as which the caller acts. The gate has asked for a role that only parties have, so this holds.
    pub(crate) fn acting_party(&self) -> Result<PartyId, Problem> {
        let expected = "a token whose subject is a party";
        self.party().ok_or_else(|| Problem::refusal(RefusalCode::TokenRoleMissing, "Authorization", expected))
    }

    /// The person who is signed in, as entries about breaks name one. A body never says who acts, so that the second
    /// person is another sign-in.
    pub(crate) fn acting_person(&self) -> Result<Label, Problem> {
        let person = match self.0.as_ref().map(|claims| &claims.subject) {
            Some(Subject::Person(name)) => name.parse().ok(),
            _ => None,
        };
        let expected = "a token whose subject is a person named by 1 to 64 letters, digits or `. _ : / -`";
        person.ok_or_else(|| Problem::refusal(RefusalCode::TokenInvalid, "Authorization", expected))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::internal(&"a route without a gate"))
    }
}

/// On which side of a trade a party looks for its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TradeSide {
    /// What it bought.
    Buyer,
    /// What it sold.
    Supplier,
}

impl Caller {
    /// Narrows a list to what the caller may see: everything for those who oversee, else what the party has on one
    /// `side`: the named one, or the buyer's if the token has that role, or the supplier's.
    ///
    /// The store takes several values of one column as alternatives, so a filter for somebody else is refused here
    /// rather than joined with the party's own.
    pub(crate) fn narrow(&self, listing: Listing, side: Option<TradeSide>) -> Result<Listing, Problem> {
        let default = if self.has(Buyer) { TradeSide::Buyer } else { TradeSide::Supplier };
        let column = match side.unwrap_or(default) {
            TradeSide::Buyer => Column::Buyer,
            TradeSide::Supplier => Column::Supplier,
        };
        match side {
            None if self.oversees() => Ok(listing),
            Some(_) if self.oversees() && self.party().is_none() => {
                let expected = "no `side`: this token sees both";
                Err(Problem::refusal(RefusalCode::RequestMalformed, "side", expected))
            }
            _ => self.narrow_to(listing, column, &self.acting_party()?),
        }
    }

    /// Narrows a list to rows whose `column` is `own`.
    pub(crate) fn narrow_to(
        &self,
        listing: Listing,
        column: Column,
        own: &impl ToString,
    ) -> Result<Listing, Problem> {
        let own = own.to_string();
        let mut asked = listing.filters.iter().filter(|(known, _)| *known == column).peekable();
        if asked.peek().is_none() {
            return Ok(listing.filter(column, own));
        }
        if asked.all(|(_, value)| *value == own) {
            return Ok(listing);
        }
        Err(Problem::forbidden("a filter that names yourself"))
    }
}

/// Holds a matched request to the table: method, then token, then role.
pub(crate) async fn gate(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let admitted = path
        .ok_or_else(|| Problem::internal(&"a route without a path"))
        .and_then(|path| access_of(&path, request.method()))
        .and_then(|access| admit(&state, access, request.headers()));
    match admitted {
        Ok(caller) => {
            if let Some(claims) = &caller.0 {
                tracing::Span::current().record("subject", tracing::field::display(&claims.subject));
            }
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn access_of(path: &str, method: &Method) -> Result<Access, Problem> {
    let asked = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let known = ROUTES.iter().filter(|route| route.path == path);
    if let Some(route) = known.clone().find(|route| route.method == asked) {
        return Ok(route.access);
    }
    let mut methods: Vec<_> = known.map(|route| route.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    Err(Problem::method_not_allowed(&methods.join(", ")))
}

fn admit(state: &ApiState, access: Access, headers: &HeaderMap) -> Result<Caller, Problem> {
    let claims = bearer(headers)?.map(|token| state.tokens.verify(token)).transpose()?;
    if let Access::Roles(roles) = access {
        let expected = "`Authorization: Bearer <token>`";
        let claims = claims
            .as_ref()
            .ok_or_else(|| Refusal::new(RefusalCode::TokenMissing, "Authorization", expected))?;
        if !roles.iter().any(|role| claims.roles.contains(role)) {
            let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            let expected = format!("a token with the role {}", names.join(" or "));
            return Err(Refusal::new(RefusalCode::TokenRoleMissing, "Authorization", expected).into());
        }
    }
    Ok(Caller(claims))
}

/// The bearer token of a request (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), rest) = (values.next(), values.next()) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| value.split_once(' ')).filter(|_| rest.is_none());
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Refusal::new(
            RefusalCode::TokenInvalid,
            "Authorization",
            "one header `Authorization: Bearer <token>`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reading_is_open_to_everybody() {
        for route in routes() {
            assert!(route.access.needs_token() || route.method == "GET", "{route:?}");
        }
    }

    #[test]
    fn auditors_change_nothing() {
        for route in routes() {
            let Access::Roles(roles) = route.access else { continue };
            assert_eq!(roles.contains(&Auditor), route.method == "GET", "{route:?}");
        }
    }

    #[test]
    fn a_method_that_is_not_in_the_table_is_not_allowed() {
        assert_eq!(access_of("/v1/region", &Method::HEAD).unwrap(), Access::Everybody);
        assert_eq!(access_of("/v1/region", &Method::DELETE).unwrap_err().code(), "request.method");
        assert_eq!(access_of("/v1/unheard-of", &Method::GET).unwrap_err().code(), "request.method");
    }

    #[test]
    fn a_party_cannot_widen_a_list_to_others() {
        let own: PartyId = "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap();
        let caller = |roles: &[TokenRole], subject| {
            let roles = roles.iter().copied().collect();
            let at = databourse_primitives::Timestamp::EPOCH;
            Caller(Some(TokenClaims { subject, roles, issued_at: at, expires_at: at }))
        };
        let buyer = caller(&[Buyer, Merchant], Subject::Party(own));
        let filters = |caller: &Caller, listing, side| caller.narrow(listing, side).map(|it| it.filters);
        let mine = vec![(Column::Buyer, own.to_string())];
        assert_eq!(filters(&buyer, Listing::default(), None).unwrap(), mine);
        assert_eq!(filters(&buyer, Listing::default().filter(Column::Buyer, own), None).unwrap(), mine);
        let sold = filters(&buyer, Listing::default(), Some(TradeSide::Supplier)).unwrap();
        assert_eq!(sold, [(Column::Supplier, own.to_string())]);
        let other = Listing::default().filter(Column::Buyer, "019aa2b4-5c00-7000-8000-000000000002");
        assert_eq!(filters(&buyer, other, None).unwrap_err().code(), "resource.forbidden");
        let merchant = caller(&[Merchant], Subject::Party(own));
        assert_eq!(filters(&merchant, Listing::default(), None).unwrap()[0].0, Column::Supplier);
        let operator = caller(&[Operator], Subject::Person("li.na".to_owned()));
        assert_eq!(filters(&operator, Listing::default(), None).unwrap(), []);
        assert!(filters(&operator, Listing::default(), Some(TradeSide::Buyer)).is_err());
        assert!(filters(&Caller(None), Listing::default(), None).is_err());
    }

    #[test]
    fn the_header_is_read_strictly() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, (*value).parse().unwrap());
            }
            bearer(&headers).map(|token| token.map(str::to_owned)).map_err(|refusal| refusal.code)
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["Bearer abc"]), Ok(Some("abc".to_owned())));
        assert_eq!(read(&["bearer abc"]), Ok(Some("abc".to_owned())));
        for bad in [&["Basic abc"][..], &["Bearer"], &["Bearer a", "Bearer b"], &[""]] {
            assert_eq!(read(bad), Err(RefusalCode::TokenInvalid), "{bad:?}");
        }
    }
}
