from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import KanikoBuild
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.kaniko import kaniko_builds, lacks_secret_mounts
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.parts import (
    Argument,
    Assigning,
    Cmd,
    Entrypoint,
    Environment,
    Healthcheck,
    Instruction,
    Label,
    Pair,
    Run,
    ShellForm,
    Transfer,
)
from playpen_ls.languages.shell.secrets import HINTS, ShellSecret, secrets_in
from playpen_ls.rules.dockerfile.secret_in_image import files as secret_files
from playpen_ls.rules.dockerfile.secret_in_image import key_files
from playpen_ls.rules.dockerfile.secret_in_image import mounts as build_secrets
from playpen_ls.rules.dockerfile.secret_in_image.written import written
from playpen_ls.text.span import DisjointSpans, Span
from playpen_ls.vocabulary import secrets
from playpen_ls.vocabulary.names import kebab
from playpen_ls.vocabulary.secret_lines import secrets_in_lines
from playpen_ls.vocabulary.secret_shapes import is_doubtful, is_minor, may_hold_key, shapes


@rule(
    severity=Severity.ERROR,
    practice="Secrets management",
    needs_index=False,
    masks_text=True,
    like={"hadolint": ["DL3064"], "docker": ["SecretsUsedInArgOrEnv"]},
    bad=[
        "FROM debian:12\nENV API_TOKEN=«tk_0f1e2d3c4b5a6978»\n",
        'FROM debian:12\nENV APP=x \\\n    DB_PASSWORD="«hunter2-Horse»"\n',
        "FROM debian:12\nENV DB_PASSWORD «hunter2-Horse»\n",
        "FROM debian:12\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\n",
        example(
            "FROM debian:12\n# for npm\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\n"
            "RUN --network=host npm ci \\\n  && echo $NPM_TOKEN\nRUN make\n",
            fixed="FROM debian:12\n# for npm\nRUN --mount=type=secret,id=npm-token,env=NPM_TOKEN,required=true"
            " --network=host npm ci \\\n  && echo $NPM_TOKEN\nRUN make\n",
        ),
        "FROM debian:12\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\nENV T=$NPM_TOKEN\nRUN echo $NPM_TOKEN\n",
        "# syntax=docker/dockerfile:1.4\nFROM debian:12\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\nRUN echo $NPM_TOKEN\n",
        "FROM debian:12\nENV DATABASE_URL=postgresql://app:«s3cr3t-9f8e»@db/app\n",
        "FROM debian:12\nENV KEY=«AKIAQYLPMN5HFIQR7XYA»\n",
        example(
            "FROM debian:12\nRUN docker login -u admin -p «admin123» nexus:5000\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=docker-password,required=true docker login -u admin"
            ' -p "$(cat /run/secrets/docker-password)" nexus:5000\n',
        ),
        "FROM debian:12\nUSER app\nRUN docker login -u admin -p «admin123» nexus:5000\n",
        "FROM debian:12\nRUN bash -c 'docker login -u admin -p «admin123» nexus:5000'\n",
        example(
            "FROM debian:12\nRUN echo «hunter2-Horse» | docker login -u me --password-stdin\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=docker-password,required=true"
            ' echo "$(cat /run/secrets/docker-password)" | docker login -u me --password-stdin\n',
        ),
        example(
            "FROM debian:12\nRUN apt-get update \\\n    && curl -fsSL -u me:«hunter2-Horse» https://example.com/a\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=curl-password,required=true apt-get update \\\n"
            '    && curl -fsSL -u me:"$(cat /run/secrets/curl-password)" https://example.com/a\n',
        ),
        example(
            "FROM debian:12\nRUN pip install --index-url https://me:«hunter2-Horse»@nexus/simple flask\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=pip-password,required=true"
            ' pip install --index-url https://me:"$(cat /run/secrets/pip-password)"@nexus/simple flask\n',
        ),
        example(
            "FROM debian:12\nRUN git clone https://oauth2:«glpat-abcdefghij0123456789»@git.io/a\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=git-password,required=true"
            ' git clone https://oauth2:"$(cat /run/secrets/git-password)"@git.io/a\n',
        ),
        example(
            "from debian:12\nrun NPM_TOKEN=«npm9f8e7d6c5b4a» npm ci",
            fixed="from debian:12\nrun --mount=type=secret,id=npm-token,required=true"
            ' NPM_TOKEN="$(cat /run/secrets/npm-token)" npm ci',
        ),
        example(
            'FROM debian:12\nRUN echo "//registry.npmjs.org/:_authToken=«npm9f8e7d6c5b4a»" > .npmrc && npm ci'
            " && rm .npmrc\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=npm-password,required=true"
            ' echo "//registry.npmjs.org/:_authToken=$(cat /run/secrets/npm-password)" > .npmrc && npm ci'
            " && rm .npmrc\n",
        ),
        # The fix would leave it in the file.
        'FROM debian:12\nRUN echo "//registry.npmjs.org/:_authToken=«npm9f8e7d6c5b4a»" > .npmrc\n',
        'FROM debian:12\nRUN --mount=type=secret,id=t echo "t=$(cat /run/secrets/t)" | tee -a «/etc/conf»\n',
        'FROM node:20\nRUN --mount=type=secret,id=t,env=T npm config set //r/:_authToken «"$T"» && npm ci\n',
        'FROM debian:12\nRUN --mount=type=secret,id=t,env=T git config --global «url."https://$T@git.io/".insteadOf»'
        " https://git.io/ && git clone https://git.io/a\n",
        "FROM debian:12\nRUN <<EOF\nexport API_TOKEN=«tk_0f1e2d3c4b5a6978»\nEOF\n",
        'FROM debian:12\nENTRYPOINT ["app", "--password=«hunter2-Horse»"]\n',
        "FROM debian:12\nCMD app --db postgres://app:«hunter2-Horse»@db/x\n",
        "FROM debian:12\nHEALTHCHECK CMD curl -u admin:«hunter2-Horse» http://localhost/\n",
        "FROM debian:12\nADD https://me:«hunter2-Horse»@h/x /x\n",
        'FROM debian:12\nLABEL token="«glpat-x7Yq2LmZ9wKt4RbN8cVd»"\n',
        "FROM debian:12\nENV POSTGRES_PASSWORD=«postgres»\n",
        "FROM debian:12\nCOPY <<EOF /app/.env\nDB_PASSWORD=«hunter2-Horse»\nDEBUG=1\nEOF\n",
        "FROM debian:12\nCOPY <<EOF /root/.ssh/id_rsa\n«-----BEGIN RSA PRIVATE KEY-----»\nMIIBOgIBAAJBAKj34Gkx\nEOF\n",
        example(
            "FROM debian:12\nRUN mysql -u root -p«Tiger-4471» -e x\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=mysql-password,required=true mysql -u root"
            ' -p"$(cat /run/secrets/mysql-password)" -e x\n',
        ),
        example(
            "FROM debian:12\nRUN echo root:«Zebra-9912» | chpasswd\n",
            fixed="FROM debian:12\nRUN --mount=type=secret,id=echo-password,required=true"
            ' echo root:"$(cat /run/secrets/echo-password)" | chpasswd\n',
        ),
        "FROM debian:12\nCOPY «credentials.json» «conf/service-account.json» /app/\n",
        "FROM debian:12\nCOPY «.env» /app/\n",
        {"Dockerfile": "FROM debian:12\nCOPY «.env» /app/\n", ".env.example": "DB_PASSWORD=\n"},
        example(
            {
                "Dockerfile": "FROM node:20\nWORKDIR /app\nCOPY package.json «.npmrc» ./\n"
                "RUN npm ci \\\n    && rm -f .npmrc\nRUN npm run build\n",
                ".npmrc": "//r/:_authToken=abc\n",
            },
            fixed="FROM node:20\nWORKDIR /app\nCOPY package.json ./\n"
            "RUN --mount=type=secret,id=npmrc,target=/app/.npmrc,required=true npm ci\n"
            "RUN --mount=type=secret,id=npmrc,target=/app/.npmrc,required=true npm run build\n",
        ),
        example(
            "FROM debian:12\n# for the private modules\nCOPY --chmod=600 «keys/id_rsa» /root/.ssh/id_rsa\n"
            "RUN git clone git@h:a/b.git\nUSER app\n",
            fixed="FROM debian:12\n# for the private modules\n"
            "RUN --mount=type=secret,id=id-rsa,target=/root/.ssh/id_rsa,required=true git clone git@h:a/b.git\n"
            "USER app\n",
        ),
        example(
            "from debian:12\ncopy «.env» /app/\nrun . /app/.env && make",
            fixed="from debian:12\nrun --mount=type=secret,id=env,target=/app/.env,required=true . /app/.env && make",
        ),
        # `.dockerignore` excludes the file from the other copy.
        example(
            {
                "Dockerfile": "FROM debian:12\nWORKDIR /app\nCOPY «.netrc» .\nRUN git clone https://h/a\nCOPY . .\n",
                ".dockerignore": ".netrc\n",
            },
            fixed="FROM debian:12\nWORKDIR /app\n"
            "RUN --mount=type=secret,id=netrc,target=/app/.netrc,required=true git clone https://h/a\nCOPY . .\n",
        ),
        # The container reads the file at run time, a command changes it, or another copy provides it too.
        "FROM debian:12\nCOPY «.env» /app/\nRUN make\nCMD . /app/.env && serve\n",
        "FROM debian:12\nCOPY «id_rsa» /root/.ssh/\nRUN chmod 600 /root/.ssh/id_rsa && git clone git@h:a/b.git\n",
        "FROM debian:12\nWORKDIR /app\nCOPY «.netrc» .\nCOPY . .\nRUN git clone https://h/a\n",
        "FROM debian:12\nWORKDIR /app\nCOPY «.netrc» .\nUSER app\nRUN git clone https://h/a\n",
        "FROM debian:12 AS b\nCOPY «.netrc» /app/\nRUN git clone https://h/a\n"
        "FROM debian:12\nCOPY --from=b /app /app\n",
        "FROM debian:12\nCOPY --chown=1:1 app.py «keys/id_rsa» «tls/server.key» /root/\n",
        'FROM debian:12\nADD [«".env.production"», "/"]\n',
        example(
            "FROM debian:12\nARG «NPM_TOKEN»\nRUN echo $NPM_TOKEN > «/token»\n",
            fixed="FROM debian:12\n"
            "RUN --mount=type=secret,id=npm-token,env=NPM_TOKEN,required=true echo $NPM_TOKEN > «/token»\n",
        ),
        {"Dockerfile": "FROM debian:12\nCOPY «.npmrc» ./\n", ".npmrc": "//r/:_authToken=abc\n"},
        # The executor ignores secret mounts.
        example(
            {
                "Dockerfile": "FROM debian:12\nARG «NPM_TOKEN»\nRUN echo $NPM_TOKEN > «/token»\n",
                "Jenkinsfile": "node { sh '/kaniko/executor --context . --destination nexus:5000/a:1' }\n",
            }
        ),
    ],
    good=[
        "FROM node:20\nRUN --mount=type=secret,id=api-token API_TOKEN=$(cat /run/secrets/api-token) npm ci\n",
        "FROM debian:12\nENV DB_PASSWORD=\n",
        "FROM debian:12\nARG TOKEN\nENV API_TOKEN=$TOKEN\n",
        "FROM debian:12\nENV DB_PASSWORD=changeme\n",
        "FROM debian:12\nENV DB_PASSWORD_FILE=/run/secrets/db\nENV TOKEN_URL=https://a/b\nENV AWS_ACCESS_KEY_ID=app\n",
        "FROM debian:12\nENV DATABASE_URL=postgresql://user:pass@host/db\n",
        "FROM debian:12\nRUN docker login -u $NEXUS_USER -p $NEXUS_PASS nexus:5000\n",
        "FROM debian:12\nRUN curl -u $USER:$PASS https://example.com\n",
        "FROM debian:12\nRUN echo 'RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]' > /a.conf\n",
        "FROM debian:12\nENV PASSWORD_HASHING=bcrypt2 AUTH_TOKEN=<token>\nLABEL maintainer_token=x1y2z3\n",
        "FROM debian:12\nCOPY <<EOF /app/.env\nDB_PASSWORD=${DB_PASSWORD}\nEOF\nRUN echo root:$PW | chpasswd\n",
        "FROM debian:12\nCOPY .env.example .env\nCOPY id_rsa.pub ca.pem server.crt /certs/\n",
        {"Dockerfile": "FROM debian:12\nCOPY .env /app/\n", ".env": "PORT=80\nDB_URL=postgres://db/app\n"},
        {"Dockerfile": "FROM debian:12\nCOPY .env /app/\n", ".env.example": "VITE_MAP_TOKEN=\nVITE_URL=\n"},
        "FROM debian:12\nCOPY --from=build /app/.env /app/\n",
        "FROM debian:12 AS build\nARG NPM_TOKEN\nRUN echo $NPM_TOKEN\nFROM debian:12\n",
        "FROM debian:12\nARG NPM_TOKEN\nRUN npm ci\n",
        'FROM debian:12\nRUN --mount=type=secret,id=npm-token,env=NPM_TOKEN echo "t=$NPM_TOKEN" > .npmrc && npm ci'
        " && rm -f .npmrc\nRUN --mount=type=secret,id=a echo 't=$(cat /run/secrets/a)' > f\n"
        "RUN --mount=type=tmpfs,target=/t --mount=type=secret,id=a echo $(cat /run/secrets/a) | tee /t/f > /dev/null\n",
        "FROM node:20\nRUN --mount=type=secret,id=t,env=T npm config set //r/:_authToken $T && npm ci"
        " && npm config delete //r/:_authToken\n"
        "RUN --mount=type=secret,id=t,env=T npm config set //r/:_authToken '${T}' && npm ci\n"
        "RUN --mount=type=secret,id=t,env=T npm set //r/:_authToken $T && npm ci && rm ~/.npmrc\n"
        "RUN --mount=type=secret,id=t,env=T git config --global user.name x && echo $T\n",
        {
            "Dockerfile": "FROM debian:12\nCOPY .npmrc ./\n",
            ".npmrc": "registry=https://nexus/\n//r/:_authToken=${NPM_TOKEN}\n",
        },
        "FROM debian:12\nCOPY .npmrc ca/proxy.pem ./\n",
        "FROM debian:12\nCOPY jenkins.io.key /war/jenkins-key.pub\n",
        {"Dockerfile": "FROM debian:12\nCOPY a.key /keys/\n", "a.key": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"},
        "FROM debian:12\nENV TOKENIZERS_PARALLELISM=false\nENV DB_PASS=**None**\nENV SECRET_KEY=!!!REPLACE-ME-1u9!!!\n",
    ],
)
def secret_in_image(
    instruction: Run | Cmd | Entrypoint | Healthcheck | Environment | Argument | Label | Transfer,
    files: Files,
    builds: Facts[KanikoBuild],
) -> Iterator[Finding]:
    """Secret is stored in an image layer or in the image history.

    Everyone who can pull the image can read the secret: `docker history` prints `ENV`, `ARG` and `RUN`,
    and a copied file stays in its layer even if a later layer deletes it. Layers of earlier stages are
    not part of the final image, but stay in the build cache. Pass secrets to a build with
    `RUN --mount=type=secret`, and to a container at startup. A build argument without a default is a
    hint if a `RUN` of the final stage uses it. Values from variables, placeholders and example files
    are not reported. A secret that a `RUN` writes into a file, also with `npm config set` or `git config`, stays in its
    layer, unless the same `RUN` removes it. No fix is offered where Kaniko builds the Dockerfile in a version
    that is not known to support secret mounts.
    """
    for found in _secrets(instruction, files):
        executors = (executor for _, executor in kaniko_builds(instruction.file.path, builds, files))
        yield replace(found, fixes=()) if found.fixes and lacks_secret_mounts(executors) else found


def _secrets(instruction: Instruction, files: Files) -> Iterator[Finding]:
    mentions = instruction.syntax.mentions
    if isinstance(instruction, Run):
        yield from _run(instruction)
        yield from _into_files(instruction)
    elif isinstance(instruction, Transfer):
        if mentions(instruction.logical, key_files.HINTS):
            yield from _copied(instruction, files)
        yield from _written(instruction)
    elif isinstance(instruction, ShellForm):
        yield from _started(instruction)
    elif isinstance(instruction, Assigning):
        yield from _assigned(instruction)


def _run(instruction: Run) -> Iterator[Finding]:
    for span, secret in _in_commands(instruction):
        id = build_secrets.secret_id(secret.label)
        change = partial(build_secrets.reading_edits, instruction, span, id)
        title = f"Replace the value with build secret `{id}` (`docker build --secret id={id},src=…`)"
        message = f"hard-coded secret in {secret.label}; `RUN` commands are recorded in the image history"
        yield Finding(span, message, (Fix(title, change),), _severity_in_command(instruction, span, secret))


def _into_files(instruction: Run) -> Iterator[Finding]:
    for span, secret, file in written(instruction):
        message = f"secret `{secret}` is written into `{file}`, which stays in the image layer"
        yield Finding(span, message, severity=Severity.WARNING, printable=True)


def _started(instruction: ShellForm) -> Iterator[Finding]:
    """Secrets in the commands of CMD, ENTRYPOINT and HEALTHCHECK, which are part of the image's configuration."""
    for span, secret in _in_commands(instruction):
        what = f"`{instruction.keyword}` is recorded in the image's configuration"
        yield Finding(
            span,
            f"hard-coded secret in {secret.label}; {what}",
            severity=_severity_in_command(instruction, span, secret),
        )


def _in_commands(instruction: ShellForm) -> Iterator[tuple[Span, ShellSecret]]:
    text = instruction.whole_text
    if not instruction.syntax.mentions(text, HINTS) and not may_hold_key(text):
        return
    found = DisjointSpans()
    for secret in secrets_in(instruction.commands):
        span = secret.word.fragment.span(secret.start, secret.end)
        if found.add(span):
            yield span, secret


def _severity_in_command(instruction: Instruction, span: Span, secret: ShellSecret) -> Severity | None:
    return Severity.WARNING if secret.plain else _severity(instruction, span)


def _severity(instruction: Instruction, span: Span) -> Severity | None:
    """Less than an error for the name of a key, a key of a test mode, and one whose check digits do not fit."""
    text = instruction.source.of(span)
    return Severity.HINT if is_doubtful(text) else Severity.WARNING if is_minor(text) else None


def _copied(instruction: Transfer, files: Files) -> Iterator[Finding]:
    contexts = {posixpath.dirname(instruction.file.path), ""}
    public = instruction.destination is not None and instruction.destination.text.endswith((".pub", ".crt", ".asc"))
    for source in instruction.sources if instruction.origin is None and not public else ():
        certain = key_files.contains_secrets(source.text, contexts, files)
        if certain is not False:
            name, id = posixpath.basename(source.text), secret_files.secret_id(source)
            title = f"Mount `{name}` as build secret `{id}` (`docker build --secret id={id},src={source.text}`)"
            fix = Fix(title, partial(secret_files.mounted_edits, instruction, source, files))
            message = f"secret file `{name}` is copied into an image layer"
            if not certain:
                message = f"`{name}` is copied into an image layer; it may hold a private key"
            yield Finding(source.span, message, (fix,), None if certain else Severity.HINT, printable=True)


def _written(instruction: Transfer) -> Iterator[Finding]:
    """Secrets in the text of `COPY <<EOF` and in the URL of `ADD https://…`."""
    text = instruction.syntax.text
    for heredoc in instruction.heredocs:
        body = text[heredoc.body.start : heredoc.body.end]
        for found, plain, _ in secrets_in_lines(body):
            span = found.shifted(heredoc.body.start)
            severity = Severity.WARNING if plain else _severity(instruction, span)
            yield Finding(span, f"hard-coded secret in a file of `{instruction.keyword}`", severity=severity)
    for source in instruction.sources if instruction.keyword.upper() == "ADD" else ():
        for login in secrets.url_logins(source.text):
            exact = source.span.end - source.span.start == len(source.text)
            span = login.password.shifted(source.span.start) if exact else source.span
            yield Finding(span, f"hard-coded secret in a URL of `{instruction.keyword}`")


def _assigned(instruction: Assigning) -> Iterator[Finding]:
    for pair in instruction.pairs:
        if pair.value is None:
            if _is_used_secret(instruction, pair):
                message = f"value of build argument `{pair.name}` is recorded in the image history"
                yield Finding(pair.name_span, message, (_mounted(instruction, pair),), Severity.HINT, printable=True)
        elif (
            not isinstance(instruction, Label)
            and secrets.is_named_secret(pair.name, pair.value)
            and not re.search(r"[$`]", pair.value)
        ):
            fix, severity = _mounted(instruction, pair), _severity(instruction, pair.value_span)
            yield Finding(pair.value_span, _hard_coded(instruction, pair), (fix,), severity)
        else:
            spans = list(_in_value(pair.value))
            for span in spans:
                place = _place(instruction, pair, span)
                logins = secrets.url_logins(pair.value, documented=False)
                weak = any(one.password == span and secrets.is_weak_login(one, pair.value) for one in logins)
                severity = Severity.WARNING if weak else _severity(instruction, place)
                yield Finding(place, _hard_coded(instruction, pair), severity=severity)
            alone = not spans and not isinstance(instruction, Label)
            if alone and secrets.is_configured_secret(pair.name, pair.value):
                used = "the container is started" if isinstance(instruction, Environment) else "the image is built"
                message = f"weak password in `{instruction.keyword} {pair.name}`; {used} with it"
                yield Finding(pair.value_span, message, (_mounted(instruction, pair),), Severity.WARNING)


def _hard_coded(instruction: Assigning, pair: Pair) -> str:
    keyword = instruction.keyword
    return f"hard-coded secret in `{keyword} {pair.name}`; `{keyword}` values are recorded in the image history"


def _mounted(instruction: Assigning, pair: Pair) -> Fix:
    id = kebab(pair.name)
    title = f"Mount `{pair.name}` as build secret `{id}` (`docker build --secret id={id},env={pair.name}`)"
    return Fix(title, partial(build_secrets.argument_edits, instruction, pair))


def _in_value(value: str) -> Iterator[Span]:
    yield from shapes(value)
    for login in secrets.url_logins(value, documented=False):
        if "$" not in value[login.password.start : login.password.end] and not secrets.is_throwaway(login, value):
            yield login.password


def _place(instruction: Assigning, pair: Pair, span: Span) -> Span:
    """The span of the secret in the value; of the whole value if quotes or line continuations hide its offset."""
    start = pair.value_span.start
    if instruction.source.of(pair.value_span) == pair.value:
        return Span(start + span.start, start + span.end)
    return pair.value_span


def _is_used_secret(instruction: Assigning, pair: Pair) -> bool:
    """A build argument that is named like a secret and used by a RUN of the final stage."""
    stage = stage_of(instruction)
    if stage is None or not secrets.is_secret_name(pair.name) or not stage.final:
        return False
    use = re.compile(rf"\$\{{?{re.escape(pair.name)}\b")
    return any(isinstance(one, Run) and use.search(one.whole_text) for one in stage.instructions)
