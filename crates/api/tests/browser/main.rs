//! The page `/verify` in a real browser, before a real node: it answers as `databourse verify` does, and nothing that
//! was changed passes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod altered;
mod page;
mod sale;
#[allow(dead_code, reason = "shared with the other tests of this crate, which need more of it")]
#[path = "../it/support.rs"]
mod support;
mod vectors;

use databourse_testkit::browser::Browser;
use std::path::{Path, PathBuf};

fn vector(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/vectors", name].iter().collect();
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where pictures of failures and of the page are left to be looked at, beside other output of builds.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verify-page");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The page's modules as functions of the browser's window, for the tests to call.
fn import_modules(browser: &mut Browser) {
    browser.evaluate(
        "Promise.all(['bytes', 'entry', 'ed25519', 'note', 'policy', 'receipt', 'compact', 'certificate'].map( \
         (name) => import(`/verify/assets/${name}.js`))).then((modules) => { Object.assign(window, ...modules); })",
    );
}
