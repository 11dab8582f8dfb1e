#!/bin/bash
# First boot of an instance, run by cloud-init after it has written the files next to this one.
# Order matters: the placeholder passes the health check from early on, and the CodeDeploy agent
# comes last, because a deployment may start as soon as it runs (CodeDeploy user guide, "Integrating
# CodeDeploy with Amazon EC2 Auto Scaling": order of events).
set -euo pipefail

readonly home=/opt/haproof
readonly environment="${home}/environment"
metadata="${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}"
readonly metadata="${metadata%/}/latest"

request() {
  curl --silent --show-error --fail --location --noproxy '*' --max-time 10 \
    --retry 5 --retry-delay 1 --retry-connrefused "$@"
}

# Session-oriented instance metadata (IMDSv2): the instances reject requests without a token.
token="$(request --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' \
  "${metadata}/api/token")"

describe() {
  request --header "X-aws-ec2-metadata-token: ${token}" "${metadata}/meta-data/$1"
}

# Set one line of the environment file; a second boot replaces it.
record() {
  local others
  others="$(grep --invert-match "^$1=" "${environment}" || true)"
  printf '%s\n%s=%s\n' "${others}" "$1" "$2" >"${environment}.new"
  chmod 0644 "${environment}.new"
  mv "${environment}.new" "${environment}"
}

instance_id="$(describe instance-id)"
address="$(describe local-ipv4)"
zone="$(describe placement/availability-zone)"
record INSTANCE_ID "${instance_id}"
record APP_HOST "${address}"
record AVAILABILITY_ZONE "${zone}"

systemctl enable --now "${home}/placeholder.service"

if systemctl is-active --quiet codedeploy-agent; then
  exit 0
fi

region="$(sed --quiet 's/^AWS_REGION=//p' "${environment}")"

readonly agent_settings=/etc/codedeploy-agent/conf/codedeployagent.yml

# The agent's defaults with two exceptions: it never falls back to IMDSv1, and it keeps fewer than
# five old revisions on the 8 GiB volume (CodeDeploy user guide, "CodeDeploy agent configuration
# reference"; version 2 of the agent reads the same keys, aws/aws-codedeploy-agent#422).
configure_agent() {
  mkdir --parents "$(dirname "${agent_settings}")"
  cat >"${agent_settings}" <<'SETTINGS'
---
:log_aws_wire: false
:log_dir: '/var/log/aws/codedeploy-agent/'
:pid_dir: '/opt/codedeploy-agent/state/.pid/'
:program_name: codedeploy-agent
:root_dir: '/opt/codedeploy-agent/deployment-root'
:verbose: false
:wait_between_runs: 1
:proxy_uri:
:max_revisions: 2
:disable_imds_v1: true
SETTINGS
}

configured() {
  grep --quiet '^:max_revisions: 2$' "${agent_settings}" &&
    grep --quiet '^:disable_imds_v1: true$' "${agent_settings}"
}

install_agent() {
  local installer="${home}/install-codedeploy-agent"
  curl --silent --show-error --fail --location --max-time 120 --retry 3 --output "${installer}" \
    "https://aws-codedeploy-${region}.s3.${region}.amazonaws.com/$1/install" || return 1
  chmod 0700 "${installer}"
  "${installer}" auto
}

# Before the installation, because that starts the agent.
configure_agent

# Version 2 is a single binary; version 1, for Regions without version 2, needs Ruby.
if ! install_agent latestv2; then
  dnf install --assumeyes --quiet ruby
  install_agent latest
fi
# The package may replace the settings file with its own.
if ! configured; then
  configure_agent
  systemctl restart codedeploy-agent
fi
systemctl enable --now codedeploy-agent
