//! Certificates altered at random: the browser gives each the code that the node gives.

use crate::{import_modules, sale::Shop, vector};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use databourse_ledger::{CertificateFile, Policy, SigningKey};
use databourse_testkit::browser::Browser;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CASE_COUNT: usize = 900;

/// Numbers from a fixed seed (Knuth's linear congruence, its high bits).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count.max(1)
    }

    /// Sets, cuts, repeats or inserts something.
    fn damaged(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let at = self.below(bytes.len() + 1);
        match self.below(6) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            2 => drop(bytes.drain(at..(at + 1 + self.below(5)).min(bytes.len()))),
            3 => {
                let copied = bytes[at..(at + 1 + self.below(120)).min(bytes.len())].to_vec();
                bytes.splice(at..at, copied);
            }
            _ => {
                let inserts = [
                    "\n",
                    "\n\n",
                    " ",
                    "=",
                    "0",
                    "\\u0041",
                    "\\ud800",
                    "\u{2014} ",
                    "\"",
                    ",",
                    "{}",
                    "-0",
                    "1.0",
                    "\u{85}",
                    "\0",
                ];
                bytes.splice(at..at, inserts[self.below(inserts.len())].bytes());
            }
        }
        bytes
    }

    fn damaged_text(&mut self, text: &str) -> String {
        String::from_utf8_lossy(&self.damaged(text.as_bytes().to_vec())).into_owned()
    }

    /// Lines repeated, dropped or exchanged.
    fn relined(&mut self, text: &str) -> String {
        let mut lines: Vec<&str> = text.split('\n').collect();
        let (one, two) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(3) {
            0 => lines.swap(one, two),
            1 => drop(lines.remove(one)),
            _ => lines.insert(two, lines[one]),
        }
        lines.join("\n")
    }
}

/// An altered certificate and the policy, possibly altered as well.
fn case(dice: &mut Dice, file: &str, digits: &str, policy: &str) -> (Vec<u8>, String) {
    let mut json: Value = serde_json::from_str(file).unwrap();
    let text = |json: &Value, member: &str| json[member].as_str().unwrap().to_owned();
    let mut policy = policy.to_owned();
    match dice.below(9) {
        0 => return (dice.damaged(file.as_bytes().to_vec()), policy),
        1 => {
            let mut bytes = digits.as_bytes().to_vec();
            let at = dice.below(bytes.len());
            bytes[at] = b'0' + u8::try_from(dice.below(10)).unwrap();
            return (bytes, policy);
        }
        2 => return (dice.damaged(digits.as_bytes().to_vec()), policy),
        3 => policy = dice.damaged_text(&policy),
        4 => policy = dice.relined(&policy),
        5 => json["receipt"] = dice.damaged_text(&text(&json, "receipt")).into(),
        6 => json["receipt"] = dice.relined(&text(&json, "receipt")).into(),
        7 => {
            let member = ["format", "entry", "author_key"][dice.below(3)];
            json[member] = dice.damaged_text(&text(&json, member)).into();
        }
        _ => {
            // Header or payload changed, and signed anew by the author: whatever can be read is signed well.
            let entry = text(&json, "entry");
            let mut parts: Vec<String> = entry.split('.').map(str::to_owned).collect();
            let part = dice.below(2);
            let inner = URL_SAFE_NO_PAD.decode(&parts[part]).unwrap();
            parts[part] = URL_SAFE_NO_PAD.encode(dice.damaged(inner));
            let signature = SigningKey::from_seed([1; 32]).sign(parts[..2].join(".").as_bytes());
            parts[2] = URL_SAFE_NO_PAD.encode(signature);
            json["entry"] = parts.join(".").into();
        }
    }
    (json.to_string().into_bytes(), policy)
}

fn verdict(bytes: &[u8], policy: &str) -> String {
    let Ok(policy) = policy.parse::<Policy>() else { return "policy".to_owned() };
    let digits = std::str::from_utf8(bytes).ok().and_then(CertificateFile::compact_in);
    let file = digits.map_or_else(|| CertificateFile::parse(bytes), CertificateFile::from_compact);
    file.and_then(|file| file.verify(&policy)).map_or_else(|error| error.code(), |_| "verified").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_altered_certificate_gets_the_same_code_from_the_page_and_the_node() {
    let shop = Shop::open().await;
    tokio::task::block_in_place(|| compare(&shop.address));
    shop.exchange.running.stop().await;
}

fn compare(address: &str) {
    let (file, policy) = (vector("ledger/certificate.json"), vector("ledger/policy.txt"));
    let digits = CertificateFile::parse(file.as_bytes()).unwrap().to_compact().unwrap();
    let mut dice = Dice(20_261_122);
    let cases: Vec<_> = (0..CASE_COUNT).map(|_| case(&mut dice, &file, &digits, &policy)).collect();
    let mut browser = Browser::start();
    browser.open(&format!("{address}/verify"));
    import_modules(&mut browser);
    let mut seen = BTreeMap::<String, usize>::new();
    for cases in cases.chunks(50) {
        let sent: Vec<_> =
            cases.iter().map(|(bytes, policy)| json!([STANDARD.encode(bytes), policy])).collect();
        let answers = browser.evaluate(&format!(
            "(async (cases) => {{ const codes = []; for (const [bytes, text] of cases) {{ let policy = null; \
             try {{ policy = await parsePolicy(text); }} catch (error) {{ \
             if (!(error instanceof PolicyRefused)) throw error; }} \
             codes.push(policy ? await verdictOf(fromBase64(bytes), policy) : 'policy'); }} return codes; }})({})",
            json!(sent)
        ));
        for ((bytes, policy), answer) in cases.iter().zip(answers.as_array().unwrap()) {
            let expected = verdict(bytes, policy);
            assert_eq!(answer, &expected, "{}\n{policy}", String::from_utf8_lossy(bytes));
            *seen.entry(expected).or_default() += 1;
        }
    }
    println!("{seen:?}");
    // The dice reach every way to fail but the sizes.
    assert!(seen.len() >= 12, "{seen:?}");
    assert_eq!(browser.complaints(&[&format!("{address}/"), "data:", "about:"]), Vec::<String>::new());
}
