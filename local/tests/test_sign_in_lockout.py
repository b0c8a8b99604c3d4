"""An account is locked after wrong passwords, for longer and longer."""

import time

import pytest

PASSWORD = "Right-horse-9-battery"
LOCKED = "Password attempts exceeded"
WRONG = "Incorrect username or password."


@pytest.fixture
def accounts(cloud):
    return Accounts(cloud.client("cognito-idp"))


class Accounts:
    """A pool with one account, or two."""

    def __init__(self, cognito):
        self.cognito = cognito
        self.pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        self.client = cognito.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="people",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        self.add("ann@example.com")

    def add(self, name):
        self.cognito.admin_create_user(
            UserPoolId=self.pool, Username=name, MessageAction="SUPPRESS"
        )
        self.cognito.admin_set_user_password(
            UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=True
        )

    def sign_in(self, password, name="ann@example.com"):
        """Cognito's error, or nothing if it lets the account in."""
        try:
            self.cognito.admin_initiate_auth(
                UserPoolId=self.pool,
                ClientId=self.client,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": name, "PASSWORD": password},
            )
        except self.cognito.exceptions.NotAuthorizedException as error:
            return error.response["Error"]["Message"]
        return None


def test_the_right_password_does_not_help_while_an_account_is_locked(accounts):
    assert [accounts.sign_in("guess") for _ in range(5)] == [WRONG] * 5
    assert accounts.sign_in(PASSWORD) == LOCKED
    time.sleep(1.1)
    assert accounts.sign_in(PASSWORD) is None
    # The count is over.
    assert [accounts.sign_in("guess") for _ in range(5)] == [WRONG] * 5
    assert accounts.sign_in("guess") == LOCKED


def test_each_further_guess_doubles_the_time(accounts):
    for _ in range(5):
        accounts.sign_in("guess")
    time.sleep(1.1)
    assert accounts.sign_in("guess") == WRONG
    time.sleep(1.1)
    # Two seconds by now. What is tried meanwhile counts for nothing.
    assert accounts.sign_in(PASSWORD) == LOCKED
    time.sleep(1.1)
    assert accounts.sign_in(PASSWORD) is None


def test_others_are_not_locked(accounts):
    accounts.add("bob@example.com")
    for _ in range(6):
        accounts.sign_in("guess")
    assert accounts.sign_in(PASSWORD, name="ANN@example.com") == LOCKED
    assert accounts.sign_in(PASSWORD, name="bob@example.com") is None
