//! Policies: the text, and whom it trusts.

use crate::support::*;
use databourse_ledger::{NoteKeyType, NoteSigner, Policy, PolicyLog, Quorum, SignedCheckpoint, Untrusted};

/// The words `LOG` and `W1` to `W4` stand for keys.
fn with_keys(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let end = word.len() - usize::from(word.ends_with([' ', '\n']));
        match word.split_at(end) {
            ("LOG", end) => format!("{}{end}", log().verifier_key()),
            ("W1", end) => format!("{}{end}", witness(1).verifier_key()),
            ("W2", end) => format!("{}{end}", witness(2).verifier_key()),
            ("W3", end) => format!("{}{end}", witness(3).verifier_key()),
            ("W4", end) => format!("{}{end}", witness(4).verifier_key()),
            _ => word.to_owned(),
        }
    });
    words.collect()
}

#[track_caller]
fn check(text: &str, expected: Result<(), usize>) {
    let policy = with_keys(text).parse::<Policy>();
    if let Ok(policy) = &policy {
        assert_eq!(policy.to_string().parse::<Policy>().as_ref(), Ok(policy), "{text}");
    }
    assert_eq!(policy.map(|_| ()).map_err(|error| error.line), expected, "{text}");
}

#[test]
fn a_policy_is_read_as_specified() {
    check("quorum none\n", Ok(()));
    check("log LOG https://a.example/\n# any\n\n \t \n\t#\tcomment é\nquorum\tnone \n", Ok(()));
    check("witness a W1\nquorum a\nwitness b W2 https://b.example\n", Ok(()));
    check("witness a W1\nwitness b W2\ngroup g any a b\nquorum g\n", Ok(()));
    check("witness 数 W1\ngroup any all 数\nquorum any\n", Ok(()));
    check(
        "witness a W1\nwitness b W2\nwitness c W3\nwitness d W4\ngroup x 2 a b c\ngroup y all d x\nquorum y\n",
        Ok(()),
    );
}

#[test]
fn a_policy_that_breaks_a_rule_is_refused_at_its_line() {
    check("", Err(0));
    check("quorum none", Err(0));
    check("quorum none\r\n", Err(0));
    check("quorum none\u{b}\n", Err(0));
    check("log LOG\n", Err(0));
    check("quorum none\nquorum none\n", Err(2));
    check("quorum a\nwitness a W1\n", Err(1));
    check("quorum\n", Err(1));
    check("quorum none none\n", Err(1));
    check("observer a W1\nquorum none\n", Err(1));
    check("log W1\nquorum none\n", Err(1));
    check("log\nquorum none\n", Err(1));
    check("log LOG a b\nquorum none\n", Err(1));
    check("log LOG\nlog LOG\nquorum none\n", Err(2));
    check("witness a LOG\nquorum none\n", Err(1));
    check("witness a\nquorum none\n", Err(1));
    check("witness none W1\nquorum none\n", Err(1));
    check("witness a W1\nwitness a W2\nquorum a\n", Err(2));
    check("witness a W1\nwitness b W1\nquorum a\n", Err(2));
    check("witness a W1\ngroup a all a\nquorum a\n", Err(2));
    check("witness a W1\ngroup none all a\nquorum none\n", Err(2));
    check("witness a W1\ngroup g all\nquorum g\n", Err(2));
    check("witness a W1\ngroup g all none\nquorum g\n", Err(2));
    check("witness a W1\ngroup g all g\nquorum g\n", Err(2));
    check("witness a W1\ngroup g all b\nwitness b W2\nquorum g\n", Err(2));
    check("witness a W1\ngroup g all a a\nquorum g\n", Err(2));
    check("witness a W1\ngroup g all a\ngroup h all a\nquorum g\n", Err(3));
    for threshold in ["0", "2", "01", "+1", "-1", "ALL", "1.0"] {
        check(&format!("witness a W1\ngroup g {threshold} a\nquorum g\n"), Err(2));
    }
    let long = format!("# {}\nquorum none\n", "x".repeat(262_144));
    check(&long, Err(0));
}

#[test]
fn the_limits_are_above_what_the_specification_asks_for() {
    let mut text = String::new();
    for number in 0..40_u8 {
        let key = key(100 + number);
        let log = NoteSigner::new(ORIGIN, NoteKeyType::Ed25519, key.clone()).unwrap();
        let witness = NoteSigner::new("w.example", NoteKeyType::CosignatureV1, key).unwrap();
        text += &format!("log {}\nwitness w{number} {}\n", log.verifier_key(), witness.verifier_key());
        text += &format!("group g{number} all w{number}\n");
    }
    check(&format!("{text}quorum g0\n"), Ok(()));
}

#[track_caller]
fn quorum(policy: &str, witnesses: &[u8], reached: bool) {
    let policy: Policy = with_keys(policy).parse().unwrap();
    match policy.check(&signed(witnesses)) {
        Ok(verdict) => {
            assert!(reached, "{witnesses:?} should not be enough");
            let signers: Vec<_> = verdict.witnesses.iter().map(|witness| witness.name.clone()).collect();
            let names: Vec<_> = witnesses.iter().map(|number| format!("w{number}")).collect();
            assert_eq!(signers, names);
        }
        Err(Untrusted::QuorumMissing { .. }) => assert!(!reached, "{witnesses:?} should be enough"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_quorum_is_reached_by_enough_of_its_members() {
    let four = "log LOG\nwitness w1 W1\nwitness w2 W2\nwitness w3 W3\nwitness w4 W4\n";
    quorum(&format!("{four}quorum none\n"), &[], true);
    quorum(&format!("{four}quorum w2\n"), &[2], true);
    quorum(&format!("{four}quorum w2\n"), &[1, 3, 4], false);
    quorum(&format!("{four}group g 3 w1 w2 w3 w4\nquorum g\n"), &[1, 2], false);
    quorum(&format!("{four}group g 3 w1 w2 w3 w4\nquorum g\n"), &[1, 3, 4], true);
    let nested = format!("{four}group x 2 w1 w2 w3\ngroup y all x w4\nquorum y\n");
    quorum(&nested, &[1, 2], false);
    quorum(&nested, &[1, 4], false);
    quorum(&nested, &[1, 3, 4], true);
}

#[test]
fn more_than_two_thirds_is_what_consensus_means() {
    for (count, enough) in [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (6, 5), (7, 5), (10, 7)] {
        let witnesses = (1..=count).map(|number| databourse_ledger::PolicyWitness {
            name: format!("w{number}"),
            key: witness(number).verifier_key().clone(),
            url: None,
        });
        let policy = Policy::more_than_two_thirds(policy().logs().to_vec(), witnesses.collect()).unwrap();
        assert_eq!(policy.groups()[0].threshold, enough, "{count} witnesses");
        let all: Vec<u8> = (1..=count).collect();
        assert!(policy.check(&signed(&all[..enough])).is_ok());
        assert!(policy.check(&signed(&all[..enough - 1])).is_err());
    }
    assert!(Policy::more_than_two_thirds(vec![], vec![]).is_err());
}

#[test]
fn a_policy_made_by_hand_keeps_the_rules_of_the_text() {
    let log = |url: &str| PolicyLog { key: log().verifier_key().clone(), url: Some(url.to_owned()) };
    let made = |logs| Policy::new(logs, vec![], vec![], Quorum::None);
    assert!(made(vec![log("https://a.example")]).is_ok());
    assert!(made(vec![log("https://a.example"), log("")]).is_err());
    assert!(made(vec![log("a b")]).is_err());
    assert!(made(vec![log("a\nquorum none")]).is_err());
    assert!(made(vec![log("")]).is_err());
    assert!(Policy::new(vec![], vec![], vec![], Quorum::Of("none".to_owned())).is_err());
}

#[test]
fn a_checkpoint_is_trusted_only_if_every_known_line_holds() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut SignedCheckpoint), expected: &str) {
        let mut signed = signed(&[1, 2, 3]);
        change(&mut signed);
        let verdict = policy().check(&signed);
        let found = match &verdict {
            Ok(_) => "trusted",
            Err(Untrusted::OriginUnknown { .. }) => "origin",
            Err(Untrusted::SignatureInvalid { name, .. }) => name,
            Err(Untrusted::LogSignatureMissing { .. }) => "log",
            Err(Untrusted::QuorumMissing { .. }) => "quorum",
        };
        assert_eq!(found, expected);
    }
    check(|_| (), "trusted");
    check(|signed| signed.signatures.reverse(), "trusted");
    check(|signed| signed.checkpoint.origin = "other.example".into(), "origin");
    check(|signed| signed.checkpoint.size.0 += 1, ORIGIN);
    check(|signed| drop(signed.signatures.remove(0)), "log");
    check(|signed| drop(signed.signatures.remove(3)), "quorum");
    check(|signed| signed.signatures[2].bytes[0] ^= 1, "witness2.example");
    check(|signed| signed.signatures[2].key_id ^= 1, "quorum");
    // A witness cannot stand in for another by signing twice.
    check(
        |signed| {
            let again = witness(1).cosign(&signed.checkpoint, 9).unwrap();
            signed.signatures[3] = again;
        },
        "quorum",
    );
    // A fifth witness that nobody knows changes nothing.
    check(|signed| signed.cosign(&witness(9), 1).unwrap(), "trusted");
    // A trusted log cannot sign for another log's origin.
    check(
        |signed| {
            let other = NoteSigner::new("other.example", NoteKeyType::Ed25519, key(2)).unwrap();
            *signed = signed.checkpoint.clone().sign(&other).unwrap();
        },
        "log",
    );
}
