# Sourced by the other scripts: the instance's settings and the revision's libraries.
cd /home/ec2-user/app
set -a
. /opt/haproof/environment
. ./version.env
PYTHONPATH="$PWD:$PWD/lib:$PWD/lib-$(uname -m)"
set +a
export PYTHONDONTWRITEBYTECODE=1
python="python$(cat python-version)"
