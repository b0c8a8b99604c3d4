//! The cloud's roles: what functions may do, and how a test gives them access to its own resources.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::Cloud;
use super::aws::texts;

impl Cloud {
    /// Calls IAM; returns its XML, or what it says went wrong.
    pub(crate) async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String, String> {
        self.aws_form("iam", "2010-05-08", action, parameters).await
    }

    /// Returns the ARN of the role that a function runs as.
    pub(crate) async fn role_of(&self, function: &str) -> String {
        let found = self.lambda.get_function_configuration().function_name(function).send().await.unwrap();
        found.role.unwrap()
    }

    /// Returns everything that a function's role may do: the statements of its policies.
    pub(crate) async fn rights_of(&self, function: &str) -> Vec<Value> {
        let role = self.role_of(function).await;
        let role = name_of(&role);
        let attached = self.iam("ListAttachedRolePolicies", &[("RoleName", role)]).await.unwrap();
        assert!(texts(&attached, "PolicyArn").is_empty(), "a policy that is not the role's own: {attached}");
        let mut statements = Vec::new();
        for policy in texts(&self.iam("ListRolePolicies", &[("RoleName", role)]).await.unwrap(), "member") {
            let of = [("RoleName", role), ("PolicyName", policy.as_str())];
            let found = self.iam("GetRolePolicy", &of).await.unwrap();
            let document = texts(&found, "PolicyDocument").remove(0);
            let document = percent_decode_str(&document).decode_utf8().unwrap();
            let mut document: Value = serde_json::from_str(&document).unwrap();
            let Value::Array(found) = document["Statement"].take() else { panic!("{document}") };
            statements.extend(found);
        }
        statements
    }

    /// Creates a role with these rights for a function of the test's own; returns its ARN.
    pub(crate) async fn create_role(&self, name: &str, rights: &[Value]) -> String {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let create = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
        let created = self.iam("CreateRole", &create).await.unwrap();
        let rights = json!({"Version": "2012-10-17", "Statement": rights}).to_string();
        let put = [("RoleName", name), ("PolicyName", "all"), ("PolicyDocument", &rights)];
        self.iam("PutRolePolicy", &put).await.unwrap();
        texts(&created, "Arn").remove(0)
    }

    /// Removes such a role, as far as it exists.
    pub(crate) async fn remove_role(&self, name: &str) {
        let _ = self.iam("DeleteRolePolicy", &[("RoleName", name), ("PolicyName", "all")]).await;
        let _ = self.iam("DeleteRole", &[("RoleName", name)]).await;
    }

    /// Lets the loader read another bucket by the bucket's policy. The setting `readBuckets` does
    /// it by the loader's role, and needs the bucket's name before the deployment.
    pub(crate) async fn let_loader_read(&self, bucket: &str) {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": self.role_of("rowgate-loader").await},
            "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetObject", "s3:GetObjectVersion"],
            "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        }]});
        self.s3.put_bucket_policy().bucket(bucket).policy(policy.to_string()).send().await.unwrap();
    }
}

fn name_of(role: &str) -> &str {
    role.rsplit_once('/').unwrap().1
}
