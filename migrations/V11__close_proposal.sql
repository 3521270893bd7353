-- A region may decide to close its ledger.
-- Why now: that decision is a proposal like the others, and the table knew the five changes that are about one exchange
-- only, so no block with the sixth could be kept.
ALTER TABLE member_proposal DROP CONSTRAINT member_proposal_change_check;
ALTER TABLE member_proposal ADD CONSTRAINT member_proposal_change_check
    CHECK (change IN ('join', 'leave', 'replace_keys', 'suspend', 'reinstate', 'close'));
