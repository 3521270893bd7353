//! Built together with a program, it brings the features that tests ask for into view; see `src/main.rs`.

#[test]
fn the_features_of_the_tests_are_known() {
    let features = std::env::var("DATABOURSE_TESTED_FEATURES").unwrap_or_default();
    assert!(features.contains("dishonest"), "{features}");
}
