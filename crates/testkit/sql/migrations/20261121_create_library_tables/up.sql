-- The tables of the library (dictionary.toml), as a deployment writes them. Rows may arrive in any
-- order, so there are no foreign keys.

CREATE TABLE collections (
    id INT NOT NULL AUTO_INCREMENT,
    collection_name VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

CREATE TABLE tags (
    id INT NOT NULL AUTO_INCREMENT,
    tag_name VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

CREATE TABLE documents (
    id INT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) NOT NULL,
    datetime DATETIME NOT NULL,
    collection_id INT NULL,
    tag_id INT NULL,
    PRIMARY KEY (id),
    KEY documents_by_collection (collection_id),
    KEY documents_by_tag (tag_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
