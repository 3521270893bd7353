//! The way in and out in a real browser, which asks the content security policy of each page where its forms may lead,
//! through every redirect.

use super::{
    region::{PARTY, Region},
    world::PAGE,
};
use databourse_testkit::browser::Browser;
use serde_json::json;
use std::time::Duration;

/// The console stands on another port than the provider: to a browser, that is another site's address.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_browser_signs_in_by_one_press_and_out_by_another() {
    let region = Region::start().await;
    tokio::task::block_in_place(|| walk(&region));
}

fn walk(region: &Region) {
    let mut browser = Browser::start();
    let (js, ask) = (&region.js, format!("{}/authorize?", region.issuer));
    browser.open(&format!("{js}/sign-in?to={PAGE}"));
    arrive(&mut browser, &ask);
    browser.evaluate(&format!("document.querySelector('[name=person][value=\"{PARTY}\"]').click()"));
    arrive(&mut browser, &format!("{js}{PAGE}"));
    assert_eq!(browser.evaluate("document.querySelector('.person').textContent"), "Port Data");
    // The other console asks nothing.
    browser.open(&format!("{}/sign-in?to={PAGE}", region.sh));
    arrive(&mut browser, &format!("{}{PAGE}", region.sh));
    assert_eq!(browser.evaluate("document.querySelector('.person').textContent"), "Port Data");
    // Out at the first, by way of the provider, and back.
    browser.open(&format!("{js}{PAGE}"));
    browser.evaluate("document.querySelector('form[action=\"/sign-out\"] button').click()");
    arrive(&mut browser, &format!("{js}/"));
    assert_eq!(browser.evaluate("document.querySelector('.person')"), json!(null));
    browser.open(&format!("{js}/sign-in?to={PAGE}"));
    arrive(&mut browser, &ask);
}

/// Waits until the browser shows the page. The browser is asked, and not the page, which may be leaving.
fn arrive(browser: &mut Browser, url: &str) {
    let mut targets = json!(null);
    for _ in 0..3_000 {
        targets = browser.call("Target.getTargets", json!({}))["targetInfos"].take();
        // There is an empty tab beside this one.
        let mut pages = targets.as_array().unwrap().iter().filter_map(|target| target["url"].as_str());
        if pages.any(|here| here == url || (url.ends_with('?') && here.starts_with(url))) {
            browser.evaluate(
                "new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))",
            );
            return;
        }
        let pause = tokio::time::sleep(Duration::from_millis(20));
        tokio::runtime::Handle::current().block_on(pause);
    }
    panic!("never at {url}: {targets}");
}
