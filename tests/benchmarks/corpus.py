"""Synthetic files for the benchmarks: realistic in structure, about one line in 25 is one that linters report.

The same arguments give the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

NAMES = "cart checkout ledger mailer quote rating search session shipping stock tariff ticket upload wallet".split()
VERBS = "collect compute filter group load merge parse rank render store trim update".split()
NOUNS = "batch event item order page record report row sample user value window".split()
BAD = 0.04  # of the lines


class Lines(list[str]):
    """The lines of a file that is being written."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def one_of(self, words: list[str]) -> str:
        return self.random.choice(words)

    def add(self, text: str) -> None:
        self.extend(text.split("\n"))

    def maybe(self, good: str, bad: list[str], weight: float) -> None:
        """A good line or one of the bad ones; `weight` is how many lines there are for each call."""
        self.append(self.one_of(bad) if self.random.random() < BAD * weight else good)

    def text(self, count: int, comment: str) -> str:
        """Exactly `count` lines."""
        return "".join(line + "\n" for line in [*self, *[comment] * (count - len(self))][:count])


def dockerfile(count: int, seed: str = "") -> str:
    lines, stage = Lines(f"docker{seed}{count}"), 0
    bad = [
        "ADD https://downloads.example.test/tool.tar.gz /opt/tool.tar.gz",
        "RUN curl -sSL https://get.example.test/install.sh | sh",
        "ENV API_TOKEN=tk_0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "RUN chmod -R 777 /srv/app",
        "USER root",
    ]
    while len(lines) < count:
        base = lines.one_of(["python:3.11.9-slim", "node:20.14.0-bookworm", "golang:1.22.4", "debian:12.5"])
        image = base.partition(":")[0]
        lines.maybe(f"FROM {base} AS stage{stage}", [f"FROM {image}:latest AS stage{stage}"], 12)
        lines.add(
            f"ARG BUILD_{stage}=0\nENV APP_HOME=/srv/{lines.one_of(NAMES)} \\\n    LANG=C.UTF-8\nWORKDIR /srv/app\n"
            "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends ca-certificates=20230311 \\\n"
            "    && rm -rf /var/lib/apt/lists/*"
        )
        for _ in range(3):
            lines.maybe(f"COPY --chown=1000:1000 src/{lines.one_of(NOUNS)} ./{lines.one_of(NOUNS)}/", bad, 3)
        lines.add(f"# {lines.one_of(VERBS)} the {lines.one_of(NOUNS)}")
        lines.maybe(f"RUN make {lines.one_of(VERBS)}-{lines.one_of(NOUNS)}", bad, 3)
        lines.add(f'EXPOSE {lines.random.randint(1024, 9999)}\nUSER 1000:1000\nCMD ["./serve", "--quiet"]\n')
        stage += 1
    return lines.text(count, "# end")


def jenkinsfile(count: int, seed: str = "") -> str:
    lines, stage, indent = Lines(f"jenkins{seed}{count}"), 0, " " * 16
    bad = [
        indent + 'sh "curl -s http://get.example.test/i.sh | bash"',
        indent + 'sh "deploy --password ${DEPLOY_PASSWORD}"',
        indent + "sh 'docker push nexus:5000/shop:latest'",
        indent + "sh 'docker login -u robot -p s3cr3t-9f8e7d nexus:5000'",
    ]
    lines.add(
        "pipeline {\n    agent { label 'linux' }\n    options {\n        timeout(time: 30, unit: 'MINUTES')\n    }"
    )
    lines.add(f"    environment {{\n        SERVICE = '{lines.one_of(NAMES)}'\n    }}\n    stages {{")
    while len(lines) + 20 < count:
        lines.add(f"        stage('{lines.one_of(VERBS)} {stage}') {{\n            when {{ branch 'main' }}")
        lines.append("            steps {")
        for _ in range(4):
            step = lines.one_of(
                [f"sh 'make {lines.one_of(VERBS)}'", 'echo "at ${env.BUILD_NUMBER}"', "retry(2) { sh './check' }"]
            )
            lines.maybe(indent + step, bad, 2)
        lines.add("            }\n            post {\n                always {")
        lines.add(f"{indent}    archiveArtifacts artifacts: 'out/{lines.one_of(NOUNS)}/*.log'")
        lines.add("                }\n            }\n        }")
        stage += 1
    lines.add("    }\n}")
    return lines.text(count, "// end")


def manifests(count: int, seed: str = "") -> str:
    lines, number = Lines(f"k8s{seed}{count}"), 0
    while len(lines) < count:
        name = f"{lines.one_of(NAMES)}-{number}"
        lines.add(
            f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels:\n    app: {name}\nspec:\n"
            f"  replicas: 2\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n"
            f"      labels:\n        app: {name}\n    spec:"
        )
        lines.maybe("      automountServiceAccountToken: false", ["      hostNetwork: true", "      hostPID: true"], 10)
        lines.add("      containers:\n        - name: main")
        image = f"          image: registry.example.test/{name}"
        lines.maybe(f"{image}:1.{lines.random.randint(0, 40)}.0", [f"{image}:latest", image], 10)
        lines.add(f"          ports:\n            - containerPort: {lines.random.randint(1024, 9999)}")
        lines.add("          env:\n            - name: DB_PASSWORD")
        lines.maybe(
            "              valueFrom: {secretKeyRef: {name: db, key: password}}",
            ["              value: hunter2-9f8e"],
            8,
        )
        lines.add("          resources:\n            requests: {cpu: 100m, memory: 64Mi}")
        lines.add("            limits: {cpu: 200m, memory: 128Mi}\n          securityContext:")
        lines.maybe("            runAsNonRoot: true", ["            runAsUser: 0"], 10)
        lines.maybe("            allowPrivilegeEscalation: false", ["            privileged: true"], 10)
        lines.add(f"---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector:\n    app: {name}")
        lines.add(f"  ports:\n    - port: 80\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:")
        for key in range(5):
            lines.append(f'  {lines.one_of(NOUNS)}_{key}: "{lines.random.randint(0, 9999)}"')
        number += 1
    while not lines[count - 1].startswith("  "):  # the cut must be inside an object
        count -= 1
    return lines.text(count, "")


def module(count: int, seed: str = "") -> str:
    lines, number = Lines(f"python{seed}{count}"), 0
    lines.add(
        '"""Synthetic module."""\nimport os\nimport pickle\nimport subprocess\n\nimport requests\nimport yaml\n\n'
    )
    while len(lines) + 16 < count:
        one, many = lines.random.sample(NOUNS, 2)
        bad = [
            f"    {one} = eval({one})",
            f"    subprocess.run({one}, shell=True)",
            f"    os.system({one})",
            f"    {one} = pickle.loads({one})",
            f"    {one} = yaml.load({one}, Loader=yaml.Loader)",
            f"    requests.get({one}, verify=False, timeout=5)",
            "    password = 'hunter2-9f8e7d6c5b4a'",
            f"    print({one})",
        ]
        lines.add(
            f"def {lines.one_of(VERBS)}_{number}({one}, {many}=None, limit={lines.random.randint(1, 99)}):\n"
            f'    """{lines.one_of(VERBS).title()} the {one}."""\n    {many} = {many} or []\n'
            f"    for index, entry in enumerate({many}):\n        if index >= limit or entry == {one}:\n"
            f"            break\n        {many}[index] = (entry, len(str(entry)))"
        )
        for _ in range(3):
            lines.maybe(f"    {one} = str({one}).{lines.one_of(['strip', 'lower', 'title'])}()", bad, 4)
        lines.add(f'    return {{"{one}": {one}, "{many}": {many}}}\n\n')
        number += 1
    return lines.text(count, "# end")


KINDS: dict[str, tuple[Callable[..., str], str]] = {
    "dockerfile": (dockerfile, "Dockerfile"),
    "jenkinsfile": (jenkinsfile, "Jenkinsfile"),
    "kubernetes": (manifests, "app.yaml"),
    "python": (module, "app.py"),
}


def tree(folder: Path, language: str, files: int) -> int:
    """Write `files` small files of a language, one folder each. Returns the number of lines."""
    make, name = KINDS[language]
    total = 0
    for number in range(files):
        text = make(40 + 37 * number % 160, seed=str(number))
        path = folder / f"service-{number:04}" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        total += text.count("\n")
    return total
