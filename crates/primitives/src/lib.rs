//! The shared words: ids, amounts, assets, time, refusal codes.
