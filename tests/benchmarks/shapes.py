"""Texts that are long in one way: more than 300 shapes of the four languages, each of any size.

A shape is a name and a function from a number of repetitions to a text. Most are products: a line that rules look at,
and how it is repeated (as statements, in stages of its own, in one instruction, never closed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Make = Callable[[int], str]


@dataclass(frozen=True)
class Shape:
    language: str
    name: str
    make: Make

    def of_size(self, size: int) -> str:
        """A text of about `size` characters."""
        probe = 64
        unit = max((len(self.make(2 * probe)) - len(self.make(probe))) / probe, 0.1)
        return self.make(max(int(size / unit), 2))


def each(line: str, before: str = "", after: str = "") -> Make:
    """`line` again and again; `#` in it is the number of the repetition."""
    pieces = line.split("#")
    return lambda number: before + "".join(str(one).join(pieces) for one in range(number)) + after


def nested(opening: str, inner: str, closing: str, before: str = "", after: str = "") -> Make:
    return lambda number: before + opening * number + inner + closing * number + after


def deeper(line: str, inner: str) -> Make:
    """Each line indented by one more than that above; the number of levels grows with the root of the size."""

    def make(number: int) -> str:
        levels = max(int((2 * number) ** 0.5), 1)
        return "".join(" " * level + line for level in range(levels)) + " " * levels + inner

    return make


PYTHON_LINES = {
    "host": 'host# = "redis.apps.svc.cluster.local"\n',
    "same host": 'host = "redis.apps.svc.cluster.local"\n',
    "ignored host": 'host = "redis.apps.svc.cluster.local"  # playpen: ignore[hard-coded-host]\n',
    "unused ignore": "x# = 1  # playpen: ignore[hard-coded-host]\n",
    "print": 'print("loaded", x#)\n',
    "print f-string": 'print(f"loaded {x#}")\n',
    "log f-string": 'logger.info(f"loaded {x#}")\n',
    "log percent": 'logger.info("loaded %s" % x#)\n',
    "log level": 'logger.info("error: failed %s", x#)\n',
    "secret": 'DB_PASSWORD# = "Zq8!vN3#pL@9x"\n'.replace("#pL", "pL"),
    "same secret": 'PASSWORD = "Zq8!vN3pL@9x"\n',
    "getenv": 'A# = os.getenv("A#")\n',
    "getenv default": 'A# = os.getenv("A#", "redis.apps.svc.cluster.local")\n',
    "environ": 'A# = os.environ["A#"]\n',
    "engine": 'engine# = create_engine(os.environ["URL"])\n',
    "engine password": 'engine# = create_engine("postgresql://me:Zq8vN3pL@db.apps.svc.cluster.local/x")\n',
    "create all": "Base.metadata.create_all(engine#)\n",
    "app": "app# = FastAPI()\n",
    "router": "app.include_router(router#)\n",
    "requests": 'requests.get(f"http://shop.apps.svc.cluster.local/{x#}")\n',
    "run": 'uvicorn.run("app:app", host="127.0.0.1", port=8#)\n',
    "basic config": 'logging.basicConfig(format="%(message)s")\n',
    "import": "import module#\n",
    "from import": "from module# import name#\n",
    "star import": "from module# import *\n",
    "assign": "x# = y#\n",
    "same name": "x = x\n",
    "comment": "# a comment #\n",
    "semicolons": "x = 1; y = 2; ",
    "tuple": "a#, b# = b#, a#\n",
    "string": 'x = "text #"\n',
    "doc string": '"""A text #."""\n',
    "half quote": 'x = "text\n',
    "triple quote": 'x = """text\n',
    "form feed": "x = 1\f\n",
    "carriage return": "x# = 1\r",
    "line separator": 'x = "a\u2028b"\n',
    "emoji": 'x = "😀😀" + y#\n',
    "tab": "if x:\n\ty = #\n",
    "backslash": "x = \\\n    #\n",
    "unclosed parenthesis": "x = (\n",
    "unclosed bracket": "x# = [\n",
    "unclosed brace": "x = {#: \n",
    "unclosed call": "print(x#\n",
    "unclosed def": "def f#(\n",
    "wrong": "def f#(:\n",
    "words": "one two # three\n",
    "global": "def f#():\n    global x\n    x = 1\n",
    "try": "try:\n    x#()\nexcept Exception:\n    pass\n",
    "with": "with open(x#) as y:\n    pass\n",
    "match": "match x:\n    case #:\n        pass\n",
    "def": "def f#():\n    return 1\n",
    "route": '@app.get("/x#")\ndef f#():\n    return 1\n',
    "class": "class A#:\n    x = 1\n",
    "settings": 'class S#(BaseSettings):\n    url: str = "http://shop.apps.svc.cluster.local"\n',
    "lambda": "f# = lambda x: x + #\n",
    "attribute": "self.x# = y.a.b.c\n",
}
PYTHON_HEAD = "import logging\nimport os\n\nfrom fastapi import FastAPI\n\nlogger = logging.getLogger(__name__)\n"


def indented(line: str, by: str = "    ") -> str:
    return "".join(f"{by}{one}\n" for one in line.split("\n")[:-1])


def python() -> Iterator[tuple[str, Make]]:
    for name, line in PYTHON_LINES.items():
        yield name, each(line, PYTHON_HEAD)
        if line.endswith("\n"):
            yield f"{name} in a function", each(indented(line), PYTHON_HEAD + "def f(x):\n")
    yield "elif", each("elif x == #:\n    y = #\n", "if x:\n    y = 1\n")
    yield "decorators", each("@d#\n", after="def f():\n    pass\n")
    yield "parameters", each("a#, ", "def f(", "):\n    pass\n")
    yield "arguments", each("a#=#, ", "f(", ")\n")
    yield "hosts in a list", each('"redis.apps.svc.cluster.local",\n', "x = [\n", "]\n")
    yield "hosts in a dict", each('"k#": "redis.apps.svc.cluster.local",\n', "x = {\n", "}\n")
    yield "secrets in a dict", each('"password": "Zq8vN3pL9x#",\n', "x = {\n", "}\n")
    yield "sum", each("x# + ", "y = ", "1\n")
    yield "string sum", each('"text#" + ', "y = ", '""\n')
    yield "implicit strings", each('"text#" ', "y = ", '""\n')
    yield "f-string fields", each("{x#}", 'print(f"', '")\n')
    yield "chain", each(".a#()", "x = y", "\n")
    yield "comparison", each(" < x#", "x = y", "\n")
    yield "targets", each("x# = ", after="1\n")
    yield "for in comprehension", each(" for x# in y#", "x = [1", "]\n")
    yield "parentheses", nested("(", "1", ")", "x = ", "\n")
    yield "brackets", nested("[", "1", "]", "x = ", "\n")
    yield "calls", nested("f(", "1", ")", "x = ", "\n")
    yield "open parentheses", nested("(", "1", "", "x = ", "\n")
    yield "close parentheses", nested("", "1", ")", "x = ", "\n")
    yield "nots", nested("not ", "1", "", "x = ", "\n")
    yield "minus", nested("-", "1", "", "x = ", "\n")
    yield "lambdas", nested("lambda: ", "1", "", "x = ", "\n")
    yield "nested if", deeper("if x:\n", "y = 1\n")
    yield "nested def", deeper("def f():\n", "y = 1\n")
    yield "nested class", deeper("class A:\n", "y = 1\n")
    yield "blank lines", each("\n")
    yield "spaces", each(" ", "x = 1", "\n")
    yield "long string", each("a", 'x = "', '"\n')
    yield "long host", each("a.", 'x = "', 'svc.cluster.local"\n')
    yield "long number", each("1", "x = ", "\n")
    yield "long name", each("a", "", " = 1\n")
    yield "long comment", each("playpen: ignore ", "# ", "\n")
    yield "ignore list", each("hard-coded-host, ", "x = 1  # playpen: ignore[", "]\n")


SHELL = {
    "apt": "apt-get install -y package#",
    "apt update": "apt-get update",
    "pip": "pip install package#",
    "pip file": "pip install -r requirements#.txt",
    "curl": "curl -fsSL http://example.com/x# | sh",
    "docker login": "docker login -u admin -p s3cr3tPass9 nexus:5000",
    "docker build": "docker build -t nexus:5000/shop:latest .",
    "docker push": "docker push nexus:5000/shop:#",
    "variable": "X#=$X make $Y",
    "password": "export DB_PASSWORD=Zq8vN3pL9x",
    "host": "curl http://redis.apps.svc.cluster.local/#",
    "pipe": "cat x# | grep y | sort",
    "subshell": "(cd x# && make)",
    "substitution": "echo $(cat x#)",
    "quotes": "echo \"a 'b' #\"",
    "sudo": "sudo chmod 777 /x#",
    "user": "useradd -m user#",
    "cd": "cd /x# && ls",
    "kubectl": "kubectl apply -f k8s/x#.yaml",
    "half quote": 'echo "x#',
    "half subshell": "echo $(x#",
}
DOCKER_LINES = {
    "env": "ENV A#=b\n",
    "env chain": "ENV A=$A$A B#=${A}\n",
    "arg": "ARG A#=b\n",
    "arg secret": "ARG DB_PASSWORD=Zq8vN3pL9x\n",
    "copy": "COPY x# /srv/x#\n",
    "copy all": "COPY . .\n",
    "copy and install": "COPY . .\nRUN pip install -r requirements.txt\n",
    "copy from": "COPY --from=nowhere# /x /y\n",
    "add": "ADD http://example.com/x#.tar.gz /srv/\n",
    "workdir": "WORKDIR x#\n",
    "workdir variable": "WORKDIR $A/x#\n",
    "user": "USER user#\n",
    "expose": "EXPOSE 80#\n",
    "cmd": 'CMD ["x", "#"]\n',
    "shell cmd": "CMD x # && y\n",
    "entrypoint": 'ENTRYPOINT ["x#"]\n',
    "label": "LABEL a#=b c=d\n",
    "volume": "VOLUME /x#\n",
    "health": "HEALTHCHECK CMD curl -f http://localhost:#/\n",
    "onbuild": "ONBUILD RUN pip install x#\n",
    "shell": 'SHELL ["/bin/bash", "-c"]\n',
    "stop": "STOPSIGNAL SIGTERM\n",
    "maintainer": "MAINTAINER me#\n",
    "unknown": "FRM x#\n",
    "comment": "# a comment #\n",
    "ignore": "# hadolint ignore=DL3008\nRUN apt-get install -y x#\n",
    "heredoc": "RUN <<EOF\npip install x#\nEOF\n",
    "copy heredoc": "COPY <<EOF /x#\ntext\nEOF\n",
    "open heredoc": "RUN <<EOF#\npip install x\n",
    "blank continuation": "RUN x \\\n\n  y#\n",
    "mount": "RUN --mount=type=secret,id=x# cat /run/secrets/x#\n",
    "template": "{{ x# }}\n",
}


def dockerfile() -> Iterator[tuple[str, Make]]:
    head = "ARG A=b\nFROM nexus:5000/python:3.12\n"
    for name, line in DOCKER_LINES.items():
        yield name, each(line, head)
        yield f"{name} in stages", each(f"FROM nexus:5000/python:3.12 AS s#\n{line}")
    for name, command in SHELL.items():
        yield f"RUN {name}", each(f"RUN {command}\n", head)
        yield f"one RUN of {name}", each(f"    {command} && \\\n", head + "RUN make && \\\n", "    true\n")
        yield f"heredoc of {name}", each(f"{command}\n", head + "RUN <<EOF\n", "EOF\n")
        yield f"open heredoc of {name}", each(f"{command}\n", head + "RUN <<EOF\n")
    yield "stages in a row", each("FROM s# AS t#\n", "FROM nexus:5000/python:3.12 AS s0\n")
    yield (
        "stages that continue",
        lambda number: (
            "FROM nexus:5000/python:3.12 AS s0\n"
            + "".join(f"FROM s{one} AS s{one + 1}\nENV A{one}=b\n" for one in range(number))
        ),
    )
    yield (
        "copies from each stage",
        lambda number: "".join(
            f"FROM nexus:5000/python:3.12 AS s{one}\nCOPY --from=s{max(one - 1, 0)} /x /y\n" for one in range(number)
        ),
    )
    yield "stages of one name", each("FROM nexus:5000/python:3.12 AS s\n")
    yield "doubling variables", lambda number: "ARG A0=lol\n" + "".join(
        f"ARG A{one + 1}=$A{one}$A{one}\n" for one in range(number)
    ) + f"FROM $A{number}\n"  # fmt: skip
    yield (
        "variables that continue",
        lambda number: head + "".join(f"ENV A{one + 1}=${{A{one}:-x}}\nWORKDIR $A{one}\n" for one in range(number)),
    )
    yield "pairs of one ENV", each("A#=b ", head + "ENV ", "\n")
    yield "sources of one COPY", each("x# ", head + "COPY ", "/srv/\n")
    yield "packages of one RUN", each("package# ", head + "RUN apt-get install ", "\n")
    yield "packages on lines", each("  package# \\\n", head + "RUN apt-get install \\\n", "  x\n")
    yield "long word", each("a", head + "RUN ", "\n")
    yield "long JSON", each('"a#", ', head + "CMD [", '"x"]\n')
    yield "braces", nested("${A:-", "x", "}", head + "WORKDIR ", "\n")
    yield "open braces", each("${A:-", head + "WORKDIR ", "\n")
    yield "substitutions", nested("$(", "x", ")", head + "RUN echo ", "\n")
    yield "subshells", nested("(", "x", ")", head + "RUN ", "\n")
    yield "continuations", each("\\\n", head + "RUN x ", "\n")
    yield "comments in RUN", each("# x#\n", head + "RUN x && \\\n", "  y\n")


JENKINS_STEPS = {
    "echo": "echo 'x#'\n",
    "echo GString": 'echo "x ${y#}"\n',
    "git": "git url: 'https://example.com/x#.git'\n",
    "checkout": "checkout scm\n",
    "credentials": "withCredentials([string(credentialsId: 'x#', variable: 'X')]) {\n  sh 'make'\n}\n",
    "timeout": "timeout(#) {\n  sh 'make'\n}\n",
    "retry": "retry(3) { sh 'make #' }\n",
    "script": "script {\n  def x# = 1\n}\n",
    "env": "script { env.X# = 'y' }\n",
    "docker": "script { docker.build('nexus:5000/shop:latest') }\n",
    "archive": "archiveArtifacts artifacts: 'x#'\n",
    "junit": "junit 'x#.xml'\n",
    "unknown": "nonsense# 'x'\n",
    "comment": "// a comment #\n",
    "input": "input 'Go on #?'\n",
    "interpolated": 'sh "curl -u $USER:$PASSWORD http://x/#"\n',
    "half quote": "echo 'x#\n",
    "triple quote": "sh '''\nmake #\n'''\n",
    "half triple quote": "sh '''\nmake #\n",
    "half brace": "script {\n",
    "half parenthesis": "sh(\n",
    "secret": "sh 'PASSWORD=Zq8vN3pL9x make #'\n",
    "parallel": "parallel(a#: { sh 'x' }, b#: { sh 'y' })\n",
}
STAGES = "pipeline {\n  agent any\n  stages {\n"


def jenkinsfile() -> Iterator[tuple[str, Make]]:
    one = STAGES + "    stage('a') {\n      steps {\n"
    shells = {f"sh {name}": "sh " + repr(command) + "\n" for name, command in SHELL.items()}
    for name, line in {**JENKINS_STEPS, **shells}.items():
        yield name, each(line, one, "      }\n    }\n  }\n}\n")
        yield (
            f"{name} in stages",
            each(f"    stage('s#') {{\n      steps {{\n{line}      }}\n    }}\n", STAGES, "  }\n}\n"),
        )
        yield f"{name} in a node", each(line, "node {\n  stage('a') {\n", "  }\n}\n")
    yield "stages of one name", each("    stage('a') { steps { sh 'make' } }\n", STAGES, "  }\n}\n")
    yield "stages without steps", each("    stage('s#') {\n    }\n", STAGES, "  }\n}\n")
    yield (
        "parallel stages",
        each(
            "        stage('s#') { steps { sh 'make' } }\n", STAGES + "    stage('a') {\n      parallel {\n", "}}}}\n"
        ),
    )
    yield (
        "matrix values",
        each(
            "'v#', ", STAGES + "stage('a') { matrix { axes { axis { name 'X'; values ", "'y' } }\nstages { } } } } }\n"
        ),
    )
    yield "environment", each("    A# = 'b'\n", "pipeline {\n  agent any\n  environment {\n", "  }\n  stages { }\n}\n")
    yield (
        "parameters",
        each("    string(name: 'A#', defaultValue: 'b')\n", "pipeline {\n  agent any\n  parameters {\n", "  }\n}\n"),
    )
    yield "options", each("    timeout(time: #)\n", "pipeline {\n  agent any\n  options {\n", "  }\n}\n")
    yield "post", each("    always { sh 'x#' }\n", "pipeline {\n  agent any\n  post {\n", "  }\n}\n")
    yield "when", each("      branch 'x#'\n", STAGES + "stage('a') {\n    when {\n", "}\nsteps { sh 'x' } } } }\n")
    yield "unknown sections", each("  section# { }\n", "pipeline {\n  agent any\n", "}\n")
    yield "pipelines", each("pipeline { agent any\n stages { stage('a') { steps { sh 'x' } } } }\n")
    yield "functions", each("def f#() {\n  sh 'make'\n}\n")
    yield "calls of functions", each("f#()\n", "def f0() { sh 'make' }\nnode {\n", "}\n")
    yield "assignments", each("x# = y#\n")
    yield "string sum", each("'a#' + ", "x = ", "'b'\n")
    yield "map", each("a#: 'b', ", "x = [", "c: 1]\n")
    yield "braces", nested("{ ", "x", " }", "node ", "\n")
    yield "brackets", nested("[", "x", "]", "y = ", "\n")
    yield "parentheses", nested("(", "x", ")", "y = ", "\n")
    yield "open braces", nested("{ ", "x", "", "node ", "\n")
    yield "close braces", nested("", "x", "} ", "node {", "\n")
    yield "nested stages", nested("stage('a') { stages { ", "", "} } ", STAGES, "}}\n")
    yield "nested GStrings", nested('"${', "x", '}"', "y = ", "\n")
    yield "slashes", each("x = a / b# / c\n")
    yield "dollar slashes", each("x = $/ a# /$\n")
    yield "if", each("if (x == #) { sh 'x' }\n", "node {\n", "}\n")
    yield "else if", each(" else if (x == #) { sh 'x' }\n", "node {\nif (y) { sh 'z' }", "}\n")
    yield "ternary", each("x ? # : ", "y = ", "1\n")
    yield "closures", each("x.each { y# -> sh 'x' }\n", "node {\n", "}\n")
    yield "block comment", each("words # ", "/* ", "*/\nnode { sh 'x' }\n")
    yield "long string", each("a", "x = '", "'\n")
    yield "semicolons", each("x = 1; ")
    yield "blank lines", each("\n")


def manifest(kind: str = "Deployment") -> str:
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: shop#\nspec:\n  selector:\n    matchLabels: {{app: a}}\n"
        "  template:\n    metadata:\n      labels: {app: a}\n    spec:\n      containers:\n"
    )


CONTAINERS = {
    "plain": "",
    "image": "        image: nexus:5000/shop:latest\n",
    "limits": "        image: nexus:5000/shop:1\n        resources:\n          limits: {cpu: 1, memory: 1Gi}\n",
    "probe": "        livenessProbe:\n          httpGet: {path: /health, port: 8000}\n",
    "same probes": "        livenessProbe: &p\n          httpGet: {path: /x, port: 80}\n        readinessProbe: *p\n",
    "ports": "        ports:\n        - containerPort: 80\n          name: http#\n",
    "env": "        env:\n        - name: A#\n          value: b\n",
    "password": "        env:\n        - name: DB_PASSWORD\n          value: Zq8vN3pL9x\n",
    "secret": "        env:\n        - name: A\n          valueFrom:\n            secretKeyRef: {name: x#, key: y}\n",
    "config": "        envFrom:\n        - configMapRef: {name: x#}\n",
    "privileged": "        securityContext: {privileged: true}\n",
    "root": "        securityContext:\n          runAsUser: 0\n",
    "command": '        command: ["sh", "-c", "sleep #"]\n',
    "host": "        env:\n        - name: URL\n          value: http://redis.apps.svc.cluster.local\n",
    "mount": "        volumeMounts:\n        - {name: x#, mountPath: /x}\n",
    "duplicate": "        image: a:1\n        image: b:1\n",
    "half flow": "        args: [x, #\n",
    "half quote": '        image: "x#\n',
    "bad indent": "       image: x\n",
}
DOCUMENTS = {
    "service": "apiVersion: v1\nkind: Service\nmetadata:\n  name: s#\nspec:\n  selector: {app: a#}\n"
    "  ports:\n  - {port: 80, targetPort: 8000}\n",
    "secret": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s#\nstringData:\n  password: Zq8vN3pL9x\n",
    "config map": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: s#\ndata:\n  a: b\n",
    "role": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: r#\n"
    "rules:\n- {apiGroups: ['*'], resources: ['*'], verbs: ['*']}\n",
    "binding": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: r#\n"
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n"
    "subjects:\n- {kind: ServiceAccount, name: a#, namespace: b}\n",
    "ingress": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i#\nspec:\n  rules:\n  - host: x#\n"
    "    http:\n      paths:\n      - path: /\n        pathType: Prefix\n"
    "        backend: {service: {name: s#, port: {number: 80}}}\n",
    "claim": "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: p#\nspec:\n  accessModes: [ReadWriteOnce]\n",
    "cron job": "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: c#\nspec:\n  schedule: '* * * * *'\n",
    "list": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: s#}\n",
    "empty": "# nothing #\n",
    "scalar": "just a word #\n",
    "broken": "kind: [Deployment\nmetadata: {\n",
    "template": "{{- if .Values.x# }}\nkind: Deployment\n{{- end }}\n",
    "comment": "# a comment #\nkind: Deployment\n",
    "ignore": "# playpen: ignore[kubernetes/no-cpu-limit]\nkind: Deployment\nmetadata: {name: x#}\n",
}


def kubernetes() -> Iterator[tuple[str, Make]]:
    head = manifest()
    for name, fields in CONTAINERS.items():
        container = f"      - name: c#\n{fields}"
        yield f"containers with {name}", each(container, head)
        yield f"documents with {name}", each(f"---\n{head}{container}")
    for name, document in DOCUMENTS.items():
        yield f"documents of {name}", each(f"---\n{document}")
        yield f"{name} in a list", each("- " + indented(document, "  ")[2:], "apiVersion: v1\nkind: List\nitems:\n")
        yield f"half documents of {name}", each(f"---\n{document}x: [\n")
    container = head + "      - name: c\n"
    yield "env of one container", each("        - {name: A#, value: b}\n", container + "        env:\n")
    yield (
        "passwords of one container",
        each("        - name: DB_PASSWORD#\n          value: Zq8vN3pL9x\n", container + "        env:\n"),
    )
    yield "ports of one container", each("        - containerPort: 1#\n", container + "        ports:\n")
    yield (
        "mounts of one container",
        each("        - {name: x, mountPath: /x#}\n", container + "        volumeMounts:\n"),
    )
    yield "volumes", each("      - {name: x#, emptyDir: {}}\n", container + "      volumes:\n")
    yield "labels", each("    a#: b\n", "kind: Deployment\nmetadata:\n  labels:\n")
    yield "same keys", each("    a: b\n", "kind: Deployment\nmetadata:\n  labels:\n")
    yield "data of one secret", each("  password#: Zq8vN3pL9x\n", "apiVersion: v1\nkind: Secret\nstringData:\n")
    yield "rules of one role", each("- {apiGroups: ['*'], resources: [a#], verbs: ['*']}\n", "kind: Role\nrules:\n")
    yield "ports of one service", each("  - {port: #, name: p#}\n", "apiVersion: v1\nkind: Service\nspec:\n  ports:\n")
    yield "anchors", each("a#: &a# b\n", "kind: ConfigMap\n")
    yield "aliases", each("a#: *a\n", "kind: ConfigMap\nx: &a {b: c}\n")
    yield "merges", each("a#:\n  <<: *a\n", "kind: ConfigMap\nx: &a {b: c}\n")
    yield (
        "anchors in a row",
        lambda number: (
            "kind: ConfigMap\na0: &a0 [x]\n"
            + "".join(f"a{one + 1}: &a{one + 1} [*a{one}, *a{one}]\n" for one in range(number))
        ),
    )
    yield "flow lists", nested("[", "x", "]", "a: ", "\n")
    yield "flow maps", nested("{a: ", "x", "}", "a: ", "\n")
    yield "open flow lists", nested("[", "x", "", "a: ", "\n")
    yield "dashes", nested("- ", "x", "", "", "\n")
    yield "nested maps", deeper("a:\n", "b: c\n")
    yield "block scalar", each("    text #\n", "kind: ConfigMap\ndata:\n  a: |\n")
    yield "folded scalar", each("    text #\n", "kind: ConfigMap\ndata:\n  a: >\n")
    yield "script in a block scalar", each("    export DB_PASSWORD=Zq8vN3pL9x\n", "kind: ConfigMap\ndata:\n  a: |\n")
    yield "quoted scalar", each("text #\n", 'kind: ConfigMap\na: "', '"\n')
    yield "plain scalar", each("  text #\n", "kind: ConfigMap\na:\n")
    yield "separators", each("---\n")
    yield "comments", each("# a comment #\n")
    yield "blank lines", each("\n", "kind: ConfigMap\n")
    yield "json", each('{"a": #},', '{"kind": "List", "items": [', "{}]}\n")
    yield "tabs", each("\ta#: b\n", "kind: ConfigMap\n")
    yield "tags", each("a#: !!str b\n", "kind: ConfigMap\n")


def shapes() -> list[Shape]:
    kinds = {"dockerfile": dockerfile, "jenkinsfile": jenkinsfile, "kubernetes": kubernetes, "python": python}
    return [Shape(language, name, make) for language, made in kinds.items() for name, make in made()]
