"""A signed link does what was signed, and nothing else."""

import time
import urllib.error
import urllib.request

import pytest

SETTINGS = "x-amz-meta-rowgate-settings"
ORIGIN = "https://people.example.com"


@pytest.fixture(scope="module")
def bucket(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="drops")
    rule = {
        "AllowedOrigins": [ORIGIN],
        "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": ["content-type", "x-amz-meta-*"],
        "ExposeHeaders": ["ETag"],
    }
    s3.put_bucket_cors(Bucket="drops", CORSConfiguration={"CORSRules": [rule]})
    return s3


def sign(s3, seconds=900, **parameters):
    parameters = {"Bucket": "drops", "Key": "incoming/jobs/a.csv", **parameters}
    return s3.generate_presigned_url("put_object", Params=parameters, ExpiresIn=seconds)


def send(url, method="PUT", body=b"1,Analyst\n", **headers):
    """The status of the answer, its body and its headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, method=method, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def test_what_was_signed_may_be_sent(bucket):
    url = sign(bucket, ContentLength=10, Metadata={"rowgate-settings": "abc"})
    status, _, _ = send(url, **{SETTINGS: "abc"})
    assert status == 200
    found = bucket.head_object(Bucket="drops", Key="incoming/jobs/a.csv")
    assert found["Metadata"] == {"rowgate-settings": "abc"}


def test_another_length_is_refused(bucket):
    url = sign(bucket, ContentLength=10)
    assert send(url)[0] == 200
    for body in (b"1,Analyst", b"1,Analyst\n2"):
        status, text, _ = send(url, body=body)
        assert (status, "SignatureDoesNotMatch" in text) == (403, True)


def test_another_key_method_or_bucket_is_refused(bucket):
    url = sign(bucket)
    for other in (url.replace("a.csv", "b.csv"), url.replace("/drops/", "/lake/")):
        assert send(other)[0] == 403
    assert send(url, method="DELETE", body=None)[0] == 403
    assert send(url, method="GET", body=None)[0] == 403


def test_settings_that_are_missing_changed_or_added_are_refused(bucket):
    url = sign(bucket, Metadata={"rowgate-settings": "abc"})
    assert send(url)[0] == 403
    assert send(url, **{SETTINGS: "abd"})[0] == 403
    status, text, _ = send(sign(bucket), **{SETTINGS: "abc"})
    assert status == 403
    assert "<Code>AccessDenied</Code>" in text
    assert "<HeadersNotSigned>x-amz-meta-rowgate-settings</HeadersNotSigned>" in text
    assert send(url, **{SETTINGS: "abc"}, x_amz_acl="public-read")[0] == 403


def test_a_link_ends(bucket):
    url = sign(bucket, seconds=1)
    time.sleep(2.1)
    status, text, _ = send(url)
    assert (status, "Request has expired" in text) == (403, True)


def test_a_part_is_bound_as_a_whole_file_is(bucket):
    upload = bucket.create_multipart_upload(Bucket="drops", Key="incoming/jobs/big.csv")
    parameters = {
        "Bucket": "drops",
        "Key": "incoming/jobs/big.csv",
        "UploadId": upload["UploadId"],
        "PartNumber": 1,
        "ContentLength": 10,
    }
    url = bucket.generate_presigned_url("upload_part", Params=parameters, ExpiresIn=900)
    assert send(url.replace("partNumber=1", "partNumber=2"))[0] == 403
    assert send(url, body=b"1,Analyst")[0] == 403
    status, _, headers = send(url, Origin=ORIGIN)
    assert status == 200
    assert headers["ETag"]
    assert headers["Access-Control-Expose-Headers"] == "ETag"


def test_pages_of_one_origin_alone_may_send(bucket):
    url = sign(bucket, Metadata={"rowgate-settings": "abc"})

    def ask(origin, method="PUT", header=SETTINGS):
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": header,
        }
        return send(url, method="OPTIONS", body=None, **headers)

    status, _, headers = ask(ORIGIN)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert ask("https://evil.example.com")[0] == 403
    assert ask(ORIGIN, method="DELETE")[0] == 403
    assert ask(ORIGIN, header="x-amz-acl")[0] == 403
