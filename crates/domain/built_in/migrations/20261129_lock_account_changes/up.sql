-- Serialises changes of accounts: each holds a lock on the row of this table until it is done. The
-- user pool, where the accounts are, has neither transactions nor conditional writes.

CREATE TABLE rowgate_account_lock (
    id TINYINT NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

INSERT INTO rowgate_account_lock (id) VALUES (1);
