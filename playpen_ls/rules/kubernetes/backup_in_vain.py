from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._volumes import mounted_at

_DUMP = re.compile(
    r"(?<![\w./-])(?:pg_dump|pg_dumpall|pg_basebackup|mysqldump|mariadb-dump|mongodump|redis-cli\b[^|;&\n]*--rdb)"
    r"(?![\w.-])"
)
_ELSEWHERE = re.compile(
    r"(?<![\w.-])(?:aws|gsutil|gcloud|rclone|mc|restic|az|azcopy|scp|sftp|rsync|s3cmd|s4cmd|s5cmd|b2|ssh|kubectl|velero"
    r"|borg|kopia|duplicity|l?ftp|nc|ncat|curl|wget|python3?|node|cp|mv|tar|dd|tee|cat|psql|pg_restore|mysql|mariadb"
    r"|mongosh?|mongorestore|zip|gpg|openssl|age|smbclient|source)(?![\w-])|\.(?:sh|py)\b|\beval\b"
)
"""Commands that can bring the dump to another place, or that are not known to leave it where it is."""
_TARGET = re.compile(
    r"(?:(?<![0-9&])>>?[ \t]*"
    r"|(?<!\S)(?:-f|--file|-o|--out|--output|-r|--result-file|-D|--pgdata|--rdb|--archive)(?:=|[ \t]+))"
    r"[\"']?(?P<path>(?:\$\([^()]*\)|[^\s\"';&|<>()])+)"
)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_PIPE = re.compile(r"(?<!\|)\|(?![|&])")

JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: dump
              image: postgres:16.4
              command: [bash, -c]
              args:
                - pg_dump -h db shop > «/backup/shop.sql»
              volumeMounts: [{name: backup, mountPath: /backup}]
          volumes:
            - {name: backup, emptyDir: {}}
"""
PLAIN = JOB.replace("«", "").replace("»", "")
CLAIM = PLAIN.replace("emptyDir: {}", "persistentVolumeClaim: {claimName: backup}")
COMMAND = "pg_dump -h db shop > /backup/shop.sql"


@rule(
    severity=Severity.WARNING,
    practice="Backup strategy",
    reports_absence=True,
    bad=[
        JOB,
        CLAIM.replace(COMMAND, 'mysqldump -h db shop > "«/tmp/shop-$(date +%F).sql»"'),
        PLAIN.replace(COMMAND, "mongodump --host db --archive=«/backup/shop.gz» --gzip"),
        CLAIM.replace("spec:\n  schedule", "spec:\n  suspend: «true»\n  schedule"),
        # The job succeeds although the dump has failed.
        CLAIM.replace(COMMAND, "«pg_dump» -h db shop | gzip > /backup/shop.sql.gz"),
    ],
    good=[
        CLAIM,
        CLAIM.replace(COMMAND, "set -o pipefail; pg_dump -h db shop | gzip > /backup/shop.sql.gz"),
        CLAIM.replace("[bash, -c]", "[bash, -o, pipefail, -c]").replace(COMMAND, "pg_dump shop | gzip > /backup/shop"),
        PLAIN.replace(COMMAND, f"{COMMAND} && aws s3 cp /backup/shop.sql s3://backups/"),
        PLAIN.replace(COMMAND, "set -o pipefail; pg_dump -h db shop | aws s3 cp - s3://backups/shop.sql"),
        PLAIN.replace(COMMAND, "pg_dump -h db shop > $TARGET/shop.sql"),
        PLAIN.replace(COMMAND, "pg_dump -h db shop"),
        # Another container sends it.
        PLAIN.replace("          volumes:", "            - {name: send, image: 'nexus:5000/send:1.0', volumeMounts: "
                      "[{name: backup, mountPath: /b}]}\n          volumes:"),
        PLAIN.replace("emptyDir: {}", "nfs: {server: nas, path: /backup}"),
    ],
)  # fmt: skip
def backup_in_vain(workload: Workload, absence: Absence) -> Iterator[Finding]:
    """Backup of a database that does not outlive its pod, does not run, or hides that it has failed.

    A dump on an `emptyDir`, or in the file system of the container, is lost with the pod of the job. Reported for
    `pg_dump`, `pg_dumpall`, `pg_basebackup`, `mysqldump`, `mariadb-dump`, `mongodump` and `redis-cli --rdb` in Jobs and
    CronJobs, if the place is known and no other command or container can bring the dump to another one. So is a
    CronJob with `suspend: true`. As a hint, a pipe such as `pg_dump … | gzip`: without `set -o pipefail` (of bash, ash
    and zsh; dash, the `sh` of Debian, has none) the job succeeds although the dump has failed.
    """
    if workload.kind not in ("Job", "CronJob") or workload.document.template:
        return
    found = [(one, word) for one in workload.containers for word in one.words if _DUMP.search(word.value)]
    if len(found) != 1:
        return
    container, script = found[0]
    yield from _suspended(workload, absence)
    yield from _hidden(container, script)
    if len(workload.containers) == 1 and not any(_ELSEWHERE.search(word.value) for word in container.words):
        yield from _lost(container, script, absence)


def _suspended(workload: Workload, absence: Absence) -> Iterator[Finding]:
    spec = workload.node.mapping("spec")
    value = spec.scalar("suspend") if spec is not None and workload.kind == "CronJob" else None
    if value is not None and value.value == "true":
        lack = absence.lack(workload, _is_suspended)
        if lack is not None:
            message = f"{workload.display_name} makes a backup, but never runs: it is suspended"
            yield Finding(workload.document.content(value), message + lack.where)


def _is_suspended(workload: Workload) -> bool | None:
    spec = workload.node.mapping("spec")
    return True if spec is not None and spec.true("suspend") else None


def _hidden(container: Container, script: Scalar) -> Iterator[Finding]:
    """A pipe after the dump in the container's own script."""
    text = script.value
    if any("pipefail" in word.value or "PIPESTATUS" in word.value for word in container.words) or "kubectl" in text:
        return
    for dump in _DUMP.finditer(text):
        rest = re.split(r"[\n;]|&&|\|\|", text[dump.end() :].replace("\\\n", "  "), maxsplit=1)[0]
        if _PIPE.search(rest):
            message = (
                f"{container.display_name} hides that `{dump[0].split()[0]}` has failed: the exit status of a pipe is "
            )
            message += "that of its last command without `pipefail`"
            span = container.document.part(script, dump.start(), dump.start() + len(dump[0].split()[0]))
            yield Finding(span, message, (), Severity.HINT)


def _lost(container: Container, script: Scalar, absence: Absence) -> Iterator[Finding]:
    targets = list(_TARGET.finditer(script.value, _DUMP.search(script.value).start()))  # type: ignore[union-attr]
    if len(targets) != 1:
        return
    path = _known(targets[0]["path"], container.environment)
    if path is None or path.startswith(("/dev/", "/proc/")):
        return
    lack = absence.lack(container, lambda one: _place_of(one, path), "volumeMounts")
    if lack is not None:
        span = container.document.part(script, *targets[0].span("path"))
        yield Finding(
            span, f"{container.display_name} writes the dump to {lack.found}, which is lost with the pod{lack.where}"
        )


def _known(written: str, values: dict[str, str]) -> str | None:
    """The folder of a path, with the values of variables in it; None if it is not known."""
    folder = posixpath.dirname(re.sub(r"\$\([^()]*\)", "x", written))
    folder = _VARIABLE.sub(lambda match: values.get(match[1], match[0]), folder)
    return posixpath.normpath(folder) if folder.startswith("/") and "$" not in folder and "`" not in folder else None


def _place_of(container: Container, path: str) -> str | None:
    """Where a folder is if it is lost with the pod."""
    mounts = container.node.mappings("volumeMounts")
    if any("$" in one.text("mountPath") or not one.text("mountPath") for one in mounts):
        return None
    mount = mounted_at(container, path)
    if mount is None:
        return f"`{path}` in its own file system"
    if mount.volume is not None and mount.volume.entry("emptyDir") is not None:
        return f"the `emptyDir` at `{mount.path.value}`"
    return None
