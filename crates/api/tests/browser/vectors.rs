//! The committed vectors, read by the page's own modules in the browser.

use crate::{import_modules, sale::Shop, vector};
use databourse_testkit::browser::Browser;
use serde_json::{Value, json};

fn vector_json(name: &str) -> Value {
    serde_json::from_str(&vector(name)).unwrap()
}

/// Calls a JavaScript function with one argument; it gives a list of what is wrong.
#[track_caller]
fn check(browser: &mut Browser, function: &str, argument: &Value) {
    assert_eq!(browser.evaluate(&format!("({function})({argument})")), json!([]), "{function}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_page_answers_the_vectors_as_the_node_does() {
    let shop = Shop::open().await;
    tokio::task::block_in_place(|| read_all(&shop.address));
    shop.exchange.running.stop().await;
}

fn read_all(address: &str) {
    let mut browser = Browser::start();
    browser.open(&format!("{address}/verify"));
    import_modules(&mut browser);
    browser.evaluate(
        "window.bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16)); 0",
    );
    assert_eq!(browser.evaluate("knowsEd25519()"), true, "the browser's own Ed25519 is tested, too");
    check(
        &mut browser,
        "async (cases) => { const wrong = []; for (const one of cases) for (const computeHere of [false, true]) { \
         const holds = await verifySignature(bytesOf(one.public_key_hex), bytesOf(one.message_hex), \
         bytesOf(one.signature_hex), computeHere); if (holds !== one.valid) wrong.push([one.why, computeHere]); } \
         return wrong; }",
        &vector_json("ledger/signature-strict.json"),
    );
    check(
        &mut browser,
        "(cases) => cases.flatMap((one) => { try { parseEntry(one.entry); return [one.why]; } catch (error) { \
         return error.code === one.code && error.field === one.field ? [] : [one.why, error.code, error.field]; } })",
        &vector_json("ledger/entry-hostile.json"),
    );
    check(
        &mut browser,
        "async (one) => { const entry = parseEntry(one.entry); const key = fromBase64url(one.public_key.slice(8)); \
         const holds = (await isSignedBy(entry, key)) && (await keyName(key)) === one.kid && entry.kid === one.kid \
         && toHex(await leafHash(entry.bytes)) === one.leaf_hash; return holds ? [] : [one]; }",
        &vector_json("ledger/entry.json"),
    );
    check(
        &mut browser,
        "async ({ note, key }) => { const verifier = await parseVerifierKey(key.trim()); \
         const signed = await verifyLines(parseNote(note), verifier); return signed ? [] : ['note']; }",
        &json!({ "note": vector("ledger/note.txt"), "key": vector("ledger/note.vkey") }),
    );
    check(
        &mut browser,
        "async ({ policy, checkpoint, cosignature, receipt }) => { const wrong = []; const by = await parsePolicy(policy); \
         for (const [text, count] of [[checkpoint, 0], [cosignature, 3]]) { const read = parseCheckpoint(text); \
         const logs = await signingLogs(by, read); const witnesses = await cosigningWitnesses(by, read); \
         if (logs.length !== 1 || witnesses.length !== count || quorumReached(by, witnesses) !== (count === 3)) \
         wrong.push(count); } \
         if (parseReceipt(receipt).index !== 2n) wrong.push('receipt'); return wrong; }",
        &json!({
            "policy": vector("ledger/policy.txt"), "checkpoint": vector("ledger/checkpoint.txt"),
            "cosignature": vector("ledger/cosignature.txt"), "receipt": vector("ledger/receipt.tlog-proof"),
        }),
    );
    check(
        &mut browser,
        "async ({ policy, certificate, compact }) => { const by = await parsePolicy(policy); const wrong = []; \
         for (const text of [certificate, compact.digits, `https://sh.example/verify#${compact.digits}`]) \
         if ((await verdictOf(encodeUtf8(text), by)) !== 'verified') wrong.push(text); \
         if (DICTIONARY !== compact.dictionary) wrong.push('dictionary'); return wrong; }",
        &json!({
            "policy": vector("ledger/policy.txt"), "certificate": vector("ledger/certificate.json"),
            "compact": vector_json("ledger/compact.json"),
        }),
    );
    check(
        &mut browser,
        "async ({ cases }) => { const wrong = []; for (const one of cases) { const fault = await inclusionFault( \
         bytesOf(one.leaf_hash), BigInt(one.index), BigInt(one.size), one.proof.map(bytesOf), bytesOf(one.root)); \
         if ((fault ?? 'ok') !== one.expect) wrong.push([one, fault]); } return wrong; }",
        &vector_json("merkle/inclusion.json"),
    );
    assert_eq!(browser.complaints(&[&format!("{address}/"), "data:", "about:"]), Vec::<String>::new());
}
