//! SQL reports served as endpoints.
