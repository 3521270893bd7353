-- Orders with lines that are neither accepted nor refused yet.
-- Why now: what a supplier has to deliver, and a buyer to accept, is looked for on every opening of their pages, among all
-- licences that they ever had: 0.7 s of 1,200,000. Both are lines of these orders, which are few, and found through
-- `licence_purchase_order`. An index of `licence.state` itself would make each change of a licence one of every index.
-- A column of its own, since an index of the whole record would change with each acceptance; this one changes once.
ALTER TABLE purchase_order
    ADD COLUMN is_open boolean NOT NULL GENERATED ALWAYS AS ((record ->> 'open_line_count')::bigint > 0) STORED;
CREATE INDEX purchase_order_open ON purchase_order (name) WHERE is_open;
