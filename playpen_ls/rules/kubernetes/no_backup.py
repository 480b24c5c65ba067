from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Backup
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._backups import backup_path, create_backup, is_backed_up, server
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
# Dumps the database every night, and keeps the dumps for 30 days. They need a volume that outlives the database's own.
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
      activeDeadlineSeconds: 3600
      template:
        spec:
          automountServiceAccountToken: false
          restartPolicy: OnFailure
          containers:
            - name: pg-dump
              image: postgres:16.4
              command: ["bash", "-o", "pipefail", "-c"]
              args:
                - >-
                  pg_dump -h postgres -U playpen playpen | gzip > "/backup/backup-$(date +%Y%m%d).sql.gz"
                  && find /backup -name "backup-*.sql.gz" -mtime +30 -delete
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


def database(image: str, *variables: tuple[str, str], more: str = "") -> str:
    """A StatefulSet of a database; a variable whose value has a `/` comes from a Secret and key."""
    text = DATABASE.replace("postgres:16.4", image)
    text = text[: text.index("          env:")]
    lines = ["          env:\n"] if variables else []
    for name, value in variables:
        secret, slash, key = value.partition("/")
        given = f"valueFrom: {{secretKeyRef: {{name: {secret}, key: {key}}}}}" if slash else f"value: {value}"
        lines.append(f"            - {{name: {name}, {given}}}\n")
    return text + "".join(lines) + more


def created(name: str, image: str, shell: str, dump: str, suffix: str, *variables: tuple[str, str]) -> str:
    text = CREATED.replace("pg-dump", name).replace("postgres:16.4", image).replace(BASH, shell)
    text = text.replace("pg_dump -h postgres -U playpen playpen | gzip >", dump).replace("sql.gz", suffix)
    start, end = text.index("              env:"), text.index("              resources:")
    lines = ["              env:\n"] if variables else []
    for variable, value in variables:
        secret, _, key = value.partition("/")
        lines.append(
            f"                - name: {variable}\n                  valueFrom:\n                    secretKeyRef:\n"
            f"                      name: {secret}\n                      key: {key}\n"
        )
    return text[:start] + "".join(lines) + text[end:]


BASH = '"bash", "-o", "pipefail", "-c"'
DATA = "          volumeMounts: [{name: data, mountPath: /data}]\n  volumeClaimTemplates: [{metadata: {name: data}}]\n"
MYSQL = database("mysql:8.4", ("MYSQL_ROOT_PASSWORD", "db/root"))
MARIADB = database(
    "mariadb:11.4", ("MARIADB_USER", "shop"), ("MARIADB_DATABASE", "shop"), ("MARIADB_PASSWORD", "db/password")
)
MONGO = database("mongo:7.0", ("MONGO_INITDB_ROOT_USERNAME", "root"), ("MONGO_INITDB_ROOT_PASSWORD", "db/password"))
REDIS = database("redis:7.4", more=DATA)


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
            MYSQL,
            fixed=unmarked(MYSQL),
            creates={
                "postgres-backup.yaml": created(
                    "mysql-dump", "mysql:8.4", BASH,
                    "mysqldump -h postgres -u root --single-transaction --all-databases | gzip >",
                    "sql.gz", ("MYSQL_PWD", "db/root"),
                )
            },
        ),
        example(
            MARIADB,
            fixed=unmarked(MARIADB),
            creates={
                "postgres-backup.yaml": created(
                    "mysql-dump", "mariadb:11.4", BASH,
                    "mariadb-dump -h postgres -u shop --single-transaction --no-tablespaces shop | gzip >",
                    "sql.gz", ("MYSQL_PWD", "db/password"),
                )
            },
        ),
        example(
            MONGO,
            fixed=unmarked(MONGO),
            creates={
                "postgres-backup.yaml": created(
                    "mongodump", "mongo:7.0", BASH,
                    'mongodump --host postgres --username root --password "$MONGO_PASSWORD"'
                    " --authenticationDatabase admin --gzip --archive >",
                    "archive.gz", ("MONGO_PASSWORD", "db/password"),
                )
            },
        ),
        example(
            REDIS,
            fixed=unmarked(REDIS),
            creates={
                "postgres-backup.yaml": created(
                    "redis-dump", "redis:7.4", '"sh", "-c"', "redis-cli -h postgres --rdb", "rdb"
                )
            },
        ),
        # A dump of another database is none of this one.
        MYSQL.replace("playpen-platform", "one").replace("secretKeyRef", "configMapKeyRef") + "---\n" + CREATED.replace(
            "playpen-platform", "one"
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
        # A cache.
        unmarked(database("redis:7.4")),
        {"app.yaml": unmarked(MYSQL), "job.yaml": CREATED.replace("pg_dump -h postgres -U playpen", "mariadb-dump")},
        {
            "app.yaml": PLAIN,
            "backup.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata: {name: nightly}\n",
        },
    ],
)  # fmt: skip
def no_backup(
    workload: Workload,
    platform: Platform,
    files: Files,
    backups: Facts[Backup],
    absence: Absence,
    namespaces: Namespaces,
) -> Iterator[Finding]:
    """Database has no backup in the project.

    A persistent volume protects against the loss of a pod, not against a dropped table or the loss of the volume.
    Checked are PostgreSQL, MySQL, MariaDB, MongoDB, and Redis with a volume claim. Not reported if a workload, a script
    in a ConfigMap or a pipeline dumps such a database (`pg_dump`, `mysqldump`, `mariadb-dump`, `mongodump`,
    `redis-cli --rdb` …), or if an operator's resource configures backups, unless it is in another namespace.
    """
    found = server(workload)
    if found is None or not absence.is_certain(workload):
        return
    container, database = found
    if is_backed_up(workload, database, backups, namespaces):
        return
    path = backup_path(workload)
    fix = Fix(
        f"Create `{path}` with a nightly `{database.dumps[0]}` CronJob and its PersistentVolumeClaim",
        lambda: create_backup(workload, container, database, platform.resources, files.exists(path)),
        kind="refactor.rewrite",
    )
    message = f"{workload.display_name} runs {database.name}, and nothing in the project backs it up"
    yield Finding(workload.name_span, message, (fix,))
