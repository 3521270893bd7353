//! The provider for demonstrations answers its consoles and nobody else, and each code once.

use super::{
    region::Region,
    world::{Browser, CLIENT, parameter},
};
use serde_json::Value;

#[tokio::test]
async fn the_provider_answers_its_consoles_only() {
    let region = Region::start().await;
    let mut browser = Browser::new();
    let page = region.ask(&mut browser, &region.sh).await;
    for (name, value) in
        [("redirect_uri", "https://elsewhere.example/"), ("client_id", "another"), ("redirect_uri", "")]
    {
        let query = form_urlencoded::parse(page.url.split_once('?').unwrap().1.as_bytes()).into_owned();
        let query =
            query.map(|(known, old)| if known == name { (known, value.to_owned()) } else { (known, old) });
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let answer = browser.get(&format!("{}/authorize?{query}", region.issuer)).await;
        assert!(answer.status == 400 && answer.onward().is_none(), "{name}");
    }
    for (name, error) in [
        ("code_challenge", "invalid_request"),
        ("scope", "invalid_scope"),
        ("response_type", "unsupported_response_type"),
    ] {
        let url = page.url.replace(&format!("{name}="), "unknown=");
        let answer = browser.get(&url).await.onward().unwrap();
        assert!(answer.starts_with(&region.sh) && parameter(&answer, "error") == error, "{answer}");
    }
    let silent = browser.get(&format!("{}&prompt=none", page.url)).await.onward().unwrap();
    assert_eq!(parameter(&silent, "error"), "login_required");
    // A form of another site does not choose for anybody.
    let fields =
        ["client_id", "redirect_uri", "response_type", "scope", "code_challenge", "code_challenge_method"];
    let fields: Vec<_> = fields.map(|name| (name, page.value_of(name))).into_iter().collect();
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("person", "li.na"));
    let url = format!("{}/authorize", region.issuer);
    let foreign = browser.post_from("https://elsewhere.example", &url, &fields).await;
    assert!(foreign.status == 400 && foreign.headers.get("set-cookie").is_none());
    fields.pop();
    fields.push(("person", "nobody"));
    assert_eq!(browser.post(&url, &fields).await.status, 400);
    // Nor does the way out lead elsewhere.
    for to in ["https://elsewhere.example/", &format!("{}@elsewhere.example/", region.sh)] {
        let answer =
            browser.get(&format!("{}/end-session?post_logout_redirect_uri={to}", region.issuer)).await;
        assert!(answer.status == 200 && answer.onward().is_none());
    }
}

#[tokio::test]
async fn a_code_counts_once_soon_and_for_who_asked() {
    let region = Region::start().await;
    let verifier = "0123456789-0123456789-0123456789-0123456789";
    let challenge = "XqV1tflYS9pE1bnDmj-YXExN3vTo8j8ECd_IY8HtNUY";
    let callback = format!("{}/sign-in/callback", region.sh);
    let ask = format!(
        "{}/authorize?response_type=code&client_id={CLIENT}&redirect_uri={callback}&scope=openid&nonce=n&code_challenge={challenge}\
         &code_challenge_method=S256",
        region.issuer
    );
    let mut browser = Browser::new();
    let page = browser.get(&format!("{ask}&state=s")).await;
    region.press(&mut browser, &page, "li.na").await;
    let token = format!("{}/token", region.issuer);
    let right = |code: String| {
        [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("client_id", CLIENT.to_owned()),
            ("redirect_uri", callback.clone()),
            ("code_verifier", verifier.to_owned()),
        ]
    };
    for (alter, value, expected) in [
        (None, "", None),
        (Some("code_verifier"), "another-0123456789-0123456789-0123456789-01", Some("invalid_grant")),
        (Some("code_verifier"), "", Some("invalid_grant")),
        (Some("redirect_uri"), &format!("{}/sign-in/callback", region.js), Some("invalid_grant")),
        (Some("client_id"), "another", Some("invalid_client")),
        (Some("grant_type"), "refresh_token", Some("unsupported_grant_type")),
        (Some("code"), "another", Some("invalid_grant")),
    ] {
        let answer = browser.get(&ask).await.onward().unwrap();
        let mut fields = right(parameter(&answer, "code"));
        let good = fields.clone();
        if let Some(name) = alter {
            fields.iter_mut().find(|(known, _)| *known == name).unwrap().1 = value.to_owned();
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = browser.post(&token, &fields).await;
        let said: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(
            (answer.status, said["error"].as_str()),
            (if expected.is_none() { 200 } else { 400 }, expected)
        );
        assert_eq!(said["id_token"].is_string(), expected.is_none());
        assert_eq!(answer.header("cache-control"), "no-store");
        // A code that was shown once is used up.
        if matches!(expected, None | Some("invalid_grant")) && alter != Some("code") {
            let good: Vec<_> = good.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(browser.post(&token, &good).await.status, 400, "{alter:?}");
        }
    }
    let answer = browser.get(&ask).await.onward().unwrap();
    region.clock.advance_ms(60_000);
    let late = right(parameter(&answer, "code"));
    let late: Vec<_> = late.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(&token, &late).await.status, 400);
}
