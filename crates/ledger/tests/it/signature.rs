//! The one signature rule as a table that other implementations read too.

use databourse_ledger::verify_signature;
use databourse_primitives::PublicKey;

/// One signature and whether it holds.
pub(crate) struct StrictCase {
    pub(crate) why: &'static str,
    pub(crate) key: &'static str,
    pub(crate) message: &'static [u8],
    pub(crate) r: &'static str,
    pub(crate) s: &'static str,
    pub(crate) valid: bool,
}

const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const R: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155";
const S: &str = "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const ONE: &str = "0100000000000000000000000000000000000000000000000000000000000000";
const P_PLUS_ONE: &str = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
const ORDER_8: &str = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";

const fn case(
    why: &'static str,
    key: &'static str,
    message: &'static [u8],
    r: &'static str,
    s: &'static str,
    valid: bool,
) -> StrictCase {
    StrictCase { why, key, message, r, s, valid }
}

// Made with plain integers (Python) from an honest key and R, with the point of order 8 above added to one of them:
// rules with the cofactor accept all three, ours accepts the one whose k is a multiple of 8.
const MIXED_KEY: &str = "c0d4dc9b5b7c8da82c0a4d8a325007b4d87f872d4b4263a972df755afd877c7b";
const HONEST_R: &str = "1076e78b1fca64e7a66bd8ad80af796ddc09caf556bcd33dc68b8aaef06c93a3";
const HONEST_KEY: &str = "bd46f16f23d87b8b5481d3a530e7a42e30e535c49687ff564a6989d32dae6f30";
const MIXED_R: &str = "849c081e162ab9827f97bd7cb0c1f97ee38b5923a17321e7d43f33dc5fa225cf";

pub(crate) const STRICT_CASES: &[StrictCase] = &[
    case("RFC 8032 §7.1 test 1", KEY, b"", R, S, true),
    case("another message", KEY, b"x", R, S, false),
    case(
        "S plus the group order",
        KEY,
        b"",
        R,
        "4c8c7872aa064e049dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b",
        false,
    ),
    case("R and S exchanged", KEY, b"", S, R, false),
    case("key is the identity; cofactored rules accept", ONE, b"any", ONE, ZERO, false),
    case("key is the identity, written as p + 1", P_PLUS_ONE, b"any", ONE, ZERO, false),
    case("R is the identity, written as p + 1", ONE, b"any", P_PLUS_ONE, ZERO, false),
    case("key of order 8, R the identity", ORDER_8, b"any", ONE, ZERO, false),
    case("key and R of order 8", ORDER_8, b"any", ORDER_8, ZERO, false),
    case("R of order 8 under an honest key", KEY, b"", ORDER_8, S, false),
    case(
        "key is no point",
        "0200000000000000000000000000000000000000000000000000000000000000",
        b"any",
        ONE,
        ZERO,
        false,
    ),
    case(
        "key of mixed order; cofactored rules accept",
        MIXED_KEY,
        b"3",
        HONEST_R,
        "4fc925c4554a0dd07cc8f5bcfe494b24b61935e8fa54cee307b048892aeb4c0f",
        false,
    ),
    case(
        "key of mixed order, k a multiple of 8: every rule accepts",
        MIXED_KEY,
        b"9",
        HONEST_R,
        "e35b72e3ef4462e91ce4498eb23c51e2b30499353da47d5e3174e9eb75a7bf03",
        true,
    ),
    case(
        "R of mixed order; cofactored rules accept",
        HONEST_KEY,
        b"0",
        MIXED_R,
        "5afa1c6e21d7786e8207d29fa650ec2e720f2385c159431c7a7215854d53650b",
        false,
    ),
    case(
        "the same key with an honest R",
        HONEST_KEY,
        b"0",
        HONEST_R,
        "9bd93239197c6be8b29740dbfd5997eea8285fc7ba5f0b10d159622e15dcc804",
        true,
    ),
];

#[test]
fn a_signature_holds_exactly_where_the_table_says() {
    for case in STRICT_CASES {
        let key = PublicKey::from_bytes(hex::decode(case.key).unwrap().try_into().unwrap());
        let signature = [case.r, case.s].concat();
        let signature = hex::decode(signature).unwrap().try_into().unwrap();
        let holds = verify_signature(&key, case.message, &signature).is_ok();
        assert_eq!(holds, case.valid, "{}", case.why);
    }
}
