//! Re-executes a ledger through the rules and names every difference.
