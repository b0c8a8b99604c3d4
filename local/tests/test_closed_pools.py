"""Nobody signs up to a pool to which administrators alone add people."""

import pytest
from botocore.exceptions import ClientError

PASSWORD = "Right-horse-9-battery"


def sign_up(cognito, **settings):
    pool = cognito.create_user_pool(PoolName="people", **settings)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="people")
    client = client["UserPoolClient"]["ClientId"]
    cognito.sign_up(ClientId=client, Username="ann@example.com", Password=PASSWORD)


def test_a_closed_pool_takes_nobody(cloud):
    settings = {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}
    with pytest.raises(ClientError, match="SignUp is not permitted for this user pool") as error:
        sign_up(cloud.client("cognito-idp"), **settings)
    assert error.value.response["Error"]["Code"] == "NotAuthorizedException"


def test_an_open_pool_does(cloud):
    sign_up(cloud.client("cognito-idp"))
