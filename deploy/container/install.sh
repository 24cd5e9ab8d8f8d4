#!/bin/sh
# Installs a release into this file system, for the user `jobmeter`: all that the container file runs, and it runs on any Debian machine.
#   sh install.sh 'jobmeter[billing,portal]==0.3.0' [options of pip]
set -eu
wanted=$1
shift
if ! id jobmeter > /dev/null 2>&1; then
    # The owner of volumes: the same number on every machine.
    groupadd --gid 10001 jobmeter
    useradd --uid 10001 --gid jobmeter --no-create-home --home-dir /var/lib/jobmeter --shell /usr/sbin/nologin jobmeter
fi
install -d -m 700 -o jobmeter -g jobmeter /var/lib/jobmeter
python3 -m venv /opt/jobmeter
/opt/jobmeter/bin/python -m pip install --no-cache-dir --disable-pip-version-check "$@" "$wanted"
# No bytecode is written at the first start, by a user who may not write here.
/opt/jobmeter/bin/python -m compileall -q /opt/jobmeter/lib
/opt/jobmeter/bin/jobmeter --version
