-- The tables of the shop. The database compares texts of keys, of unique columns and of references
-- byte by byte (_bin): with another collation `abc-0001` and `ABC-0001` would be one key.

CREATE TABLE clients (
    id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    email VARCHAR(254) COLLATE utf8mb4_bin NOT NULL,
    first_name VARCHAR(80) NOT NULL,
    last_name VARCHAR(80) NOT NULL,
    company VARCHAR(120) NULL,
    region VARCHAR(20) NOT NULL,
    client_since DATE NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY clients_by_email (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

CREATE TABLE client_addresses (
    client_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    number SMALLINT NOT NULL,
    street VARCHAR(200) NOT NULL,
    postcode VARCHAR(10) NOT NULL,
    city VARCHAR(100) NOT NULL,
    PRIMARY KEY (client_id, number)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

CREATE TABLE sales_people (
    id SMALLINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(160) NOT NULL,
    region VARCHAR(20) NOT NULL,
    started_on DATE NOT NULL,
    left_on DATE NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

CREATE TABLE products (
    sku VARCHAR(8) COLLATE utf8mb4_bin NOT NULL,
    product_name VARCHAR(200) NOT NULL,
    category VARCHAR(20) NOT NULL,
    list_price DECIMAL(10,2) NOT NULL,
    introduced_on DATE NOT NULL,
    details JSON NULL,
    PRIMARY KEY (sku)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

CREATE TABLE sales (
    id BIGINT NOT NULL AUTO_INCREMENT,
    client_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    address_number SMALLINT NOT NULL,
    sales_person_id SMALLINT NULL,
    channel VARCHAR(10) NOT NULL,
    sold_at DATETIME(3) NOT NULL,
    shipped_at DATETIME(3) NULL,
    PRIMARY KEY (id),
    KEY sales_by_address (client_id, address_number),
    KEY sales_by_sales_person (sales_person_id),
    KEY sales_by_time (sold_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;

CREATE TABLE sales_items (
    sale_id BIGINT NOT NULL,
    line SMALLINT NOT NULL,
    sku VARCHAR(8) COLLATE utf8mb4_bin NOT NULL,
    quantity INT NOT NULL,
    unit_price DECIMAL(10,2) NOT NULL,
    PRIMARY KEY (sale_id, line),
    KEY sales_items_by_sku (sku)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;
