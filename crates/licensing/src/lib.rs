//! Stages 3-4: orders, licences, delivery evidence.
