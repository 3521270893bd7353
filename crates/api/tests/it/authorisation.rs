//! Every route, under every kind of token that it must not be open to.

use crate::support::TestExchange;
use axum::body::Body;
use databourse_api::{Access, routes, token::TokenRole};

const PARTY: &str = "019b8b6e-0000-7000-8000-0000000000f1";

/// A path with something in place of each parameter.
fn concrete(path: &str) -> String {
    path.replace("/v1/accounts/{id}", "/v1/accounts/exchange:sh:bank:CNY-2")
        .replace("/v1/licences/{id}", &format!("/v1/licences/{PARTY}.1"))
        .replace("/v1/certificates/{number}", "/v1/certificates/sh-2026-00000001")
        .replace("{id}", PARTY)
        .replace("{asset}", "CNY-2")
        .replace("{height}", "1")
        .replace("{number}", "1")
        .replace("{instruction}", "1")
        .replace("{version}", "1")
        .replace("{holder}", &format!("party:{PARTY}"))
        .replace("{payer}", "sh")
        .replace("{level}/{*index}", "0/000.p/1")
        .replace("{*index}", "000.p/1")
        .replace("{*rest}", "swagger-ui.css")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_the_token_and_role_of_the_table() {
    let exchange = TestExchange::start().await;
    let now = exchange.node.now();
    let subject = |role| if role == TokenRole::Operator { "li.na" } else { PARTY };
    let valid = |role| exchange.token(subject(role), &[role]);
    let operator = valid(TokenRole::Operator);
    let altered = format!("{}A{}", &operator[..operator.len() - 10], &operator[operator.len() - 9..]);
    let foreign = {
        let seed = [9; 32];
        let other = databourse_api::token::TokenSigner::from_seed(seed, "sh".parse().unwrap());
        let claims = databourse_api::token::TokenClaims {
            subject: databourse_api::token::Subject::parse("li.na").unwrap(),
            roles: [TokenRole::Operator].into(),
            issued_at: now,
            expires_at: now.plus_ms(60_000),
        };
        other.mint(&claims).unwrap()
    };
    let expired = exchange.token_until("li.na", &[TokenRole::Operator], now.plus_ms(-31_000));
    let early = exchange.token_until("li.na", &[TokenRole::Operator], now.plus_ms(86_400_000 + 32_000));
    for route in routes() {
        let path = concrete(route.path);
        let call = async |token: &str| {
            let request = exchange.request(route.method, token, &path);
            let request = request.header("content-type", "application/json").body(Body::from("[]")).unwrap();
            let answer = exchange.send(request).await;
            (answer.status.as_u16(), answer.code())
        };
        let place = format!("{} {path}", route.method);
        for (token, code) in [
            (&altered, "token.invalid"),
            (&foreign, "token.invalid"),
            (&early, "token.invalid"),
            (&expired, "token.expired"),
        ] {
            assert_eq!(call(token).await, (401, code.to_owned()), "{place}");
        }
        match route.access {
            Access::Everybody => {
                let (status, code) = call("").await;
                assert!([200, 303, 404].contains(&status), "{place}: {status} {code}");
            }
            Access::Roles(roles) => {
                assert_eq!(call("").await, (401, "token.missing".to_owned()), "{place}");
                for role in TokenRole::ALL {
                    let (status, code) = call(&valid(role)).await;
                    if roles.contains(&role) {
                        assert!(status != 401 && !code.starts_with("token."), "{place} as {role:?}: {code}");
                        assert!(status < 500, "{place} as {role:?}: {status} {code}");
                    } else {
                        assert_eq!(
                            (status, code.as_str()),
                            (403, "token.role_missing"),
                            "{place} as {role:?}"
                        );
                    }
                }
            }
        }
    }
    exchange.running.stop().await;
}
