#![doc = include_str!("../README.md")]

mod accounts;
mod cognito;
mod command;
mod directory;
mod groups;
mod manage;
mod me;
mod options;
mod password;
mod register;
mod request;
mod service;
mod session;
mod trail;
mod username;

pub use accounts::{Account, Accounts, ChangeError, Page, Status};
pub use cognito::Cognito;
pub use command::{Answer, CommandError, invoke};
pub use directory::{Created, Directory, DirectoryError, Joined, Session, User, Users};
pub use groups::Groups;
pub use options::Options;
pub use password::{Password, PasswordRule};
pub use request::MAX_BODY_BYTES;
pub use service::{Service, router};
pub use username::Username;
