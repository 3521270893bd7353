//! Checkpoints and cosignatures.

use crate::support::*;
use databourse_ledger::{Checkpoint, CheckpointError, NoteError, SignedCheckpoint};
use databourse_merkle::{EMPTY_ROOT, Hash};
use databourse_primitives::TreeSize;

const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

#[track_caller]
fn check(text: &str, expected: Result<u64, CheckpointError>) {
    let checkpoint = text.parse::<Checkpoint>();
    if let Ok(checkpoint) = &checkpoint {
        assert_eq!(checkpoint.to_string(), text);
    }
    assert_eq!(checkpoint.map(|checkpoint| checkpoint.size.0), expected, "{text}");
}

#[test]
fn a_checkpoint_is_three_lines_with_one_spelling() {
    use CheckpointError::*;
    check(&format!("example.com/behind-the-sofa\n20852163\n{ROOT}\n"), Ok(20_852_163));
    check(&format!("a b+c\n{}\n{ROOT}\n", u64::MAX), Ok(u64::MAX));
    check(&format!("a\n0\n{EMPTY}\n"), Ok(0));
    check(&format!("a\n0\n{ROOT}\n"), Err(RootMalformed));
    check("", Err(LinesMissing));
    check("a\n1\n", Err(LinesMissing));
    check(&format!("a\n1\n{ROOT}"), Err(LinesMissing));
    check(&format!("\n1\n{ROOT}\n"), Err(OriginInvalid));
    check(&format!("{}\n1\n{ROOT}\n", "a".repeat(256)), Err(OriginInvalid));
    for size in ["", "01", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616"] {
        check(&format!("a\n{size}\n{ROOT}\n"), Err(SizeMalformed));
    }
    for root in ["", "AAAA", &ROOT[..43], &ROOT.replace('/', "_"), &ROOT.replace("2I=", "2J=")] {
        check(&format!("a\n1\n{root}\n"), Err(RootMalformed));
    }
    check(&format!("a\n1\n{ROOT}\nmore\n"), Err(ExtensionLine));
    check(&format!("a\n1\n{ROOT}\n\n"), Err(ExtensionLine));
}

#[test]
fn a_log_signs_what_can_be_read_only() {
    let checkpoint =
        |origin: &str, size, root| Checkpoint { origin: origin.to_owned(), size: TreeSize(size), root };
    let root = Hash::from_bytes([7; 32]);
    let sign = |checkpoint: Checkpoint| checkpoint.sign(&log()).map(|_| ());
    assert_eq!(sign(checkpoint("a", 1, root)), Ok(()));
    assert_eq!(sign(checkpoint("a", 0, EMPTY_ROOT)), Ok(()));
    assert_eq!(sign(checkpoint("a", 0, root)), Err(CheckpointError::RootMalformed));
    assert_eq!(sign(checkpoint("a\nb", 1, root)), Err(CheckpointError::OriginInvalid));
    let unfit = checkpoint("a", 1, root).sign(&witness(1)).unwrap_err();
    assert_eq!(unfit, CheckpointError::Note(NoteError::KeyTypeUnfit));
}

#[test]
fn a_cosignature_binds_its_time_and_the_whole_text() {
    let signed = signed(&[1]);
    let known = [witness(1).verifier_key().clone()];
    let verified = signed.verify(&known).unwrap();
    assert_eq!(verified[0].time_s, Some(1_795_315_653));

    let refused = |signed: &SignedCheckpoint| {
        let error = signed.verify(&known).unwrap_err();
        assert!(matches!(error, CheckpointError::Note(NoteError::SignatureInvalid { .. })), "{error}");
    };
    let mut later = signed.clone();
    later.signatures[1].bytes[7] ^= 1;
    refused(&later);
    let mut grown = signed.clone();
    grown.checkpoint.size.0 += 1;
    refused(&grown);
    let mut shorter = signed.clone();
    shorter.signatures[1].bytes.truncate(71);
    refused(&shorter);
    shorter.signatures[1].bytes.truncate(3);
    refused(&shorter);
    // A plain signature of the same key over the text is no cosignature.
    let mut plain = signed.clone();
    plain.signatures[1].bytes = key(3).sign(signed.checkpoint.to_string().as_bytes()).to_vec();
    refused(&plain);
}

#[test]
fn the_time_of_a_cosignature_is_bounded() {
    let mut signed = signed(&[]);
    let max = i64::MAX.unsigned_abs();
    assert_eq!(signed.cosign(&witness(1), max), Ok(()));
    let known = [witness(1).verifier_key().clone()];
    assert_eq!(signed.verify(&known).unwrap()[0].time_s, Some(max));
    let late = signed.cosign(&witness(1), max + 1);
    assert_eq!(late, Err(CheckpointError::Note(NoteError::TimeOutOfRange)));
    // Signed honestly over a time that is too large, it is refused by who reads it.
    let time_s = max + 1;
    let message = format!("cosignature/v1\ntime {time_s}\n{}", signed.checkpoint);
    let signature = key(3).sign(message.as_bytes());
    signed.signatures[1].bytes = [&time_s.to_be_bytes(), signature.as_slice()].concat();
    assert!(signed.verify(&known).is_err());
    let log = signed.cosign(&log(), 1);
    assert_eq!(log, Err(CheckpointError::Note(NoteError::KeyTypeUnfit)));
}

#[test]
fn cosigning_again_replaces_the_line() {
    let mut signed = signed(&[1, 2]);
    signed.cosign(&witness(1), 7).unwrap();
    assert_eq!(signed.signatures.len(), 3);
    let known = [witness(1).verifier_key().clone()];
    assert_eq!(signed.verify(&known).unwrap()[0].time_s, Some(7));
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes());
    assert_eq!(read, Ok(signed));
}
