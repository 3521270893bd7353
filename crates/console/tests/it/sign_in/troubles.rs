//! What goes wrong without anybody's ill will, and what the page says then.

use super::{
    liar::{Liar, begun, callback, signed},
    world::{Browser, Clock, PAGE, console, listen, serve, start},
};
use axum::{Router, routing};
use databourse_console::SignInConfig;

#[tokio::test]
async fn who_changes_their_mind_is_told_so_in_their_language() {
    for (language, words) in [("en", "The sign-in was cancelled"), ("zh-CN", "登录已取消")] {
        let (liar, _, console, mut browser, state, _) = begun(PAGE).await;
        browser.language = language;
        let query = [("error", "access_denied".to_owned()), ("state", state), ("iss", liar.issuer.clone())];
        let answer = browser.get(&callback(&console, &query)).await;
        assert!(answer.status == 200 && answer.text.contains(words), "{}", answer.text);
        assert!(answer.text.contains("href=\"/sign-in?to=%2Flanguage%2Fnone\""), "{}", answer.text);
    }
    let (liar, _, console, mut browser, state, _) = begun(PAGE).await;
    let said = ("error_description", "<b>the database of the provider</b>".to_owned());
    let query = [("error", "server_error".to_owned()), said, ("state", state), ("iss", liar.issuer.clone())];
    let answer = browser.get(&callback(&console, &query)).await;
    assert!(answer.status == 502 && !answer.text.contains("database of the provider"), "{}", answer.text);
}

#[tokio::test]
async fn who_has_nothing_to_do_here_may_come_as_somebody_else() {
    let (liar, clock, console, mut browser, state, nonce) = begun(PAGE).await;
    let (teller, time) = (liar.clone(), clock);
    liar.says(move |nonce| {
        let mut claims = teller.claims(nonce, &time);
        claims["databourse_roles"] = serde_json::json!(["operator"]);
        claims["databourse_exchange"] = serde_json::json!("js");
        signed(3, &claims)
    });
    let query = [("code", nonce), ("state", state), ("iss", liar.issuer.clone())];
    let answer = browser.get(&callback(&console, &query)).await;
    assert!(answer.status == 403 && answer.text.contains("operator of another exchange"), "{}", answer.text);
    assert!(answer.text.contains("href=\"/sign-in?to=%2Flanguage%2Fnone&amp;again=1\""), "{}", answer.text);
    assert!(browser.is_nobody(&console).await);
}

#[tokio::test]
async fn a_provider_that_is_away_or_is_another_is_said_to_be_so() {
    let clock = Clock::default();
    let (listener, absent) = listen().await;
    drop(listener);
    let console = start(SignInConfig::new(absent, "console"), &clock).await;
    for (language, words) in [("en", "The identity provider cannot be reached"), ("zh", "联系不上身份提供方")]
    {
        let mut browser = Browser::new();
        browser.language = language;
        let answer = browser.get(&format!("{console}/sign-in")).await;
        assert!(answer.status == 502 && answer.text.contains(words), "{}", answer.text);
    }
    let liar = Liar::start().await;
    let whole = liar.metadata.lock().unwrap().clone();
    let console = start(liar.config(), &clock).await;
    for (name, value) in [
        ("issuer", "http://127.0.0.1:1"),
        ("token_endpoint", "http://elsewhere.example/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("end_session_endpoint", "javascript:alert(1)"),
    ] {
        let mut altered = whole.clone();
        altered[name] = value.into();
        *liar.metadata.lock().unwrap() = altered;
        assert_eq!(Browser::new().get(&format!("{console}/sign-in")).await.status, 502, "{name}");
    }
    *liar.metadata.lock().unwrap() = whole;
    assert_eq!(Browser::new().get(&format!("{console}/sign-in")).await.status, 303);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let (listener, url) = listen().await;
    let endless = || async { vec![b' '; 300 * 1024] };
    serve(listener, Router::new().route("/.well-known/openid-configuration", routing::get(endless)));
    let console = start(SignInConfig::new(url, "console"), &Clock::default()).await;
    assert_eq!(Browser::new().get(&format!("{console}/sign-in")).await.status, 502);
}

#[tokio::test]
async fn a_node_without_a_provider_says_that_nobody_signs_in() {
    let (listener, url) = listen().await;
    serve(listener, console("sh", &url, None, &Clock::default()));
    let answer = Browser::new().get(&format!("{url}/sign-in")).await;
    assert!(answer.status == 404 && answer.text.contains("Nobody can sign in here"), "{}", answer.text);
}
