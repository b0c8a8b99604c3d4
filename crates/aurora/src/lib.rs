//! The only door to the database: a client over the RDS Data API and the store operations built on it.
