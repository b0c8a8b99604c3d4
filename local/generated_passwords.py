"""Generates the passwords of templates as AWS does.

- A secret without punctuation where the template says so, which MiniStack overlooks.
- The secret of a database whose administrator's password Amazon RDS manages. MiniStack makes it
  where a cluster is created by the API of RDS, and not where a template creates it.
"""

import json
import secrets
import string
import uuid

from pins import replaces

# The wrapped functions, and the SHA-256 of the sources that this was written for.
KEEPS_FIELDS = (
    "_rds_db_cluster_fields",
    "7faf1a80ff5a602f56213c60d3bf02d19c6b9caf3db2dcffdc7a2eba98806750",
)
GIVES_ATTRIBUTES = (
    "_rds_db_cluster_attrs",
    "701cc212278d5707cb43d521901f1bb66fed11652f6c73794ab300b6e0e3b0cb",
)
GENERATES = (
    "_sm_secret_string",
    "35e09b8c3f3d4989c98083d651e903ef8ae542cdb0266408a8eeb4616d99fe00",
)


def install():
    from ministack.services import secretsmanager
    from ministack.services.cloudformation import provisioners

    @replaces(provisioners, *GENERATES)
    def without_what_is_excluded(generate, props):
        rules = props.get("GenerateSecretString") or {}
        if str(rules.get("ExcludePunctuation")).lower() != "true":
            return generate(props)
        excluded = rules.get("ExcludeCharacters", "") + string.punctuation
        return generate(props | {"GenerateSecretString": rules | {"ExcludeCharacters": excluded}})

    @replaces(provisioners, *KEEPS_FIELDS)
    def keep_who_manages(fields, props):
        managed = str(props.get("ManageMasterUserPassword")).lower() == "true"
        return fields(props) | {"_ManagesPassword": managed}

    @replaces(provisioners, *GIVES_ATTRIBUTES)
    def with_secret(attributes, cluster):
        if not cluster.get("_ManagesPassword"):
            return attributes(cluster)
        if not cluster.get("MasterUserSecret"):
            text = json.dumps(
                {"username": cluster["MasterUsername"], "password": secrets.token_urlsafe(24)}
            )
            arn = secretsmanager.create_secret_in_process(
                f"rds!cluster-{uuid.uuid4()}", text, "The secret of an RDS cluster"
            )
            cluster["MasterUserSecret"] = {"SecretArn": arn, "SecretStatus": "active"}
        arn = cluster["MasterUserSecret"]["SecretArn"]
        return attributes(cluster) | {"MasterUserSecret.SecretArn": arn}
