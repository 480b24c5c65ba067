from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Backup
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._backups import backup_path, create_backup, is_backed_up, postgres
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._namespaces import Namespaces

DATABASE = """\
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: «postgres»
  namespace: playpen-platform
spec:
  serviceName: postgres
  selector:
    matchLabels: {app: postgres}
  template:
    spec:
      containers:
        - name: postgres
          image: postgres:16.4
          env:
            - name: POSTGRES_USER
              value: playpen
            - name: POSTGRES_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: postgres-secrets
                  key: password
"""
PLAIN = unmarked(DATABASE)
CREATED = """\
# Dumps the database every night. It needs a volume that outlives the database's own.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: postgres-backup
  namespace: playpen-platform
spec:
  schedule: "0 2 * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          automountServiceAccountToken: false
          restartPolicy: OnFailure
          containers:
            - name: pg-dump
              image: postgres:16.4
              command: ["bash", "-o", "pipefail", "-c"]
              args:
                - pg_dump -h postgres -U playpen playpen | gzip > "/backup/backup-$(date +%Y%m%d).sql.gz"
              env:
                - name: PGPASSWORD
                  valueFrom:
                    secretKeyRef:
                      name: postgres-secrets
                      key: password
              resources:
                requests:
                  cpu: 100m
                  memory: 128Mi
                limits:
                  cpu: 500m
                  memory: 512Mi
              volumeMounts:
                - name: backup
                  mountPath: /backup
          volumes:
            - name: backup
              persistentVolumeClaim:
                claimName: postgres-backup
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: postgres-backup
  namespace: playpen-platform
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 10Gi
"""


@rule(
    severity=Severity.INFORMATION,
    practice="Backup strategy",
    reports_absence=True,
    bad=[
        example(DATABASE, fixed=PLAIN, creates={"postgres-backup.yaml": CREATED}),
        DATABASE.replace(
            "valueFrom:\n                secretKeyRef:\n                  name: postgres-secrets\n"
            "                  key: password",
            "value: hunter2",
        ),
        example(
            {
                "app.yaml": DATABASE.replace("playpen-platform", "one"),
                "other.yaml": CREATED.replace("playpen-platform", "two"),
            },
            fixed=PLAIN.replace("playpen-platform", "one"),
            creates={"postgres-backup.yaml": CREATED.replace("playpen-platform", "one")},
        ),
    ],
    good=[
        {"app.yaml": PLAIN, "other.yaml": CREATED},
        PLAIN + "---\n" + CREATED,
        PLAIN.replace("postgres:16.4", "quay.io/prometheuscommunity/postgres-exporter:v0.15.0"),
        PLAIN.replace("postgres:16.4", "edoburu/pgbouncer:1.23"),
        {
            "app.yaml": PLAIN,
            "backup.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata: {name: nightly}\n",
        },
    ],
)
def no_backup(
    workload: Workload,
    platform: Platform,
    files: Files,
    backups: Facts[Backup],
    absence: Absence,
    namespaces: Namespaces,
) -> Iterator[Finding]:
    """PostgreSQL database has no backup in the project.

    A persistent volume protects against the loss of a pod, not against a dropped table or the loss of the volume. Not
    reported if a workload, a script in a ConfigMap or a pipeline runs `pg_dump`, `pg_dumpall` or `pg_basebackup`, or
    if an operator's resource configures backups, unless it is in another namespace.
    """
    container = postgres(workload)
    if container is None or not absence.is_certain(workload) or is_backed_up(workload, backups, namespaces):
        return
    path = backup_path(workload)
    fix = Fix(
        f"Create `{path}` with a nightly `pg_dump` CronJob and its PersistentVolumeClaim",
        lambda: create_backup(workload, container, platform.resources, files.exists(path)),
        kind="refactor.rewrite",
    )
    message = f"{workload.display_name} runs PostgreSQL, and nothing in the project backs it up"
    yield Finding(workload.name_span, message, (fix,))
