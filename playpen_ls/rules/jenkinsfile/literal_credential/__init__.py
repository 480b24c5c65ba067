from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from playpen_ls.api.example import example
from playpen_ls.api.file_view import FileView
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.queries import is_credential_id
from playpen_ls.languages.jenkinsfile.parts import Assignment, Call, EnvironmentEntry, Region, ShellStep, StringLiteral
from playpen_ls.languages.shell.secrets import HINTS, ShellSecret, secrets_in
from playpen_ls.rules.jenkinsfile.literal_credential.detect import Leak, docker_options, leaks
from playpen_ls.rules.jenkinsfile.literal_credential.named import named_literals
from playpen_ls.rules.jenkinsfile.literal_credential.store import Store, credential_for
from playpen_ls.rules.jenkinsfile.literal_credential.wrap import Known, credentials_of, rebound
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import DisjointSpans, Span
from playpen_ls.vocabulary.names import kebab
from playpen_ls.vocabulary.secret_shapes import is_doubtful, is_minor, is_shape, may_hold_key, shapes
from playpen_ls.vocabulary.secrets import (
    is_configured_secret,
    is_named_secret,
    is_password_name,
    is_placeholder,
    is_secret_name,
    is_throwaway,
    is_weak,
    is_weak_login,
    may_be_secret,
    url_logins,
)

# The id of a credential, as a step takes it: `SNYK_API_KEY = 'c4-os-snyk'`
_ID = regex(r"[a-z][a-z0-9]{0,9}(?:-[a-z][a-z0-9]{0,9})+")
_PASSWORD_NAME = regex(r"pass|pwd", re.IGNORECASE)
_DOCKER_ARGUMENTS = ("withRun", "inside", "run", "build", "args", "additionalBuildArgs")
"""Steps and sections that are given the options of `docker run` or `docker build`."""

NEXUS = (
    "withCredentials([usernamePassword(credentialsId: 'nexus-credentials', usernameVariable: 'NEXUS_USER', "
    "passwordVariable: 'NEXUS_PASS')])"
)


def steps(text: str) -> str:
    body = "".join(f"        {line}\n" if line else "\n" for line in text.split("\n"))
    return f"node {{\n    stage('Publish') {{\n{body}    }}\n}}\n"


@rule(
    severity=Severity.ERROR,
    practice="Credential management",
    masks_text=True,
    bad=[
        example(
            steps("sh 'docker login -u admin -p «secret» nexus:5000' // log in"),
            fixed=steps(
                NEXUS + " {\n"
                '    sh \'echo "$NEXUS_PASS" | docker login -u "$NEXUS_USER" --password-stdin nexus:5000\' // log in\n}'
            ),
        ),
        example(
            steps('sh "docker login -u admin -p «hunter2» ${env.REGISTRY}"'),
            fixed=steps(
                NEXUS + " {\n"
                '    sh "echo \\"\\$NEXUS_PASS\\" | docker login -u \\"\\$NEXUS_USER\\" --password-stdin '
                '${env.REGISTRY}"\n}'
            ),
        ),
        example(
            steps(
                "sh 'docker login -u admin -p «secret» nexus:5000'\n// then\n"
                "bat 'docker login -u admin -p «secret» nexus'\n"
                "sh '''\n    curl -H \"Authorization: Bearer «a81jf9sk2mzn»\" https://api/\n'''\nsh 'make'"
            ),
            fixed=steps(
                NEXUS.replace(")])", "), string(credentialsId: 'api-token', variable: 'API_TOKEN')])") + " {\n"
                '    sh \'echo "$NEXUS_PASS" | docker login -u "$NEXUS_USER" --password-stdin nexus:5000\'\n'
                "    // then\n"
                "    bat 'docker login -u %NEXUS_USER% -p %NEXUS_PASS% nexus'\n"
                "    sh '''\n        curl -H \"Authorization: Bearer $API_TOKEN\" https://api/\n    '''\n}\nsh 'make'"
            ),
        ),
        example(
            NEXUS + " { sh 'curl -u admin:«hunter2» https://nexus:5000/v2/' }\n",
            fixed=NEXUS + " { sh 'curl -u \"$NEXUS_USER:$NEXUS_PASS\" https://nexus:5000/v2/' }\n",
        ),
        example(
            steps('sh """\n    curl -H \'Authorization: Bearer «a81jf9sk2mzn»\' ${URL}\n"""'),
            fixed=steps(
                "withCredentials([string(credentialsId: 'api-token', variable: 'API_TOKEN')]) {\n    sh \"\"\"\n"
                '        curl -H "Authorization: Bearer \\$API_TOKEN" ${URL}\n    """\n}'
            ),
        ),
        example(
            steps("sh 'docker run -e DATABASE_URL=postgres://web:«hunter2»@db/web $DOCKER_USER/web'"),
            fixed=steps(
                "withCredentials([usernamePassword(credentialsId: 'database-credentials', "
                "usernameVariable: 'DATABASE_USER', passwordVariable: 'DATABASE_PASS')]) {\n"
                '    sh \'docker run -e DATABASE_URL="postgres://$DATABASE_USER:$DATABASE_PASS@db/web" '
                "$DOCKER_USER/web'\n}"
            ),
        ),
        example(
            steps("sh 'PGPASSWORD=«hunter2» psql -c \"select 1\"'"),
            fixed=steps(
                "withCredentials([string(credentialsId: 'pgpassword', variable: 'PGPASSWORD')]) {\n"
                '    sh \'PGPASSWORD="$PGPASSWORD" psql -c "select 1"\'\n}'
            ),
        ),
        example(
            "pipeline {\n    environment {\n        DB_PASSWORD = '«s3cr3t»'\n    }\n}\n",
            fixed="pipeline {\n    environment {\n        DB_PASSWORD = credentials('db-password')\n    }\n}\n",
        ),
        steps("def apiToken = '«f81jf9sk2mzn»'"),
        steps("sh 'mysqladmin ping -h127.0.0.1 -p«hunter2»; mysqladmin ping -h db -p«123456»'"),
        steps("def out = sh(script: 'docker login -u admin -p «secret» nexus:5000', returnStdout: true)"),
        steps("env.ADMIN_PASSWORD = '«admin»'"),
        "pipeline {\n    parameters {\n        string(name: 'DB_PASSWORD', defaultValue: '«s3cr3t!7»')\n    }\n}\n",
        steps("git url: 'https://ci:«p4ssw0rd!»@git.corp/app.git'"),
        steps("remote.password = '«password»'"),
        example(
            steps("sh 'curl -u admin:«password» -T x https://nexus:5000/a'"),
            fixed=steps(NEXUS + " {\n    sh 'curl -u \"$NEXUS_USER:$NEXUS_PASS\" -T x https://nexus:5000/a'\n}"),
        ),
        steps(
            "build job: 'x', parameters: [string(name: 'ADMIN_PASSWORD', value: '«admin»'),\n"
            "    [$class: 'StringParameterValue', value: '«hunter2-Horse»', name: 'API_TOKEN']]"
        ),
        steps(
            "def variables = [ADMIN_PASSWORD: '«admin»', 'DB_PASSWORD': '«hunter2-Horse»']\n"
            "sshCommand remote: [password: '«toor»']"
        ),
        steps(
            "cluster.patchSecret('db', 'SYSTEM_PASSWORD', '«foZGzwBc8KUd»')\n"
            "def currentPass = '«admin»'\nx.adminPass = '«admin»'"
        ),
        "def start(String version, ADMIN_PASSWORD = '«admin»', String dbPassword = '«hunter2-Horse»') {\n"
        "    sh 'x'\n}\nnode {\n}\n",
        steps(
            "properties([parameters([password(name: 'LOGIN', defaultValueAsSecret: Secret.fromString('«admin»'))])])\n"
            "docker.image('mysql').withRun('-e \"MYSQL_ROOT_PASSWORD=«my-secret-pw»\" -p 3306:3306') { }\n"
            "docker.build('web', '--build-arg NPM_TOKEN=«hunter2-Horse» .')"
        ),
        "pipeline {\n    agent {\n        docker {\n            image 'mysql'\n"
        "            args '-e MYSQL_ROOT_PASSWORD=«password»'\n        }\n    }\n"
        "    environment {\n        URL = 'mongodb://root:«example»@db/x'\n    }\n}\n",
        example(
            steps("sh 'docker run -e HTTP_API_TOKEN=«testToken» -e GITHUB_TOKEN=dummy web'"),
            fixed=steps(
                "withCredentials([string(credentialsId: 'http-api-token', variable: 'HTTP_API_TOKEN')]) {\n"
                "    sh 'docker run -e HTTP_API_TOKEN=\"$HTTP_API_TOKEN\" -e GITHUB_TOKEN=dummy web'\n}"
            ),
        ),
        example(
            steps("sh 'helm upgrade x y --set auth.password=«admin»'"),
            fixed=steps(
                "withCredentials([string(credentialsId: 'auth-password', variable: 'AUTH_PASSWORD')]) {\n"
                "    sh 'helm upgrade x y --set auth.password=\"$AUTH_PASSWORD\"'\n}"
            ),
        ),
        example(
            steps('sh """\n    curl -d \'id=x&client_secret=«hunter2-Horse»\' https://sso/token\n"""'),
            fixed=steps(
                "withCredentials([string(credentialsId: 'client-secret', variable: 'CLIENT_SECRET')]) {\n"
                '    sh """\n        curl -d "id=x&client_secret=\\$CLIENT_SECRET" https://sso/token\n    """\n}'
            ),
        ),
        example(
            steps("sh 'DB_PASSWORD=«admin» mvn verify'"),
            fixed=steps(
                "withCredentials([string(credentialsId: 'db-password', variable: 'DB_PASSWORD')]) {\n"
                "    sh 'DB_PASSWORD=\"$DB_PASSWORD\" mvn verify'\n}"
            ),
        ),
        steps("sh 'curl https://api.telegram.org/bot«1103254761:AujOeHwdFcAefAZhnM6Jy8c1rihtYlKNxHd»/getMe'"),
        # No fix: the variable is not known there, and a text in double quotes would have another meaning.
        steps("sh 'ssh ci@host docker login -u ci -p «hunter2-Horse» nexus:5000'"),
        steps("sh 'docker exec db sh -c \"mongosh -u root -p «rootpw»\"'"),
        steps("sh 'kubectl exec -n a db -- redis-cli -a «hunter2» ping'"),
        steps(
            'sh """\n    curl -d \'{"user": "admin", "password": "«hunter2-Horse»"}\' https://grafana/\n'
            '    curl -d "{\\\\"password\\\\": \\\\"«hunter2-Horse»\\\\"}" https://grafana/\n"""'
        ),
        "httpRequest url: u, customHeaders: [[name: 'Authorization', value: 'Bearer «a81jf9sk2mzn»']]\n",
    ],
    good=[
        'httpRequest url: u, customHeaders: [[name: "Authorization", value: "Bearer ${TOKEN}"]]\n',
        "echo 'Bearer authentication'\necho 'token <your-token-1>'\n",
        NEXUS + " {\n    sh 'docker login -u $NEXUS_USER -p $NEXUS_PASS nexus:5000'\n}\n",
        steps('sh \'docker login -u "$USER" -p "$PASS" nexus:5000\'\nsh "mysql --password=${params.DB_PASSWORD}"'),
        steps("sh 'tool --password=<password> --token=changeme-in-jenkins'\nbat 'docker login -u %U% -p %P%'"),
        "pipeline {\n    environment {\n        NEXUS = credentials('nexus-credentials')\n"
        "        DB_PASSWORD_FILE = '/run/s3cr3t'\n    }\n}\n",
        steps(
            "def registryCredential = 'hub-id-1'\ndocker.withRegistry('https://nexus:5000', 'nexus-credentials') { }"
        ),
        steps("def GIT_TOKEN = 'github-token-1'\ngit url: 'https://git/app.git', credentialsId: GIT_TOKEN"),
        "pipeline {\n    parameters {\n        string(name: 'PAT_TAG', defaultValue: 'v2.7.1-dev')\n    }\n}\n",
        steps("sh 'git remote add fork https://bot:GITHUB_TOKEN@github.com/acme/app'"),
        steps("sh 'mysqladmin ping -h127.0.0.1 -P3306 -p123456 -uroot; PGPASSWORD=postgres psql -h localhost'"),
        steps(
            "env.URL = 'http://admin:admin@127.0.0.1:3000'\nsh 'curl -u admin:admin http://localhost:3000/api/health'"
        ),
        steps("sh 'AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE aws s3 ls'\nsh 'docker run -p 8080:80 app'"),
        steps(
            "build job: 'x', parameters: [string(name: 'ADMIN_PASSWORD', value: ADMIN_PASSWORD), "
            "string(name: 'DB_PASSWORD', value: ''), string(name: 'PASSWORD_FIELD', value: 'secret')]"
        ),
        steps(
            "withCredentials([usernamePassword(credentialsId: 'a', usernameVariable: 'U', passwordVariable: 'P')]) { }"
        ),
        steps(
            "def names = [secretEnvVar(key: 'DB_PASSWORD', secretName: 'db', secretKey: 'password')]\n"
            "deploy(password: 'db-password', dbPassword: 'DB_PASS')"
        ),
        steps("sh 'curl -d \"password=admin\" http://localhost:3000/login'\ndocker.image('a').inside('-u root') { }"),
    ],
)
def literal_credential(region: Region, platform: Platform) -> Iterator[Finding]:
    """Password, token or key is hard-coded in the pipeline.

    Everyone who can read the repository or its history can read the secret. Jenkins' credentials store
    passes it only to the steps that need it and masks it in the build log. A secret that was committed
    is exposed: rotate it too. Read are the commands of shell steps, also those that `ssh`, `docker exec` and
    `kubectl exec` run elsewhere, the options of containers, variables, the values and defaults of parameters, and
    entries of maps. A plain word is a warning, or in a command a hint.
    """
    suspicious = region.shell_steps if may_hold_key(region.text) else region.steps_with(HINTS)
    known: Known = {}
    for step in suspicious:
        for leak in leaks(step):
            yield _in_script(leak, Store(platform.registry, platform.credentials), known)
    seen: set[Span] = set()
    for assignment in region.assignments:
        for finding in _assigned(region.file, assignment):
            seen.add(finding.span)
            yield finding
    for call in region.named("password", "withEnv"):
        for finding in _parameter(call):
            seen.add(finding.span)
            yield finding
    for finding in (*_named(region), *_docker_arguments(region)):
        if finding.span not in seen:
            seen.add(finding.span)
            yield finding
    for literal in _suspicious_strings(region):
        for span, severity in _in_string(literal):
            if span not in seen and not any(span.start < one.end and one.start < span.end for one in seen):
                yield Finding(span, "hard-coded secret in a string literal", severity=severity)


def _in_script(leak: Leak, store: Store, known: Known) -> Finding:
    credential = credential_for(leak, store)
    what = "password" if leak.kind != "single" else "secret"
    title = "Use a Jenkins credential"
    if credential is not None:
        ids = list(dict.fromkeys(one.id for one in credentials_of(leak, store, known))) or [credential.id]
        names, plural = ", ".join(f"`{id}`" for id in ids), "" if len(ids) == 1 else "s"
        title = f"Use Jenkins credential{plural} {names} (must exist in Jenkins; rotate the exposed {what}{plural})"
    fix = Fix(title, whole_file_change(leak.step.file, _rebound(leak, store)))
    severity = Severity.HINT if leak.plain else Severity.WARNING if _is_weak(leak) else _severity(leak.text)
    return Finding(leak.span, f"hard-coded {what} in the {_command(leak)}", (fix,), severity)


def _is_weak(leak: Leak | ShellSecret) -> bool:
    """Whether it is the password of a URL that is a plain word or the user's name."""
    text = leak.command.fragment.text if leak.kind == "url" else ""
    return any(one.password == Span(leak.start, leak.end) and is_weak_login(one, text) for one in url_logins(text))


def _severity(text: str) -> Severity | None:
    """Less than an error for the name of a key, a key of a test mode, and one whose check digits do not fit."""
    return Severity.HINT if is_doubtful(text) else Severity.WARNING if is_minor(text) else None


def _rebound(leak: Leak, store: Store) -> Callable[[Jenkinsfile], list[Edit]]:
    def edits(file: Jenkinsfile) -> list[Edit]:
        step = file.call_at(leak.step.file.start + leak.step.name_span.start)
        found = leaks(step) if isinstance(step, ShellStep) else []
        same = next((one for one in found if (one.start, one.end) == (leak.start, leak.end)), None)
        if same is None:
            raise Refused("the step is in text that does not parse")
        return rebound(file, same, store)

    return edits


def _command(leak: Leak) -> str:
    """`docker login` for `docker login -u U -p V`; words of the script other than these two can be secrets."""
    if not leak.command.name:
        return f"`{leak.step.name}` script"
    words = [word.text for word in leak.command.operands[:3]]
    login = [word for word in words if word in ("registry", "login")] if "login" in words else []
    return f"`{' '.join([leak.command.name, *login])}` command"


def _assigned(file: FileView, one: Assignment) -> Iterator[Finding]:
    literal = one.value.string
    if literal is None or literal.value is None:
        return
    severity = _severity(literal.value)
    if not _is_secret(file, one, literal.value):
        if not _is_weak_password(file, one, literal.value):
            return
        severity = Severity.WARNING
    message = f"`{one.name}` is set to a hard-coded secret"
    fixes: tuple[Fix, ...] = ()
    if isinstance(one, EnvironmentEntry):
        id = kebab(one.name)
        title = f"Use Jenkins credential `{id}` (must exist in Jenkins as secret text; rotate the exposed secret)"
        fixes = (Fix(title, _credentials_call(literal, id)),)
    yield Finding(literal.inside, message, fixes, severity)


def _credentials_call(literal: StringLiteral, id: str) -> Callable[[], list[Edit]]:
    return lambda: [Edit(literal.start, literal.end, f"credentials('{id}')")]


def _is_secret(file: FileView, one: Assignment, value: str) -> bool:
    if is_shape(value):
        return True
    if not is_named_secret(one.name, value):
        return False
    if not _PASSWORD_NAME.search(one.name) and _ID.fullmatch(value):
        return False
    # A variable with "cred" in its name, or one that is used as a credentials id, contains an id, not a secret.
    return "cred" not in one.name.lower() and not file.ask(is_credential_id, one.name)


def _is_weak_password(file: FileView, one: Assignment, value: str) -> bool:
    """An entry of `environment`, or of `env`, or another password that is a plain word: the steps really get it."""
    return (
        (isinstance(one, EnvironmentEntry) or one.owner == "env" or _may_be_password(one.name, value))
        and is_configured_secret(one.name, value)
        and "cred" not in one.name.lower()
        and not file.ask(is_credential_id, one.name)
    )


def _may_be_password(name: str, value: str) -> bool:
    """Whether a plain word is a password, and not the name of a credential or variable that contains one."""
    return is_password_name(name) and (is_weak(value) or not (_ID.fullmatch(value) or is_secret_name(value)))


def _named(region: Region) -> Iterator[Finding]:
    """Secrets in `string(name: 'DB_PASSWORD', value: '…')`, in maps, named arguments and default parameters."""
    for one in region.parsed.derived(named_literals):
        literal = one.literal(region)
        value = literal.value
        if value is None or "cred" in one.name.lower() or not is_secret_name(one.name):
            continue
        strong = is_named_secret(one.name, value) and (
            bool(_PASSWORD_NAME.search(one.name)) or not _ID.fullmatch(value)
        )
        weak = one.how != "argument" and _may_be_password(one.name, value) and is_configured_secret(one.name, value)
        if strong or weak:
            severity = _severity(value) if strong else Severity.WARNING
            yield Finding(literal.inside, _given(one.name, one.how), severity=severity)


def _given(name: str, how: str) -> str:
    if how in ("value", "argument", "entry"):
        return f"`{name}` is given a hard-coded secret"
    return f"parameter `{name}` has a hard-coded secret as its default value"


def _docker_arguments(region: Region) -> Iterator[Finding]:
    """Secrets in the options of containers: `withRun('-e MYSQL_ROOT_PASSWORD=…')`, `docker { args '…' }`."""
    found = DisjointSpans()
    for call in region.named(*_DOCKER_ARGUMENTS):
        first = call.positional[1:2] if call.name == "build" else call.positional[:1]
        for argument in (*first, *(one for one in call.arguments if one.name == "args")):
            fragment = argument.string.fragment if argument.string is not None else None
            if fragment is None or "-" not in fragment.text:
                continue
            for secret in secrets_in(docker_options(fragment)):
                span = fragment.span(secret.start, secret.end)
                if found.add(span):
                    weak = secret.plain or _is_weak(secret)
                    severity = Severity.WARNING if weak else _severity(fragment.text[secret.start : secret.end])
                    yield Finding(span, f"hard-coded secret in the arguments of `{call.name}`", severity=severity)


def _parameter(call: Call) -> Iterator[Finding]:
    """Secrets in `password(name: 'LOGIN', defaultValue: '…')` and in the entries of `withEnv`."""
    if call.name != "withEnv":
        name, default = call.value("name"), call.argument("defaultValue") or call.argument("defaultValueAsSecret")
        literals = list(default.strings) if default else []  # `Secret.fromString('…')`
        value = literals[0].value if len(literals) == 1 else None
        # Its type says that it is secret, whatever its name is.
        if name and value and not is_placeholder(value):
            severity = None if is_named_secret(name, value) or may_be_secret(value) else Severity.WARNING
            yield Finding(literals[0].inside, _given(name, "defaultValue"), severity=severity)
    else:
        for item in (item for argument in call.positional for item in argument.items or ()):
            name, _, value = (item.value or "").partition("=")
            strong = is_named_secret(name, value)
            if item.string and value and (strong or is_configured_secret(name, value)):
                end = len(item.value or "")
                span = item.string.fragment.span(end - len(value), end)
                severity = None if strong else Severity.WARNING
                yield Finding(span, f"`withEnv` sets `{name}` to a hard-coded secret", severity=severity)


_HEADER = regex(r"[\"'](?:Bearer|Basic|token)[ ][^\s\"']{8,}[\"']")
# The value of an `Authorization` header: letters and digits, or it is a word of the documentation.
_TOKEN = regex(r"(?:Bearer|Basic|token)[ ](?P<token>(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[\w.~+/=-]{8,})")


def _suspicious_strings(region: Region) -> Iterator[StringLiteral]:
    """Strings other than scripts that can contain a provider's key or a URL with a password."""
    text = region.text
    offsets = [match.start() for match in re.finditer(r"://[^\s'\"@]{0,300}@", text)]
    offsets += [match.start() + 1 for match in _HEADER.finditer(text)]
    if may_hold_key(text):
        offsets += (span.start for span in shapes(text))
    literals = {literal.start: literal for offset in offsets if (literal := region.string_around(offset)) is not None}
    scripts = {step.script.start for step in region.shell_steps if step.script is not None} if literals else ()
    for start in sorted(literals):
        if start not in scripts:
            yield literals[start]


def _in_string(literal: StringLiteral) -> Iterator[tuple[Span, Severity | None]]:
    """The spans of secrets with their severities."""
    fragment = literal.fragment
    for login in url_logins(fragment.text, documented=False):
        if not is_throwaway(login, fragment.text):
            weak = Severity.WARNING if is_weak_login(login, fragment.text) else None
            yield fragment.span(login.password.start, login.password.end), weak
    header = _TOKEN.fullmatch(fragment.text)
    if header is not None and not literal.holes and not is_placeholder(header["token"]):
        yield fragment.span(header.start("token"), header.end("token")), None
        return
    for span in shapes(fragment.text):
        if not fragment.holds_hole(span.start, span.end):
            yield fragment.span(span.start, span.end), _severity(fragment.text[span.start : span.end])
