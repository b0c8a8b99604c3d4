#!/usr/bin/env bash
# scripts/undo-first-deployment.sh [<environment>]: removes what a first deployment that failed has
# left, so that it can be repeated. It removes nothing of a deployment that has ever succeeded.
#
# CloudFormation cannot delete a database that is protected from deletion, and so leaves the stack
# of the data behind, which is protected itself. The database leaves a snapshot. Needs the AWS CLI,
# with the credentials and the region of the environment.
set -euo pipefail

stop() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

command -v aws >/dev/null || stop "aws is missing."
[ $# -le 1 ] || stop "usage: scripts/undo-first-deployment.sh [<environment>]"
stack=${1:+$1-}rowgate-data

status=$(aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].StackStatus' --output text) ||
    stop "there is no stack $stack that could be read; see above."
case $status in
    CREATE_FAILED | ROLLBACK_COMPLETE | ROLLBACK_FAILED) ;;
    *) stop "the stack $stack is $status; only what a first deployment has left is removed." ;;
esac

cluster=$(aws cloudformation describe-stack-resources --stack-name "$stack" --output text \
    --query "StackResources[?ResourceType=='AWS::RDS::DBCluster' && ResourceStatus!='DELETE_COMPLETE'].PhysicalResourceId")
if [ -n "$cluster" ]; then
    printf '== lifting the protection of %s\n' "$cluster" >&2
    aws rds modify-db-cluster --db-cluster-identifier "$cluster" --no-deletion-protection --apply-immediately >/dev/null
fi
aws cloudformation update-termination-protection --stack-name "$stack" --no-enable-termination-protection >/dev/null
printf '== deleting the stack %s\n' "$stack" >&2
aws cloudformation delete-stack --stack-name "$stack"
aws cloudformation wait stack-delete-complete --stack-name "$stack"
