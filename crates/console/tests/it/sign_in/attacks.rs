//! What others may try on the way: answers that are not of this sign-in, cookies that are not whole, ways that lead
//! elsewhere.

use super::{
    liar::{Liar, SECRET, begun, callback},
    world::{Browser, Clock, PAGE, parameter, start},
};

#[tokio::test]
async fn the_request_says_what_the_standard_wants() {
    let (liar, clock) = (Liar::start().await, Clock::default());
    let console = start(liar.config(), &clock).await;
    let mut browser = Browser::new();
    browser.language = "zh-CN";
    let answer = browser.get(&format!("{console}/sign-in?again=1")).await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("databourse_sign_in_sh=")
            && cookie.ends_with("; Path=/sign-in; Max-Age=600; HttpOnly; SameSite=Lax")
    );
    let asked = answer.onward().unwrap();
    assert!(asked.starts_with(&format!("{}/authorize?tenant=1&", liar.issuer)), "{asked}");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "console"),
        ("redirect_uri", &format!("{console}/sign-in/callback")),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
        ("ui_locales", "zh-Hans"),
        ("prompt", "login"),
    ] {
        assert_eq!(parameter(&asked, name), value, "{name}");
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(parameter(&asked, name).len(), 43, "{name}");
    }
    assert!(!asked.contains("secret"));
}

#[tokio::test]
async fn a_confidential_client_shows_its_secret_to_the_provider_and_to_nobody_else() {
    let (liar, _, console, mut browser, state, nonce) = begun(PAGE).await;
    let query = [("code", nonce), ("state", state), ("iss", liar.issuer.clone())];
    let answer = browser.get(&callback(&console, &query)).await;
    assert_eq!((answer.status, answer.header("location")), (303, PAGE));
    let (credentials, form) = liar.asked.lock().unwrap().clone();
    // Both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
    assert_eq!(credentials, "Basic Y29uc29sZTphK3NlY3JldCUzQStvZiUyNnRoZStjbGllbnQ=");
    let form = format!("?{form}");
    assert_eq!(parameter(&form, "grant_type"), "authorization_code");
    assert_eq!(parameter(&form, "redirect_uri"), format!("{console}/sign-in/callback"));
    assert_eq!(parameter(&form, "code_verifier").len(), 43);
    assert!(!form.contains("client_id") && !answer.text.contains(SECRET));
    assert!(browser.is("Li Na", &console).await);
}

#[tokio::test]
async fn an_answer_that_is_not_of_this_sign_in_signs_nobody_in() {
    let (liar, _, console, mut browser, state, nonce) = begun(PAGE).await;
    let ours = ("iss", liar.issuer.clone());
    let elsewhere = ("iss", "https://elsewhere.example".to_owned());
    let code = || ("code", nonce.clone());
    for bad in
        [vec![code(), ("state", "another".to_owned()), ours.clone()], vec![code(), ours.clone()], vec![]]
    {
        let answer = browser.get(&callback(&console, &bad)).await;
        assert_eq!(answer.status, 400, "{bad:?}");
        assert!(answer.text.contains("This is not your sign-in"), "{}", answer.text);
    }
    // Another browser, which never began.
    let answer =
        Browser::new().get(&callback(&console, &[code(), ("state", state.clone()), ours.clone()])).await;
    assert!(answer.status == 400 && answer.text.contains("The sign-in is over"), "{}", answer.text);
    // None of that has hurt the sign-in itself; it counts once.
    let good = callback(&console, &[code(), ("state", state.clone()), ours]);
    assert_eq!(browser.get(&good).await.status, 303);
    assert!(browser.is("Li Na", &console).await);
    browser.cookies.clear();
    let again = browser.get(&good).await;
    assert!(again.status == 400 && again.text.contains("The sign-in is over"), "{}", again.text);
    for bad in [vec![code(), elsewhere], vec![code()]] {
        let asked = browser.get(&format!("{console}/sign-in")).await.onward().unwrap();
        let query: Vec<_> = bad.iter().cloned().chain([("state", parameter(&asked, "state"))]).collect();
        let answer = browser.get(&callback(&console, &query)).await;
        assert!(answer.status == 400 && answer.text.contains("This is not your sign-in"), "{bad:?}");
    }
    assert!(browser.is_nobody(&console).await);
}

#[tokio::test]
async fn a_sign_in_takes_ten_minutes_at_most() {
    for (ms, status) in [(599_999, 303), (600_000, 400)] {
        let (liar, clock, console, mut browser, state, nonce) = begun(PAGE).await;
        clock.advance_ms(ms);
        let query = [("code", nonce), ("state", state), ("iss", liar.issuer.clone())];
        assert_eq!(browser.get(&callback(&console, &query)).await.status, status, "{ms}");
    }
}

#[tokio::test]
async fn a_session_ends_by_time_and_does_not_survive_an_alteration() {
    let (liar, clock, console, mut browser, _, _) = begun(PAGE).await;
    liar.sign_in(&mut browser, &console).await;
    assert!(browser.is("Li Na", &console).await);
    let key = ("databourse_session_sh".to_owned(), "/".to_owned());
    let whole = browser.cookies[&key].clone();
    for place in [0, whole.len() / 2, whole.len() - 1] {
        let mut altered = whole.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        browser.cookies.insert(key.clone(), String::from_utf8(altered).unwrap());
        assert!(browser.is_nobody(&console).await, "{place}");
    }
    // Nor is what was sealed for the sign-in one for a session.
    browser.get(&format!("{console}/sign-in")).await;
    let pending = browser.cookies[&("databourse_sign_in_sh".to_owned(), "/sign-in".to_owned())].clone();
    browser.cookies.insert(key.clone(), pending);
    assert!(browser.is_nobody(&console).await);
    browser.cookies.insert(key, whole);
    clock.advance_ms(10 * 3_600_000 - 1);
    assert!(browser.is("Li Na", &console).await);
    clock.advance_ms(1);
    assert!(browser.is_nobody(&console).await);
}

#[tokio::test]
async fn one_comes_back_to_this_console_and_nowhere_else() {
    for (to, expected) in [
        ("/market%3Fq=a", "/market?q=a"),
        ("//elsewhere.example", "/"),
        ("https://elsewhere.example/", "/"),
        ("/%5Celsewhere.example", "/"),
        ("/%0D%0Aset-cookie:a=b", "/"),
        ("", "/"),
    ] {
        let (liar, _, console, mut browser, state, nonce) = begun(to).await;
        let query = [("code", nonce), ("state", state), ("iss", liar.issuer.clone())];
        assert_eq!(browser.get(&callback(&console, &query)).await.header("location"), expected, "{to}");
    }
}

#[tokio::test]
async fn only_a_form_of_the_session_signs_out() {
    let (liar, _, console, mut browser, _, _) = begun(PAGE).await;
    liar.sign_in(&mut browser, &console).await;
    for fields in [vec![], vec![("csrf", "")], vec![("csrf", "another")]] {
        assert_eq!(browser.post(&format!("{console}/sign-out"), &fields).await.status, 403, "{fields:?}");
    }
    assert_eq!(browser.get(&format!("{console}/sign-out")).await.status, 405);
    assert!(browser.is("Li Na", &console).await);
    let csrf = browser.get(&format!("{console}{PAGE}")).await.value_of("csrf");
    let answer = browser.post(&format!("{console}/sign-out"), &[("csrf", &csrf)]).await;
    // This provider has no end of sessions, so nobody is sent there.
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    assert!(
        browser.is_nobody(&console).await
            && browser.cookies.keys().all(|(name, _)| !name.contains("session"))
    );
}
