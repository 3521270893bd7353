//! A typed HTTP client that verifies what it receives.
