//! The state machine: decodes an entry, routes it to its stage, produces effects.
