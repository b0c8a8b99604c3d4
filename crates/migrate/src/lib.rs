//! Applies sql/migrations, once and in order.
