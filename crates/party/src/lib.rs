//! Stage 1: exchanges, parties, roles and their certification.
