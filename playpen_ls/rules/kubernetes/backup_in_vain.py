from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import DatabaseVolume
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import insert_items, replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Container, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar, Sequence
from playpen_ls.project.links import are_near
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._namespaces import Namespaces
from playpen_ls.rules.kubernetes._volumes import mounted_at
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.databases import DUMP
from playpen_ls.vocabulary.images import ImageReference

_ELSEWHERE = regex(
    r"(?<![\w.-])(?:aws|gsutil|gcloud|rclone|mc|restic|az|azcopy|scp|sftp|rsync|s3cmd|s4cmd|s5cmd|b2|ssh|kubectl|velero"
    r"|borg|kopia|duplicity|l?ftp|nc|ncat|curl|wget|python3?|node|cp|mv|tar|dd|tee|cat|psql|pg_restore|mysql|mariadb"
    r"|mongosh?|mongorestore|zip|gpg|openssl|age|smbclient|source)(?![\w-])|\.(?:sh|py)\b|\beval\b"
)
"""Commands that can bring the dump to another place, or that are not known to leave it where it is."""
_TARGET = regex(
    r"(?:(?<![0-9&])>>?[ \t]*"
    r"|(?<!\S)(?:-f|--file|-o|--out|--output|-r|--result-file|-D|--pgdata|--rdb|--archive)(?:=|[ \t]+))"
    r"[\"']?(?P<path>(?:\$\([^()]*\)|[^\s\"';&|<>()])+)"
)
_VARIABLE = regex(r"\$\{?(\w+)\}?")
_PIPE = regex(r"(?<!\|)\|(?![|&])")

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
KEPT = CLAIM.replace("/backup/shop.sql", "«/backup/shop.sql»")
PIPED = CLAIM.replace(COMMAND, "«pg_dump» -h db shop | gzip > /backup/shop.sql.gz")
SERVER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: 'postgres:16.4', volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]}
      volumes: [{name: data, persistentVolumeClaim: {claimName: db}}]
"""
SET = SERVER.replace("Deployment", "StatefulSet").replace(
    "      volumes: [{name: data, persistentVolumeClaim: {claimName: db}}]\n",
    "  volumeClaimTemplates: [{metadata: {name: data}}]\n",
)
_SHELLS = regex(r"(?:/usr)?(?:/bin/)?(?P<name>sh|bash|ash|zsh)")
_HAVE_BASH = frozenset(("postgres", "mysql", "mariadb", "mongo"))
_DAYS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@rule(
    severity=Severity.WARNING,
    practice="Backup strategy",
    reports_absence=True,
    bad=[
        JOB,
        CLAIM.replace(COMMAND, 'mysqldump -h db shop > "«/tmp/shop-$(date +%F).sql»"'),
        PLAIN.replace(COMMAND, "mongodump --host db --archive=«/backup/shop.gz» --gzip"),
        CLAIM.replace("spec:\n  schedule", "spec:\n  suspend: «true»\n  schedule"),
        # Neither does this: February has no 30th.
        CLAIM.replace('"0 2 * * *"', '"«0 2 30 2 *»"'),
        # The job succeeds although the dump has failed. The `sh` of Debian, dash, has no `pipefail`.
        example(PIPED, fixed=unmarked(PIPED).replace("[bash, -c]", "[bash, -o, pipefail, -c]")),
        example(
            PIPED.replace("[bash, -c]", "[/bin/sh, -ec]"),
            fixed=unmarked(PIPED).replace("[bash, -c]", "[/bin/bash, -o, pipefail, -ec]"),
        ),
        example(
            PIPED.replace("[bash, -c]", "\n              - sh\n              - -c").replace("16.4", "16.4-alpine"),
            fixed=unmarked(PIPED).replace(
                "[bash, -c]", "\n              - sh\n              - -o\n              - pipefail\n              - -c"
            ).replace("16.4", "16.4-alpine"),
        ),
        PIPED.replace("[bash, -c]", "[sh, -c]").replace("postgres:16.4", "nexus:5000/tools:1.0"),
        # The volume of the database itself.
        {"job.yaml": KEPT.replace("claimName: backup", "claimName: db"), "db.yaml": SERVER},
        {"job.yaml": KEPT.replace("claimName: backup", "claimName: data-db-0"), "db.yaml": SET},
    ],
    good=[
        CLAIM,
        {"job.yaml": CLAIM, "db.yaml": SERVER},
        {"a/b/job.yaml": CLAIM.replace("claimName: backup", "claimName: db"), "c/d/e/db.yaml": SERVER},
        CLAIM.replace("0 2 * * *", "0 2 30 2 1"),
        CLAIM.replace("0 2 * * *", "0 2 30 * *"),
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
def backup_in_vain(
    workload: Workload, absence: Absence, volumes: Facts[DatabaseVolume], namespaces: Namespaces
) -> Iterator[Finding]:
    """Backup of a database that does not outlive its pod, does not run, or hides that it has failed.

    A dump on an `emptyDir`, or in the file system of the container, is lost with the pod of the job; one on the volume
    of the database, with the volume. Reported for `pg_dump`, `pg_dumpall`, `pg_basebackup`, `mysqldump`,
    `mariadb-dump`, `mongodump` and `redis-cli --rdb` in Jobs and CronJobs, if the place is known and no other command
    or container can bring the dump to another one. So is a CronJob with `suspend: true`, or with a day that does not
    exist. As a hint, a pipe such as `pg_dump … | gzip`: without `set -o pipefail` (of bash, ash
    and zsh; dash, the `sh` of Debian, has none) the job succeeds although the dump has failed.
    """
    if workload.kind not in ("Job", "CronJob") or workload.document.template:
        return
    found = [(one, word) for one in workload.containers for word in one.words if DUMP.search(word.value)]
    if len(found) != 1:
        return
    container, script = found[0]
    yield from _suspended(workload, absence)
    yield from _never(workload)
    yield from _hidden(container, script)
    if len(workload.containers) == 1 and not any(_ELSEWHERE.search(word.value) for word in container.words):
        yield from _lost(container, script, absence, volumes, namespaces)


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
    for dump in DUMP.finditer(text):
        rest = re.split(r"[\n;]|&&|\|\|", text[dump.end() :].replace("\\\n", "  "), maxsplit=1)[0]
        if _PIPE.search(rest):
            message = (
                f"{container.display_name} hides that `{dump['command']}` has failed: the exit status of a pipe is "
            )
            message += "that of its last command without `pipefail`"
            fix = _with_pipefail(container, script)
            span = container.document.part(script, *dump.span("command"))
            yield Finding(span, message, fix, Severity.HINT)


def _never(workload: Workload) -> Iterator[Finding]:
    """A schedule whose days do not exist: the 30th of February."""
    spec = workload.node.mapping("spec")
    schedule = spec.scalar("schedule") if spec is not None and workload.kind == "CronJob" else None
    fields = schedule.value.split() if schedule is not None else []
    if schedule is None or len(fields) != 5 or fields[4] not in ("*", "?"):
        return
    day, month = fields[2], fields[3]
    if day.isdecimal() and month.isdecimal() and int(day) > _DAYS.get(int(month), 31):
        message = f"{workload.display_name} makes a backup, but never runs: month {month} has no day {day}"
        yield Finding(workload.document.content(schedule), message)


def _with_pipefail(container: Container, script: Scalar) -> tuple[Fix, ...]:
    """The shell of the container with `-o pipefail`, if it knows that."""
    words, command = container.words, container.node.get("command")
    if len(words) != 3 or words[2] is not script or not isinstance(command, Sequence) or words[1] not in command.items:
        return ()
    shell, image = _SHELLS.fullmatch(words[0].value), container.image
    if shell is None or not re.fullmatch(r"-[a-z]*c", words[1].value):
        return ()
    reference = ImageReference.parse(image.value) if image is not None and image.literal else None
    document, name = container.document, shell["name"]
    plain = name != "sh" or (reference is not None and "alpine" in reference.tag)
    if not plain and (reference is None or reference.base not in _HAVE_BASH):
        return ()

    def change() -> list[Edit]:
        edits = insert_items(document, command, words[1], ("-o", "pipefail"))
        if plain:
            return edits
        return [*replace_scalar(document, words[0], words[0].value.removesuffix("sh") + "bash"), *edits]

    return (Fix("Run the script with `-o pipefail`" + ("" if plain else " in bash"), change),)


def _lost(
    container: Container, script: Scalar, absence: Absence, volumes: Facts[DatabaseVolume], namespaces: Namespaces
) -> Iterator[Finding]:
    targets = list(_TARGET.finditer(script.value, DUMP.search(script.value).start()))  # type: ignore[union-attr]
    if len(targets) != 1:
        return
    path = _known(targets[0]["path"], container.environment)
    if path is None or path.startswith(("/dev/", "/proc/")):
        return
    span = container.document.part(script, *targets[0].span("path"))
    message = f"{container.display_name} writes the dump to "
    lack = absence.lack(container, lambda one: _place_of(one, path), "volumeMounts")
    if lack is not None:
        yield Finding(span, f"{message}{lack.found}, which is lost with the pod{lack.where}")
        return
    mount = mounted_at(container, path)
    claim = mount.volume.mapping("persistentVolumeClaim") if mount is not None and mount.volume is not None else None
    for name in _claims(claim.text("claimName")) if claim is not None else ():
        for one in facts_everywhere(volumes, container.document, _claim_of, name):
            here = container.document.path
            if namespaces.share(one, container.workload) and are_near(one.place.path or here, here):
                related = (one.related(f"`{one.workload}` keeps its data on this volume"),)
                what = f"the volume of the database `{one.workload}` itself, and is lost with it"
                yield Finding(span, message + what, (), None, related)
                return


def _claims(name: str) -> tuple[str, ...]:
    """The keys under which the facts have a claim: its name, and that of the claims of a StatefulSet's replicas."""
    return (name, re.sub(r"-\d+$", "-", name)) if name else ()


def _claim_of(fact: DatabaseVolume) -> tuple[str]:
    return (fact.claim,)


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
