//! Stages 1-2: rights, products, revisions and offers.
