"""Database servers in manifests, and the CronJob that dumps them."""

from __future__ import annotations

import posixpath
import re
from collections import abc
from typing import NamedTuple

from playpen_ls.api.fact_types import Backup
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Change, Refused
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Container, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping
from playpen_ls.rules.kubernetes._namespaces import Namespaces
from playpen_ls.rules.kubernetes._volumes import mounted_at
from playpen_ls.vocabulary.databases import (
    MARIADB,
    MONGODB,
    MYSQL,
    POSTGRESQL,
    REDIS,
    Database,
    database_of,
    is_dump_of,
)
from playpen_ls.vocabulary.images import ImageReference

_CRON_JOB = """\
# Dumps the database every night, and keeps the dumps for 30 days. They need a volume that outlives the database's own.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}-backup
{namespace}spec:
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
            - name: {container}
              image: {image}
              command: [{shell}]
              args:
                - >-
                  {dump} "/backup/backup-$(date +%Y%m%d).{suffix}"
                  && find /backup -name "backup-*.{suffix}" -mtime +30 -delete
{environment}{resources}              volumeMounts:
                - name: backup
                  mountPath: /backup
          volumes:
            - name: backup
              persistentVolumeClaim:
                claimName: {name}-backup
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}-backup
{namespace}spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 10Gi
"""
_BASH = '"bash", "-o", "pipefail", "-c"'
_PIPE = "| gzip >"


class _Dump(NamedTuple):
    """`secrets` are (variable of the container, name of the Secret, key)."""

    container: str
    shell: str
    command: str
    suffix: str
    secrets: tuple[tuple[str, str, str], ...]


def server(workload: Workload) -> tuple[Container, Database] | None:
    """The container that runs a database server, of a Deployment or StatefulSet.

    Redis counts if its data are on a volume claim: otherwise it is a cache.
    """
    if workload.kind not in ("Deployment", "StatefulSet"):
        return None
    for container in workload.containers:
        image = container.image
        if container.role == "main" and image is not None and image.literal:
            database = database_of(ImageReference.parse(image.value))
            if database is not None and (database is not REDIS or _persists(container, "/data")):
                return container, database
    return None


def _persists(container: Container, path: str) -> bool:
    mount = mounted_at(container, path)
    return mount is not None and (mount.volume is None or mount.volume.get("persistentVolumeClaim") is not None)


def is_backed_up(workload: Workload, database: Database, backups: Facts[Backup], namespaces: Namespaces) -> bool:
    every = facts_everywhere(backups, workload.document)
    return any(is_dump_of(one.database, database) and namespaces.share(one, workload) for one in every)


def backup_path(workload: Workload) -> str:
    return posixpath.join(posixpath.dirname(workload.document.path), f"{workload.name}-backup.yaml")


def create_backup(
    workload: Workload,
    container: Container,
    database: Database,
    resources: abc.Mapping[str, abc.Mapping[str, str]],
    exists: bool,
) -> Change:
    """A new manifest with the CronJob and its volume. Raises Refused if a required setting cannot be determined."""
    if not workload.name:
        raise Refused(f"the {workload.kind} has no name")
    path = backup_path(workload)
    if exists:
        raise Refused(f"`{path}` already exists")
    spec = workload.node.mapping("spec")
    dump = _DUMPS[database.name](container, (spec.text("serviceName") if spec else "") or workload.name)
    text = _CRON_JOB.format(
        name=workload.name,
        namespace=f"  namespace: {workload.namespace}\n" if workload.namespace else "",
        container=dump.container,
        image=container.image.value if container.image else "",
        shell=dump.shell,
        dump=dump.command,
        suffix=dump.suffix,
        environment=_environment(dump.secrets),
        resources=_resources(resources),
    )
    return Change({}, {path: text})


def _postgresql(container: Container, host: str) -> _Dump:
    secret = _secret(container, "POSTGRES_PASSWORD")
    user = _identifier(container, "POSTGRES_USER", "postgres")
    name = _identifier(container, "POSTGRES_DB", user)
    command = f"pg_dump -h {host} -U {user} {name} {_PIPE}"
    return _Dump("pg-dump", _BASH, command, "sql.gz", (("PGPASSWORD", *secret),))


def _mysql(container: Container, host: str) -> _Dump:
    return _of_mysql(container, host, "mysqldump", ("MYSQL",))


def _mariadb(container: Container, host: str) -> _Dump:
    tag = ImageReference.parse(container.image.value).tag if container.image is not None else ""
    old = re.match(r"5\.|10\.[0-3](?!\d)", tag) is not None  # without `mariadb-dump`
    return _of_mysql(container, host, "mysqldump" if old else "mariadb-dump", ("MARIADB", "MYSQL"))


def _of_mysql(container: Container, host: str, program: str, prefixes: tuple[str, ...]) -> _Dump:
    for prefix in prefixes:
        if (secret := _reference(container, f"{prefix}_ROOT_PASSWORD")) is not None:
            command = f"{program} -h {host} -u root --single-transaction --all-databases {_PIPE}"
            return _Dump("mysql-dump", _BASH, command, "sql.gz", (("MYSQL_PWD", *secret),))
    for prefix in prefixes:
        if (secret := _reference(container, f"{prefix}_PASSWORD")) is not None:
            user, name = (_identifier(container, f"{prefix}_{one}", "") for one in ("USER", "DATABASE"))
            command = f"{program} -h {host} -u {user} --single-transaction --no-tablespaces {name} {_PIPE}"
            return _Dump("mysql-dump", _BASH, command, "sql.gz", (("MYSQL_PWD", *secret),))
    raise Refused(f"`{prefixes[0]}_ROOT_PASSWORD` is not set from a `secretKeyRef`")


def _mongodb(container: Container, host: str) -> _Dump:
    user, password = "MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"
    secrets: tuple[tuple[str, str, str], ...] = ()
    login = ""
    if container.image is None or ImageReference.parse(container.image.value).base != "mongo":
        raise Refused("only the variables of the image `mongo` are known")
    if _is_referred(container, user) or user in container.environment:
        named = _reference(container, user)
        name = '"$MONGO_USER"' if named is not None else _identifier(container, user, "")
        secrets = (("MONGO_PASSWORD", *_secret(container, password)),)
        if named is not None:
            secrets = (("MONGO_USER", *named), *secrets)
        login = f' --username {name} --password "$MONGO_PASSWORD" --authenticationDatabase admin'
    elif any("--auth" in word.value or "--config" in word.value for word in container.words):
        raise Refused(f"`{user}` is not set")
    return _Dump("mongodump", _BASH, f"mongodump --host {host}{login} --gzip --archive >", "archive.gz", secrets)


def _redis(container: Container, host: str) -> _Dump:
    password = next((name for name in ("REDIS_PASSWORD", "REDISCLI_AUTH") if _reference(container, name)), "")
    if not password and any("requirepass" in word.value or ".conf" in word.value for word in container.words):
        raise Refused("the password of Redis is not set from a `secretKeyRef`")
    secrets = (("REDISCLI_AUTH", *_secret(container, password)),) if password else ()
    return _Dump("redis-dump", '"sh", "-c"', f"redis-cli -h {host} --rdb", "rdb", secrets)


_DUMPS: abc.Mapping[str, abc.Callable[[Container, str], _Dump]] = {
    POSTGRESQL.name: _postgresql,
    MYSQL.name: _mysql,
    MARIADB.name: _mariadb,
    MONGODB.name: _mongodb,
    REDIS.name: _redis,
}


def _identifier(container: Container, variable: str, default: str) -> str:
    """The literal value of a variable that is an identifier. Raises Refused."""
    value = container.environment.get(variable, "" if _is_referred(container, variable) else default)
    if not value.isidentifier():
        raise Refused(f"`{variable}` is not a literal identifier")
    return value


def _secret(container: Container, variable: str) -> tuple[str, str]:
    found = _reference(container, variable)
    if found is None:
        raise Refused(f"`{variable}` is not set from a `secretKeyRef`")
    return found


def _reference(container: Container, variable: str) -> tuple[str, str] | None:
    """The name and the key of the Secret from which a variable is set."""
    for entry in container.node.mappings("env"):
        reference: Mapping | None = entry.mapping("valueFrom", "secretKeyRef")
        if entry.text("name") == variable and reference is not None:
            name, key = reference.text("name"), reference.text("key")
            if name and key:
                return name, key
    return None


def _is_referred(container: Container, name: str) -> bool:
    return any(
        entry.text("name") == name and entry.get("valueFrom") is not None for entry in container.node.mappings("env")
    ) or bool(container.node.items("envFrom"))


def _environment(secrets: abc.Iterable[tuple[str, str, str]]) -> str:
    lines = [
        f"                - name: {variable}\n                  valueFrom:\n                    secretKeyRef:\n"
        f"                      name: {name}\n                      key: {key}\n"
        for variable, name, key in secrets
    ]
    return "".join(["              env:\n", *lines]) if lines else ""


def _resources(resources: abc.Mapping[str, abc.Mapping[str, str]]) -> str:
    indent = " " * 14
    lines = [f"{indent}resources:"] if any(resources.values()) else []
    for kind, values in resources.items():
        if values:
            lines.append(f"{indent}  {kind}:")
            lines += [f'{indent}    {name}: "{value}"' if value.isdigit() else f"{indent}    {name}: {value}"
                      for name, value in values.items()]  # fmt: skip
    return "".join(line + "\n" for line in lines)
