//! Stage 5: accounts, postings, splits, fee schedules, windows.
