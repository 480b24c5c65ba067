"""PostgreSQL in a manifest, and the CronJob that dumps it."""

from __future__ import annotations

import posixpath
from collections import abc

from playpen_ls.api.fact_types import Backup
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Change, Refused
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Container, Workload
from playpen_ls.rules.kubernetes._namespaces import Namespaces
from playpen_ls.vocabulary.images import ImageReference

# Only database servers, not exporters, poolers or proxies with similar names.
_SERVERS = frozenset(("postgres", "postgresql", "postgis", "timescaledb"))
_CRON_JOB = """\
# Dumps the database every night. It needs a volume that outlives the database's own.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}-backup
{namespace}spec:
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
              image: {image}
              command: ["bash", "-o", "pipefail", "-c"]
              args:
                - pg_dump -h {host} -U {user} {database} | gzip > "/backup/backup-$(date +%Y%m%d).sql.gz"
              env:
                - name: PGPASSWORD
                  valueFrom:
                    secretKeyRef:
                      name: {secret}
                      key: {key}
{resources}              volumeMounts:
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


def postgres(workload: Workload) -> Container | None:
    """The container that runs a PostgreSQL server, of a Deployment or StatefulSet."""
    if workload.kind not in ("Deployment", "StatefulSet"):
        return None
    for container in workload.containers:
        image = container.image
        if container.role == "main" and image is not None and image.literal:
            reference = ImageReference.parse(image.value)
            if reference.base in _SERVERS and not reference.variable:
                return container
    return None


def is_backed_up(workload: Workload, backups: Facts[Backup], namespaces: Namespaces) -> bool:
    return any(namespaces.share(backup, workload) for backup in facts_everywhere(backups, workload.document))


def backup_path(workload: Workload) -> str:
    return posixpath.join(posixpath.dirname(workload.document.path), f"{workload.name}-backup.yaml")


def create_backup(
    workload: Workload, container: Container, resources: abc.Mapping[str, abc.Mapping[str, str]], exists: bool
) -> Change:
    """A new manifest with the CronJob and its volume. Raises Refused if a required setting cannot be determined."""
    if not workload.name:
        raise Refused(f"the {workload.kind} has no name")
    path = backup_path(workload)
    if exists:
        raise Refused(f"`{path}` already exists")
    secret, key = _password(container)
    environment = container.environment
    user = environment.get("POSTGRES_USER", "" if _is_referred(container, "POSTGRES_USER") else "postgres")
    database = environment.get("POSTGRES_DB", "" if _is_referred(container, "POSTGRES_DB") else user)
    if not user.isidentifier() or not database.isidentifier():
        raise Refused("`POSTGRES_USER` or `POSTGRES_DB` is not a literal identifier")
    spec = workload.node.mapping("spec")
    text = _CRON_JOB.format(
        name=workload.name,
        namespace=f"  namespace: {workload.namespace}\n" if workload.namespace else "",
        image=container.image.value if container.image else "",
        host=(spec.text("serviceName") if spec else "") or workload.name,
        user=user,
        database=database,
        secret=secret,
        key=key,
        resources=_resources(resources),
    )
    return Change({}, {path: text})


def _password(container: Container) -> tuple[str, str]:
    for entry in container.node.mappings("env"):
        reference = entry.mapping("valueFrom", "secretKeyRef")
        if entry.text("name") == "POSTGRES_PASSWORD" and reference is not None:
            name, key = reference.text("name"), reference.text("key")
            if name and key:
                return name, key
    raise Refused("`POSTGRES_PASSWORD` is not set from a `secretKeyRef`")


def _is_referred(container: Container, name: str) -> bool:
    return any(
        entry.text("name") == name and entry.get("valueFrom") is not None for entry in container.node.mappings("env")
    ) or bool(container.node.items("envFrom"))


def _resources(resources: abc.Mapping[str, abc.Mapping[str, str]]) -> str:
    indent = " " * 14
    lines = [f"{indent}resources:"] if any(resources.values()) else []
    for kind, values in resources.items():
        if values:
            lines.append(f"{indent}  {kind}:")
            lines += [f'{indent}    {name}: "{value}"' if value.isdigit() else f"{indent}    {name}: {value}"
                      for name, value in values.items()]  # fmt: skip
    return "".join(line + "\n" for line in lines)
