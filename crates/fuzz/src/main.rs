//! libFuzzer around one target, which `DATABOURSE_FUZZ_TARGET` names. Started by `cargo xtask fuzz`.
#![no_main]

use databourse_fuzz::{Target, target};
use std::sync::OnceLock;

static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let chosen = CHOSEN.get_or_init(|| {
        let name = std::env::var("DATABOURSE_FUZZ_TARGET").unwrap_or_default();
        target(&name).unwrap_or_else(|| panic!("DATABOURSE_FUZZ_TARGET names no target: `{name}`"))
    });
    (chosen.run)(input);
});
