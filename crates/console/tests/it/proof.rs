//! Verification in a real browser: an entry, a certificate, its file and its code, whole and altered.

use crate::{
    ledger::{NUMBER, sold},
    support::id,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_testkit::{browser::Browser, scratch_folder};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};

const PASSED: &str = "document.querySelectorAll('#checks .passed').length";

/// Where pictures of the pages are left to be looked at, beside other output of builds.
fn leave_picture(browser: &mut Browser, name: &str, width: u32) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("console-ledger");
    fs::create_dir_all(&folder).unwrap();
    browser.resize(width, 900, 1);
    fs::write(folder.join(format!("{name}-{width}.png")), STANDARD.decode(browser.picture()).unwrap())
        .unwrap();
}

/// Nothing of the page is wider than the window, but for what scrolls by itself.
fn expect_no_overflow(browser: &mut Browser, width: u32) {
    browser.resize(width, 900, 1);
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, "at {width} px");
}

/// The texts of the graph that overlap one another, or their boxes.
const OVERLAPS: &str = "(() => { const boxes = [...document.querySelectorAll('svg.life text')].map((text) => \
    [text.textContent, text.getBoundingClientRect()]); const meet = (a, b) => a.left < b.right && b.left < a.right && \
    a.top + 2 < b.bottom && b.top + 2 < a.bottom; return boxes.flatMap(([name, a], at) => boxes.slice(at + 1) \
    .filter(([, b]) => meet(a, b)).map(([other]) => `${name} and ${other}`)); })()";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn entries_and_certificates_are_verified_in_the_browser() {
    let market = sold().await;
    market.exchange.node.published();
    let file = market.get("operator", &format!("/v1/certificates/{NUMBER}/file")).await;
    let url = market.url.clone();
    tokio::task::block_in_place(|| walk(&url, &file));
}

fn walk(url: &str, file: &Value) {
    let folder = scratch_folder();
    let mut browser = Browser::start();
    browser.resize(1280, 900, 1);
    browser.open(&format!("{url}/language/en?to=/certificates/{NUMBER}"));
    browser.evaluate("document.getElementById('verify').click()");
    browser.wait_until("document.querySelector('#verdict.done')");
    assert_eq!(browser.evaluate(PASSED), 9);
    leave_picture(&mut browser, "certificate", 1280);
    expect_no_overflow(&mut browser, 360);
    leave_picture(&mut browser, "certificate", 360);

    check_files(&mut browser, url, file, folder.path());

    browser.open(&format!("{url}/sign-in?to=/ledger/entries/{}", id(30)));
    browser.evaluate("document.querySelector('[name=person][value=auditor]').click()");
    arrive(&mut browser, &format!("{url}/ledger/entries/{}", id(30)));
    browser.wait_until("document.querySelector('#verdict.done')");
    assert_eq!(browser.evaluate(PASSED), 8);
    leave_picture(&mut browser, "entry", 1280);
    expect_no_overflow(&mut browser, 360);
    let jws = "document.getElementById('jws')";
    // Another character in the payload is another entry, which this proof does not prove.
    browser.evaluate(&format!(
        "{jws}.textContent = {jws}.textContent.replace(/\\.(.)/, (_, one) => one === 'e' ? '.f' : '.e')"
    ));
    browser.evaluate("document.getElementById('verify').click()");
    browser.wait_until("document.querySelector('#verdict.problem')");

    for (path, name) in [(format!("/ledger/trace/{}", id(30)), "trace"), ("/ledger".to_owned(), "ledger")] {
        browser.resize(1280, 900, 1);
        browser.open(&format!("{url}{path}"));
        assert_eq!(browser.evaluate(OVERLAPS), json!([]), "{name}");
        leave_picture(&mut browser, name, 1280);
        expect_no_overflow(&mut browser, 360);
        leave_picture(&mut browser, name, 360);
    }
    let complaints = browser.complaints(&[url, "about:blank", "data:"]);
    assert!(complaints.iter().all(|one| one.contains("/v1/events")), "{complaints:#?}");
}

/// The page that checks what one has been given: its file, a changed one, the picture of its code, the text of the code.
fn check_files(browser: &mut Browser, url: &str, file: &Value, folder: &Path) {
    browser.resize(1280, 900, 1);
    browser.open(&format!("{url}/certificates/check"));
    let saved = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let whole = file.to_string();
    browser.choose_file("#certificate-file", &saved("whole.json", &whole));
    browser.wait_until("document.querySelector('#verdict.done') && document.querySelector('#shown dl')");
    assert_eq!(browser.evaluate(PASSED), 9);
    let shown = browser.evaluate("document.getElementById('shown').innerText");
    for words in [NUMBER, "¥100.00", "buyer"] {
        assert!(shown.as_str().unwrap().contains(words), "{shown}");
    }
    leave_picture(browser, "check", 1280);
    let mut changed = file.clone();
    let receipt = changed["receipt"].as_str().unwrap().replace("index ", "index 1");
    changed["receipt"] = receipt.into();
    browser.choose_file("#certificate-file", &saved("changed.json", &changed.to_string()));
    browser
        .wait_until("document.querySelector('#verdict.problem code')?.textContent === 'inclusion.invalid'");
    assert_eq!(browser.evaluate("document.querySelector('#checks .failed').dataset.check"), "inclusion");
    assert_eq!(browser.evaluate("document.getElementById('shown').innerText"), "");

    let fetched = format!("fetch('/v1/certificates/{NUMBER}/qr.svg').then((answer) => answer.text())");
    let code = browser.evaluate(&fetched);
    browser.choose_file("#code-picture", &saved("code.svg", code.as_str().unwrap()));
    browser.wait_until("document.querySelector('#verdict.done')");
    assert_eq!(browser.evaluate(PASSED), 9);
    browser.choose_file(
        "#code-picture",
        &saved("none.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'/>"),
    );
    browser.wait_until("document.querySelector('#verdict.problem')?.textContent.includes('No QR code')");
    let text = |browser: &mut Browser, text: &str| {
        browser.evaluate(&format!("document.getElementById('code-text').value = {}", json!(text)));
        browser.evaluate("document.getElementById('verify-text').click()");
    };
    text(browser, "12345");
    browser.wait_until(
        "document.querySelector('#verdict.problem code')?.textContent.startsWith('certificate.')",
    );
    text(browser, NUMBER);
    arrive(browser, &format!("{url}/certificates/{NUMBER}"));
}

/// Waits until the browser shows the page. The browser is asked, and not the page, which may be leaving.
fn arrive(browser: &mut Browser, url: &str) {
    for _ in 0..3_000 {
        let targets = browser.call("Target.getTargets", json!({}));
        if targets["targetInfos"].as_array().unwrap().iter().any(|target| target["url"] == url) {
            return browser.wait_until("document.readyState === 'complete'");
        }
        let pause = tokio::time::sleep(Duration::from_millis(20));
        tokio::runtime::Handle::current().block_on(pause);
    }
    panic!("never at {url}");
}
