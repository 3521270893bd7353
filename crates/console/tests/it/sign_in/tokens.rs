//! Which ID tokens count, asked of a whole console: each altered in one way.

use super::{
    liar::{Liar, SECRET, assembled, jwk, key, signed},
    world::{Browser, Clock, start},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use std::{process::Command, sync::atomic::Ordering};

struct Bench {
    liar: Liar,
    clock: Clock,
    console: String,
}

impl Bench {
    async fn new() -> Self {
        let (liar, clock) = (Liar::start().await, Clock::default());
        let console = start(liar.config(), &clock).await;
        Self { liar, clock, console }
    }

    /// Whether the token made of the right claims lets one in.
    async fn accepts(&self, token: impl Fn(Value) -> String + Send + 'static) -> bool {
        let (liar, clock) = (self.liar.clone(), self.clock.clone());
        self.liar.says(move |nonce| token(liar.claims(nonce, &clock)));
        let mut browser = Browser::new();
        let answer = self.liar.sign_in(&mut browser, &self.console).await;
        let is_in = browser.is("Li Na", &self.console).await;
        assert_eq!(answer.status, if is_in { 303 } else { 502 }, "{}", answer.text);
        if !is_in {
            assert!(
                answer.text.contains("does not count") && !answer.text.contains(SECRET),
                "{}",
                answer.text
            );
            assert!(!browser.cookies.keys().any(|(name, _)| name.contains("session")));
        }
        is_in
    }

    async fn accepts_claim(&self, name: &'static str, value: Value) -> bool {
        let altered = move |mut claims: Value| {
            claims[name] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            }
            signed(3, &claims)
        };
        self.accepts(altered).await
    }
}

#[tokio::test]
async fn a_token_is_for_this_console_this_sign_in_and_now() {
    let bench = Bench::new().await;
    assert!(bench.accepts(|claims| signed(3, &claims)).await);
    let now_s = bench.clock.now().unix_seconds();
    for (name, good) in [
        ("aud", json!(["console"])),
        ("azp", json!("console")),
        ("exp", json!(now_s - 29)),
        ("iat", json!(now_s + 30)),
        ("iat", json!(1.5)),
        ("nbf", json!(now_s + 30)),
    ] {
        assert!(bench.accepts_claim(name, good.clone()).await, "{name} {good}");
    }
    for (name, bad) in [
        ("iss", json!("https://elsewhere.example")),
        ("iss", json!(format!("{}/", bench.liar.issuer))),
        ("iss", Value::Null),
        ("aud", json!("another")),
        ("aud", json!([])),
        ("aud", json!(["console", "another"])),
        ("aud", Value::Null),
        ("azp", json!("another")),
        ("exp", json!(now_s - 30)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("iat", json!(now_s + 31)),
        ("iat", Value::Null),
        ("nbf", json!(now_s + 31)),
        ("nonce", json!("of another sign-in")),
        ("nonce", Value::Null),
        ("sub", Value::Null),
    ] {
        assert!(!bench.accepts_claim(name, bad.clone()).await, "{name} {bad}");
    }
}

#[tokio::test]
async fn a_token_is_signed_by_a_key_of_the_provider_in_that_keys_own_way() {
    let bench = Bench::new().await;
    let x = jwk(3)["x"].as_str().unwrap().to_owned();
    let x = URL_SAFE_NO_PAD.decode(x).unwrap();
    let none = |claims: Value| assembled(&json!({ "alg": "none", "typ": "JWT" }), &claims, b"");
    assert!(!bench.accepts(none).await);
    let none = |claims: Value| assembled(&json!({ "alg": "none", "kid": "3" }), &claims, b"");
    assert!(!bench.accepts(none).await);
    // The public key is public: who could have it taken for a shared secret could sign anything.
    let public = x.clone();
    let shared = move |claims: Value| {
        let header = Header { kid: Some("3".to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap()
    };
    assert!(!bench.accepts(shared).await);
    let secret = |claims: Value| {
        let header = Header { kid: Some("3".to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    };
    assert!(!bench.accepts(secret).await);
    let header = json!({ "alg": "EdDSA", "kid": "3" });
    assert!(!bench.accepts(move |claims| assembled(&header, &claims, &[0; 64])).await);
    let stranger = |claims: Value| {
        let header = Header { kid: Some("3".to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key(4)).unwrap()
    };
    assert!(!bench.accepts(stranger).await);
    // A key that the token brings along is nobody's.
    let own = |claims: Value| {
        let jwk = serde_json::from_value(jwk(4)).unwrap();
        let header = Header { jwk: Some(jwk), kid: Some("3".to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key(4)).unwrap()
    };
    assert!(!bench.accepts(own).await);
    for (name, value) in [("typ", json!("at+jwt")), ("crit", json!(["exp"]))] {
        let token = move |claims: Value| {
            let mut header = Header { kid: Some("3".to_owned()), ..Header::new(Algorithm::EdDSA) };
            match name {
                "typ" => header.typ = value.as_str().map(str::to_owned),
                _ => header.crit = serde_json::from_value(value.clone()).ok(),
            }
            jsonwebtoken::encode(&header, &claims, &key(3)).unwrap()
        };
        assert!(!bench.accepts(token).await, "{name}");
    }
    for nonsense in ["", "a.b.c", "..", "{}"] {
        assert!(!bench.accepts(move |_| nonsense.to_owned()).await, "{nonsense:?}");
    }
}

#[tokio::test]
async fn a_shared_secret_or_a_key_for_encryption_among_the_keys_signs_nothing() {
    let bench = Bench::new().await;
    let secret = json!({ "kty": "oct", "kid": "5", "k": URL_SAFE_NO_PAD.encode("shared") });
    let mut sealing = jwk(6);
    sealing["use"] = json!("enc");
    *bench.liar.keys.lock().unwrap() = vec![secret, sealing];
    let shared = |claims: Value| {
        let header = Header { kid: Some("5".to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(b"shared")).unwrap()
    };
    assert!(!bench.accepts(shared).await);
    assert!(!bench.accepts(|claims| signed(6, &claims)).await);
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_asked_for_once() {
    let bench = Bench::new().await;
    assert!(bench.accepts(|claims| signed(3, &claims)).await);
    assert_eq!(bench.liar.keys_asked.load(Ordering::Relaxed), 1);
    bench.liar.keys.lock().unwrap().push(jwk(8));
    assert!(bench.accepts(|claims| signed(8, &claims)).await);
    assert!(bench.accepts(|claims| signed(8, &claims)).await);
    assert_eq!(bench.liar.keys_asked.load(Ordering::Relaxed), 2);
    assert!(!bench.accepts(|claims| signed(9, &claims)).await);
    assert_eq!(bench.liar.keys_asked.load(Ordering::Relaxed), 3);
    // A key that is withdrawn counts no longer than what is known of the provider.
    *bench.liar.keys.lock().unwrap() = vec![jwk(8)];
    bench.clock.advance_ms(3_600_000);
    assert!(!bench.accepts(|claims| signed(3, &claims)).await);
}

#[tokio::test]
async fn rsa_and_elliptic_curves_count_too() {
    let bench = Bench::new().await;
    let rsa =
        EncodingKey::from_rsa_der(&openssl(&["genrsa", "-traditional", "2048"], &["rsa", "-traditional"]));
    let curve = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let curve = EncodingKey::from_ec_der(&openssl(&curve, &["pkcs8", "-topk8", "-nocrypt"]));
    for (algorithm, key) in [(Algorithm::RS256, &rsa), (Algorithm::PS256, &rsa), (Algorithm::ES256, &curve)] {
        let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
        jwk.common.key_algorithm = None;
        jwk.common.key_id = Some("k".to_owned());
        *bench.liar.keys.lock().unwrap() = vec![serde_json::to_value(jwk).unwrap()];
        bench.clock.advance_ms(3_600_000);
        let key = key.clone();
        let token = move |claims: Value| {
            let header = Header { kid: Some("k".to_owned()), ..Header::new(algorithm) };
            jsonwebtoken::encode(&header, &claims, &key).unwrap()
        };
        assert!(bench.accepts(token).await, "{algorithm:?}");
    }
}

/// A key made by the first command, as DER by the second.
fn openssl(make: &[&str], convert: &[&str]) -> Vec<u8> {
    let folder = databourse_testkit::scratch_folder();
    let (pem, der) = (folder.path().join("key.pem"), folder.path().join("key.der"));
    let made = Command::new("openssl").args(make).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(&pem, made.stdout).unwrap();
    let files = ["-in", pem.to_str().unwrap(), "-out", der.to_str().unwrap(), "-outform", "DER"];
    let converted = Command::new("openssl").args(convert).args(files).output().unwrap();
    assert!(converted.status.success(), "{}", String::from_utf8_lossy(&converted.stderr));
    std::fs::read(der).unwrap()
}
