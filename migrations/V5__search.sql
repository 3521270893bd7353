-- An index for searching the catalogue.
-- Why now: with 100,000 products a word that few of them have took 150 ms (p99), since LIKE read every text. The index
-- holds each pair of neighbouring characters of a text, which serves words of any length from two characters on, and
-- Chinese, which has no spaces, as well as English. LIKE still decides; pairs only say where to look.
--
-- `grams('数据 ab')` is {ab,数据}: the pairs without white space, so the pairs of a whole search are those of its words.
-- Bytes are compared, and no regular expression is used: this way it takes 0.1 ms for a text of 250 characters.
CREATE FUNCTION grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT one || other COLLATE "C"), '{}')
    FROM UNNEST(string_to_array(words, NULL), string_to_array(substr(words, 2), NULL)) AS pairs (one, other)
    WHERE one > ' ' COLLATE "C" AND other > ' ' COLLATE "C"
$$;

-- A stored column and not an index on the expression: the planner sees how common a pair is, and a common word is then
-- looked for by walking the list. Adding it rewrites the table once.
ALTER TABLE product ADD COLUMN search_grams text[] COLLATE "C" NOT NULL GENERATED ALWAYS AS (grams(lower(
    coalesce(record #>> '{details,title,zh}', '') || E'\n' ||
    coalesce(record #>> '{details,title,en}', '') || E'\n' ||
    translate(coalesce(record #>> '{details,keywords}', ''), '[]"', '   ') || E'\n' ||
    coalesce(record #>> '{details,description,zh}', '') || E'\n' ||
    coalesce(record #>> '{details,description,en}', '')
))) STORED;
CREATE INDEX product_search_grams ON product USING gin (search_grams);
