//! The provider for demonstrations with two consoles of a region: what people see of it.

use super::{
    region::{PARTY, Region},
    world::{Browser, PAGE},
};

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
