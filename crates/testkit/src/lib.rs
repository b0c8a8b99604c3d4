//! Builders and a private MariaDB for tests; never shipped.
