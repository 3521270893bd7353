//! `databourse fsck` and `databourse trace` on what `databourse demo` leaves behind, with the real program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_store::cluster::{Binaries, Cluster, ClusterConfig, OnDrop};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use support::databourse;

/// Runs it to its end; its exit code and what it printed.
#[track_caller]
fn run(command: &mut Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    println!("{command:?}: {status}\n{text}{}", String::from_utf8_lossy(&stderr));
    (status.code().unwrap(), text)
}

fn fsck(data: &Path) -> (i32, Value) {
    let (code, text) = run(databourse(data).args(["fsck", "--json"]));
    (code, serde_json::from_str(&text).unwrap_or_default())
}

/// The small market of the demo, played and stopped.
fn demo(data: &Path) {
    let mut command = databourse(data);
    let (code, _) = run(command.args(["demo", "--exit", "--seed", "7", "--data"]).arg(data));
    assert_eq!(code, 0);
}

/// Changes rows by hand, past the triggers that keep people from it.
async fn tamper(data: &Path, statement: &str) {
    let mut config = ClusterConfig::new(data, Binaries::find().unwrap());
    config.on_drop = OnDrop::Stop;
    let cluster =
        tokio::task::spawn_blocking(move || Cluster::start(config, &|_| ()).unwrap()).await.unwrap();
    let client = databourse_testkit::connect(&cluster.connection_config()).await;
    client.batch_execute(&format!("SET session_replication_role = replica; {statement}")).await.unwrap();
    drop(client);
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_is_sound_and_what_is_changed_by_hand_is_named() {
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    demo(&data);
    let (code, report) = fsck(&data);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["is_complete"], true);
    let (code, text) = run(databourse(&data).arg("fsck"));
    assert!(code == 0 && text.contains("SOUND 一致"), "{text}");

    // A byte of a secret in the key file: the ledger names another key.
    let keys = data.join("keys.toml");
    let whole = fs::read_to_string(&keys).unwrap();
    for key in ["entry_key", "checkpoint_key", "cosignature_key", "consensus_key", "custody_key"] {
        let place = whole.find(&format!("{key} = \"")).unwrap() + key.len() + 10;
        let other = if whole.as_bytes()[place] == b'A' { "B" } else { "A" };
        fs::write(&keys, format!("{}{other}{}", &whole[..place], &whole[place + 1..])).unwrap();
        let (code, report) = fsck(&data);
        assert_eq!(code, 2, "{key}: {report:#}");
        // The custody key shows in what it does not open.
        let named = if key == "custody_key" { "custody_key" } else { "keys.toml" };
        assert!(report["differences"].to_string().contains(named), "{key}: {report:#}");
    }
    fs::write(&keys, &whole).unwrap();

    tamper(
        &data,
        "UPDATE account SET record = jsonb_set(record, '{credits_minor}', \
         to_jsonb(coalesce((record->>'credits_minor')::bigint, 0) + 1)) WHERE name LIKE 'party:%'",
    )
    .await;
    let (code, report) = fsck(&data);
    assert_eq!(code, 2);
    let first = &report["differences"][0];
    assert_eq!((&first["place"]["table"], &first["place"]["column"]), (&"account".into(), &"record".into()));
    assert!(
        first["entry"].is_u64() && first["receipt"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1")
    );
    assert!(!report["money"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_order_is_told_and_each_step_verifies_offline() {
    let folder = databourse_testkit::scratch_folder();
    let (data, out) = (folder.path().join("data"), folder.path().join("trace"));
    demo(&data);
    let mut command = databourse(&data);
    let (code, text) = run(command.args(["trace", "sh-2026-00000001", "--json", "--out"]).arg(&out));
    // The year of the demo's first certificate is that of its clock.
    let life: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0, "{life:#}");
    let types: Vec<_> =
        life["steps"].as_array().unwrap().iter().map(|step| step["type"].as_str().unwrap()).collect();
    for expected in ["order.place", "delivery.record", "order.accept", "certificate.issue"] {
        assert!(types.contains(&expected), "{types:?}");
    }
    assert!(life["steps"].as_array().unwrap().iter().all(|step| step["receipt"].is_string()));

    let mut proofs: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    proofs.retain(|path| path.extension().is_some_and(|extension| extension == "tlog-proof"));
    assert_eq!(proofs.len(), types.len());
    for proof in proofs {
        let mut command = databourse(&data);
        command.arg("verify").arg(&proof).arg("--entry").arg(proof.with_extension("jws"));
        let (code, text) = run(&mut command);
        assert!(code == 0 && text.contains("VALID"), "{}: {text}", proof.display());
    }

    let order = life["steps"][0]["id"].as_str().unwrap().to_owned();
    for subject in [order.clone(), format!("{order}.1")] {
        let (code, text) = run(databourse(&data).args(["trace", &subject]));
        assert!(code == 0 && text.contains("made it 产生") && text.contains("proven 已证明"), "{text}");
    }
    let (code, _) = run(databourse(&data).args(["trace", "019b8b6e-0000-7000-8000-00000000dead"]));
    assert_eq!(code, 2, "nothing has that name");
}
