from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.databases import DUMP

_DATED = regex(r"\$\([^()]*\bdate\b|`[^`]*\bdate\b|\$\{?\w*(?:DATE|TIME|STAMP|NOW)", re.IGNORECASE)
_DELETES = regex(r"-delete\b|-mtime\b|(?<![\w-])(?:rm|unlink|prune|forget|logrotate|tmpreaper|lifecycle)(?![\w-])")
_ELSEWHERE = regex(r"(?<![\w.-])(?:aws|s3cmd|mc|rclone|gsutil|gcloud|az|restic|borg|scp|rsync|curl)(?![\w-])|\.sh\b")
"""Commands that bring the dump to a place which can have a retention of its own."""

JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: «backup»}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: dump
              image: postgres:16.4
              command: [bash, -o, pipefail, -c]
              args: ['pg_dump -h db shop > /backup/shop-$(date +%F).sql']
              volumeMounts: [{name: backup, mountPath: /backup}]
          volumes: [{name: backup, persistentVolumeClaim: {claimName: backup}}]
"""
PLAIN = JOB.replace("«", "").replace("»", "")
RIGHT = PLAIN.replace(".sql'", ".sql && find /backup -mtime +30 -delete'")
DEADLINE = "      activeDeadlineSeconds: 3600\n"


@rule(
    severity=Severity.INFORMATION,
    practice="Backup strategy",
    preset="hardened",
    reports_absence=True,
    bad=[
        JOB,
        RIGHT.replace(DEADLINE, "").replace("{name: backup}", "{name: «backup»}", 1),
    ],
    good=[
        RIGHT,
        # One dump replaces the other; another place has a retention of its own; a script decides.
        PLAIN.replace("-$(date +%F)", ""),
        PLAIN.replace(".sql'", ".sql && aws s3 sync /backup s3://backups'"),
        PLAIN.replace("pg_dump -h db shop > /backup/shop-$(date +%F).sql", "/scripts/backup.sh"),
        RIGHT.replace(DEADLINE, "").replace("restartPolicy", "activeDeadlineSeconds: 600\n          restartPolicy"),
    ],
)
def unbounded_backup(workload: Workload, absence: Absence) -> Iterator[Finding]:
    """Backup keeps all dumps, or can run forever.

    A CronJob that writes a new file every night fills its volume, and then fails, unless something deletes the old
    ones. Without `activeDeadlineSeconds`, a dump that waits for a lock never ends, and with `concurrencyPolicy: Forbid`
    no other one starts.
    """
    if workload.kind != "CronJob":
        return
    scripts = "\n".join(word.value for one in workload.containers for word in one.words)
    if DUMP.search(scripts) is None or not absence.is_certain(workload):
        return
    problems = []
    if _DATED.search(scripts) and not _DELETES.search(scripts) and not _ELSEWHERE.search(scripts):
        problems.append("nothing deletes its old dumps")
    job = workload.node.mapping("spec", "jobTemplate", "spec")
    if workload.pod.get("activeDeadlineSeconds") is None and (job is None or job.get("activeDeadlineSeconds") is None):
        problems.append("it has no `activeDeadlineSeconds`")
    if problems:
        message = f"{workload.display_name} makes a backup, but {' and '.join(problems)}"
        yield Finding(workload.name_span, message)
