-- The entries of a product: what it was in each of its revisions, and why it was paused or delisted.
-- Why now: its page shows that, and a record holds the latest revision only. An index over the entries themselves, and no
-- table, so that there is nothing that could differ from them; only the few types that it names pay for it.

-- The product that an entry is about: the one that its body names, or the one that the entry itself makes. The payload of a
-- compact JWS (RFC 7515, section 7.1) is base64url without padding. Null if it cannot be read: an index must not refuse what
-- the rules accepted.
CREATE FUNCTION product_of_entry(bytes bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    payload text := translate(split_part(convert_from(bytes, 'UTF8'), '.', 2), '-_', '+/');
    claims jsonb;
BEGIN
    claims := convert_from(decode(rpad(payload, (length(payload) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb;
    RETURN coalesce(claims #>> '{body,product}', claims ->> 'id');
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;

CREATE INDEX entry_product ON entry (product_of_entry(bytes), leaf_index)
    WHERE entry_type IN ('product.list', 'product.revise', 'product.pause', 'product.resume', 'product.delist');
