//! Entries (JWS), blocks, signed checkpoints, cosignatures, policies, receipts.
