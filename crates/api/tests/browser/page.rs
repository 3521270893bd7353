//! What a visitor sees: a certificate holds; one byte changed, and it is refused with its code.

use crate::{
    import_modules, pictures,
    sale::{NUMBER, Shop},
    vector,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use databourse_ledger::{CertificateFile, Policy};
use databourse_testkit::{
    browser::Browser,
    outside::{apt_install, must, runs},
    scratch_folder,
};
use serde_json::json;
use std::{fs, path::Path, process::Command};

const CHECKS_PASSED: &str = "document.querySelectorAll('#checks .passed').length";

/// The page shows a certificate that holds.
fn expect_good(browser: &mut Browser) {
    browser.wait_until("document.querySelector('#verdict.good')");
    assert_eq!(browser.evaluate(CHECKS_PASSED), 8);
    assert_eq!(browser.evaluate("document.querySelectorAll('#checks .failed').length"), 0);
}

/// The page shows that it was refused, where, and nothing of what it says.
#[track_caller]
fn expect_refused(browser: &mut Browser, check: &str, code: &str) {
    browser.wait_until(&format!("document.querySelector('#verdict.bad #code')?.textContent === '{code}'"));
    assert_eq!(browser.evaluate("document.querySelector('#checks .failed').dataset.check"), check);
    assert_eq!(browser.evaluate("document.getElementById('proven').hidden"), true);
}

fn paste(browser: &mut Browser, text: &str) {
    // The verdict of before must not be taken for the next.
    browser.evaluate("document.getElementById('verdict').className = ''");
    browser.evaluate(&format!("document.getElementById('text').value = {}", json!(text)));
    browser.evaluate("document.getElementById('verify').click()");
}

fn leave_picture(browser: &mut Browser, name: &str, width: u32, height: u32) {
    browser.resize(width, height, 2);
    let picture = STANDARD.decode(browser.picture()).unwrap();
    fs::write(pictures().join(name), picture).unwrap();
}

/// What an independent reader of bar codes finds in a picture.
fn scanned(picture: &Path) -> String {
    if !runs(Command::new("zbarimg").arg("--version")) {
        apt_install("zbar-tools");
    }
    let mut reader = Command::new("zbarimg");
    let output = must(reader.args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(picture));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The same entry with another payload, under the signature of the first.
fn with_payload(file: &str, change: impl Fn(&str) -> String) -> String {
    let mut json: serde_json::Value = serde_json::from_str(file).unwrap();
    let mut parts: Vec<String> = json["entry"].as_str().unwrap().split('.').map(str::to_owned).collect();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    let changed = change(&payload);
    assert_ne!(changed, payload);
    parts[1] = URL_SAFE_NO_PAD.encode(changed);
    json["entry"] = parts.join(".").into();
    json.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_certificate_holds_on_its_page_and_one_changed_byte_is_refused() {
    let shop = Shop::with_a_certificate().await;
    let file = shop.public(&format!("/v1/certificates/{NUMBER}/file")).await;
    let policy = shop.public("/v1/policy").await;
    tokio::task::block_in_place(|| visit(&shop.address, &file, &policy));
    shop.exchange.running.stop().await;
}

fn visit(address: &str, file: &str, policy: &str) {
    let folder = scratch_folder();
    let saved = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let mut browser = Browser::start();
    browser.resize(1200, 900, 1);
    browser.open(&format!("{address}/verify/{NUMBER}"));
    expect_good(&mut browser);
    let text = browser.evaluate("document.body.innerText");
    let text = text.as_str().unwrap();
    for shown in
        ["12,345.67 CNY", "三角洲<b>保险</b>有限公司 · Delta & Sons Insurance Ltd", NUMBER, "logistics"]
    {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    leave_picture(&mut browser, "good-desktop.png", 1200, 900);
    leave_picture(&mut browser, "good-phone.png", 375, 800);
    browser.evaluate("document.getElementById('language').click()");
    leave_picture(&mut browser, "good-phone-zh.png", 375, 800);
    assert!(browser.evaluate("document.body.innerText").as_str().unwrap().contains("凭证真实、完整"));

    // One byte of the file, of the amount, of the policy.
    let entry_end = file.find("\",\n  \"author_key").unwrap();
    let mut bytes = file.as_bytes().to_vec();
    bytes[entry_end - 40] = if bytes[entry_end - 40] == b'A' { b'B' } else { b'A' };
    paste(&mut browser, std::str::from_utf8(&bytes).unwrap());
    expect_refused(&mut browser, "signature", "signature.invalid");
    leave_picture(&mut browser, "refused-phone.png", 375, 800);
    paste(
        &mut browser,
        &with_payload(file, |payload| payload.replace("\"total_minor\":1234567", "\"total_minor\":2234567")),
    );
    expect_refused(&mut browser, "signature", "signature.invalid");
    let mut elsewhere = CertificateFile::parse(file.as_bytes()).unwrap();
    elsewhere.receipt.index.0 ^= 1;
    paste(&mut browser, &elsewhere.to_string());
    expect_refused(&mut browser, "inclusion", "inclusion.invalid");
    paste(&mut browser, "{}");
    expect_refused(&mut browser, "file", "certificate.malformed");
    paste(&mut browser, file);
    expect_good(&mut browser);

    let other = saved("other.txt", &vector("ledger/policy.txt"));
    browser.choose_file("#policy-file", &other);
    expect_refused(&mut browser, "log", "checkpoint.origin_unknown");
    let stranger = vector("ledger/policy.txt").lines().nth(1).unwrap().to_owned();
    let name = stranger.split(' ').nth(1).unwrap();
    let more = policy.replacen("group", &format!("{stranger}\ngroup"), 1).replacen(
        " all",
        &format!(" all {name}"),
        1,
    );
    let _: Policy = more.parse().unwrap();
    browser.choose_file("#policy-file", &saved("more.txt", &more));
    expect_refused(&mut browser, "quorum", "checkpoint.quorum_missing");
    let mut changed = policy.as_bytes().to_vec();
    let key_end = policy.find('\n').unwrap();
    changed[key_end - 5] = if changed[key_end - 5] == b'A' { b'B' } else { b'A' };
    browser.choose_file("#policy-file", &saved("changed.txt", std::str::from_utf8(&changed).unwrap()));
    browser.wait_until("document.getElementById('reason').innerText.includes('策略无法读取')");
    browser.choose_file("#policy-file", &saved("policy.txt", policy));
    expect_good(&mut browser);
    browser.choose_file(
        "#file",
        &saved("certificate.json", &with_payload(file, |payload| payload.replace("CNY/2", "CNY/3"))),
    );
    expect_refused(&mut browser, "signature", "signature.invalid");
    browser.open(&format!("{address}/verify"));
    browser.choose_file("#file", &saved("certificate.json", file));
    expect_good(&mut browser);

    // The code on paper, read by somebody else's reader, opens the page with the certificate in it.
    browser.resize(1400, 1500, 1);
    browser.open(&format!("{address}/v1/certificates/{NUMBER}/qr.svg"));
    let picture = pictures().join("code.png");
    fs::write(&picture, STANDARD.decode(browser.picture()).unwrap()).unwrap();
    let text = scanned(&picture);
    assert!(text.starts_with(&format!("{address}/verify#")), "{text}");
    let digits = CertificateFile::compact_in(&text).unwrap();
    assert_eq!(CertificateFile::from_compact(digits).unwrap().to_string(), file, "byte for byte");
    browser.open(&text);
    expect_good(&mut browser);
    paste(&mut browser, digits);
    expect_good(&mut browser);
    let last = digits.len() - 1;
    let changed = format!("{}{}", &digits[..last], (digits.as_bytes()[last] - b'0' + 1) % 10);
    paste(&mut browser, &changed);
    expect_refused(&mut browser, "file", "certificate.malformed");

    // Kept as one file, without a node.
    import_modules(&mut browser);
    let alone = browser.evaluate("fetch('/verify.html').then((answer) => answer.text())");
    let alone = saved("verify.html", alone.as_str().unwrap());
    let here = format!("file://{}", alone.display());
    assert_eq!(browser.complaints(&[&format!("{address}/"), "data:", "about:"]), Vec::<String>::new());
    browser.open(&here);
    browser.choose_file("#policy-file", &saved("policy.txt", policy));
    browser.choose_file("#file", &saved("certificate.json", file));
    expect_good(&mut browser);
    paste(&mut browser, &file.replacen("author_key\": \"ed25519:", "author_key\": \"ed25519:A", 1));
    expect_refused(&mut browser, "file", "certificate.malformed");
    let node = format!("{address}/");
    let allowed = [node.as_str(), "data:", "about:", here.as_str()];
    assert_eq!(browser.complaints(&allowed), Vec::<String>::new());
    // The test would see a request to somebody else.
    browser.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})");
    assert_ne!(browser.complaints(&allowed), Vec::<String>::new());
}
