//! The provider for demonstrations with two consoles of a region.

use super::world::{Browser, CLIENT, Clock, PAGE, console, listen, parameter, serve};
use databourse_api::token::TokenRole;
use databourse_console::{Person, Provider, ProviderConfig, SignInConfig};
use databourse_primitives::BilingualText;
use serde_json::Value;

const PARTY: &str = "019aa2b4-5c00-7000-8000-000000000001";

/// Two consoles and their provider, which stands beside the first.
struct Region {
    clock: Clock,
    issuer: String,
    sh: String,
    js: String,
}

fn person(id: &str, zh: &str, en: &str, roles: &[TokenRole], exchange: &str) -> Person {
    Person {
        id: id.to_owned(),
        name: BilingualText::new(Some(zh), Some(en)).unwrap(),
        party: id.parse().ok(),
        roles: roles.iter().copied().collect(),
        exchange: exchange.parse().ok(),
    }
}

fn people() -> Vec<Person> {
    let mut people = vec![
        person("li.na", "李娜", "Li Na", &[TokenRole::Operator], "sh"),
        person("wang.wei", "王伟", "Wang Wei", &[TokenRole::Auditor], ""),
        person(PARTY, "港口数据", "Port Data", &[TokenRole::Merchant, TokenRole::Buyer], "js"),
    ];
    let many = (0..40).map(|n| person(&format!("op.{n}"), "众", "Many", &[TokenRole::Operator], "js"));
    people.extend(many);
    people
}

impl Region {
    async fn start() -> Self {
        let clock = Clock::default();
        let ((first, sh), (second, js)) = (listen().await, listen().await);
        let issuer = format!("{sh}/oidc");
        let redirect_uris = [&sh, &js].map(|url| format!("{url}/sign-in/callback")).to_vec();
        let config = ProviderConfig { issuer: issuer.clone(), redirect_uris, client_id: CLIENT.to_owned() };
        let time = clock.clone();
        let provider = Provider::new(config, || async { people() }, move || time.now()).unwrap();
        let sign_in = || Some(SignInConfig::new(&issuer, CLIENT));
        serve(first, console("sh", &sh, sign_in(), &clock).nest("/oidc", provider.router()));
        serve(second, console("js", &js, sign_in(), &clock));
        Self { clock, issuer, sh, js }
    }

    /// Opens the page that lists the people.
    async fn ask(&self, browser: &mut Browser, console: &str) -> super::world::Answer {
        let page = browser.open(&format!("{console}/sign-in?to={PAGE}")).await;
        assert!(
            page.status == 200 && page.url.starts_with(&format!("{}/authorize?", self.issuer)),
            "{}",
            page.url
        );
        page
    }

    /// Presses the button of `id` on that page.
    async fn press(
        &self,
        browser: &mut Browser,
        page: &super::world::Answer,
        id: &str,
    ) -> super::world::Answer {
        let names = [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
        ];
        let mut fields: Vec<_> = names.iter().map(|name| (*name, page.value_of(name))).collect();
        assert!(page.text.contains(&format!("name=\"person\" value=\"{id}\"")), "{}", page.text);
        fields.push(("person", id.to_owned()));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{}/authorize", self.issuer), &fields).await
    }

    async fn sign_in(&self, browser: &mut Browser, console: &str, id: &str) -> super::world::Answer {
        let page = self.ask(browser, console).await;
        let pressed = self.press(browser, &page, id).await;
        browser.follow(pressed).await
    }
}

#[tokio::test]
async fn one_press_signs_in_at_every_console_of_the_region_and_out_again() {
    let region = Region::start().await;
    let mut browser = Browser::new();
    let page = region.sign_in(&mut browser, &region.sh, PARTY).await;
    assert_eq!(page.url, format!("{}{PAGE}", region.sh));
    assert!(browser.is("Port Data", &region.sh).await && browser.is_nobody(&region.js).await);
    // The second console asks nothing, and neither session is in the other's way.
    browser.language = "zh";
    let page = browser.open(&format!("{}/sign-in?to={PAGE}", region.js)).await;
    assert_eq!(page.url, format!("{}{PAGE}", region.js));
    assert!(browser.is("港口数据", &region.js).await && browser.is("Port Data", &region.sh).await);
    // Out at the first: the provider forgets, and leads back.
    let csrf = browser.get(&format!("{}{PAGE}", region.sh)).await.value_of("csrf");
    let answer = browser.post(&format!("{}/sign-out", region.sh), &[("csrf", &csrf)]).await;
    // Not a redirect: a browser would stop a form that leads to another site.
    assert!(answer.status == 200 && answer.text.contains("您已退出"), "{}", answer.text);
    let to = answer.onward().unwrap();
    assert!(to.starts_with(&format!("{}/end-session?id_token_hint=ey", region.issuer)), "{to}");
    let back = browser.get(&to).await;
    assert_eq!((back.status, back.header("location")), (303, format!("{}/", region.sh).as_str()));
    assert!(browser.is_nobody(&region.sh).await && browser.is("港口数据", &region.js).await);
    region.ask(&mut browser, &region.sh).await;
}

#[tokio::test]
async fn cookies_are_for_the_server_only() {
    let region = Region::start().await;
    let mut browser = Browser::new();
    let page = region.ask(&mut browser, &region.sh).await;
    let pressed = region.press(&mut browser, &page, "li.na").await;
    let cookie = pressed.header("set-cookie");
    assert!(cookie.ends_with("; Path=/oidc; Max-Age=36000; HttpOnly; SameSite=Lax"), "{cookie}");
    let landed = browser.get(&pressed.onward().unwrap()).await;
    let cookies: Vec<_> =
        landed.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("databourse_session_sh=")).unwrap();
    assert!(session.ends_with("; Path=/; Max-Age=36000; HttpOnly; SameSite=Lax"), "{session}");
    assert!(cookies.iter().all(|cookie| cookie.len() < 4096 && cookie.contains("; HttpOnly; SameSite=Lax")));
    assert!(!cookies.iter().any(|cookie| cookie.contains("li.na")));
}

#[tokio::test]
async fn somebody_else_is_asked_for_and_a_session_of_the_provider_ends() {
    let region = Region::start().await;
    let mut browser = Browser::new();
    region.sign_in(&mut browser, &region.sh, "wang.wei").await;
    // An operator of sh has nothing to do at js, but may choose again.
    let page = browser.open(&format!("{}/sign-in?to={PAGE}&again=1", region.sh)).await;
    let pressed = region.press(&mut browser, &page, "li.na").await;
    browser.follow(pressed).await;
    assert!(browser.is("Li Na", &region.sh).await);
    let refused = browser.open(&format!("{}/sign-in", region.js)).await;
    assert!(refused.status == 403 && refused.text.contains("again=1"), "{}", refused.text);
    region.clock.advance_ms(36_000_000);
    region.ask(&mut browser, &region.sh).await;
}

#[tokio::test]
async fn the_page_says_what_it_is_and_finds_people_without_a_script() {
    let region = Region::start().await;
    let mut browser = Browser::new();
    let page = region.ask(&mut browser, &region.sh).await;
    for words in ["For demonstrations only", "Li Na", "Port Data", "Operators of exchanges", "11 more"] {
        assert!(page.text.contains(words), "{words}");
    }
    assert!(!page.text.contains("<script"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("form-action 'self' http://127.0.0.1:") && policy.contains(&region.js),
        "{policy}"
    );
    let style = page.text.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = browser.get(&format!("{}{style}", region.sh)).await;
    assert!(style.status == 200 && style.header("content-type").starts_with("text/css"));
    let found = browser.get(&format!("{}&q=PORT", page.url)).await;
    assert!(found.text.contains("Port Data") && !found.text.contains("Li Na"), "{}", found.text);
    let found = browser.get(&format!("{}&q=%3Cb%3E", page.url)).await;
    assert!(found.text.contains("Nobody matches") && !found.text.contains("<b>"), "{}", found.text);
    // The language of the console is that of this page, and the other is a link away.
    browser.language = "zh";
    let page = browser.open(&format!("{}/sign-in", region.js)).await;
    assert!(page.text.contains("lang=\"zh-Hans\"") && page.text.contains("仅供演示"));
    let other =
        page.text.split("<a href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert!(browser.get(&format!("{}{other}", region.sh)).await.text.contains("For demonstrations only"));
}

#[tokio::test]
async fn who_cancels_is_led_back() {
    let region = Region::start().await;
    let mut browser = Browser::new();
    let page = region.ask(&mut browser, &region.sh).await;
    let query = page.url.split_once('?').unwrap().1;
    let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = browser.post(&format!("{}/authorize", region.issuer), &fields).await;
    let answer = browser.follow(answer).await;
    assert!(answer.status == 200 && answer.text.contains("The sign-in was cancelled"), "{}", answer.text);
}

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
