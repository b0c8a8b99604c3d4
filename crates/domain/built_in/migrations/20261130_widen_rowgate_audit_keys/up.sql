-- Keys of any columns in the audit trail, as percent-encoded text: three characters for each byte
-- of text, of which MySQL allows 3,072 in a key, and some for other values (MAX_KEY_CHARS of
-- crates/domain/src/key_text.rs). The keys of old entries, whole numbers, are such texts already.
-- An index takes the beginning alone, which finds most keys.
ALTER TABLE rowgate_audit
    DROP KEY rowgate_audit_by_row,
    MODIFY row_key VARCHAR(9856) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD KEY rowgate_audit_by_row (table_name, row_key(255));
