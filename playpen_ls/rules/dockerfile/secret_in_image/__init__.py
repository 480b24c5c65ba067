from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Argument, Assigning, Environment, Pair, Run, Transfer
from playpen_ls.rules.dockerfile.secret_in_image import files as secret_files
from playpen_ls.rules.dockerfile.secret_in_image import key_files, logins
from playpen_ls.rules.dockerfile.secret_in_image import mounts as build_secrets
from playpen_ls.text.span import Span
from playpen_ls.vocabulary import secrets
from playpen_ls.vocabulary.names import kebab

# Pieces of the names and values that `vocabulary.secrets` takes for secrets, for a quick look.
_NAMES = (*logins.HINTS, "pas", "key", "pat", "cred", "://")


@rule(
    severity=Severity.ERROR,
    practice="Secrets management",
    secret=True,
    like={"hadolint": ["DL3064"], "docker": ["SecretsUsedInArgOrEnv"]},
    bad=[
        "FROM a\nENV API_TOKEN=«tk_0f1e2d3c4b5a6978»\n",
        'FROM a\nENV APP=x \\\n    DB_PASSWORD="«hunter2-Horse»"\n',
        "FROM a\nENV DB_PASSWORD «hunter2-Horse»\n",
        "FROM a\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\n",
        example(
            "FROM a\n# for npm\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\n"
            "RUN --network=host npm ci \\\n  && echo $NPM_TOKEN\nRUN x\n",
            fixed="FROM a\n# for npm\nRUN --mount=type=secret,id=npm-token,env=NPM_TOKEN,required=true"
            " --network=host npm ci \\\n  && echo $NPM_TOKEN\nRUN x\n",
        ),
        "FROM a\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\nENV T=$NPM_TOKEN\nRUN echo $NPM_TOKEN\n",
        "# syntax=docker/dockerfile:1.4\nFROM a\nARG NPM_TOKEN=«npm9f8e7d6c5b4a»\nRUN echo $NPM_TOKEN\n",
        "FROM a\nENV DATABASE_URL=postgresql://app:«s3cr3t-9f8e»@db/app\n",
        "FROM a\nENV KEY=«AKIAQYLPMN5HFIQR7XYA»\n",
        example(
            "FROM a\nRUN docker login -u admin -p «admin123» nexus:5000\n",
            fixed="FROM a\nRUN --mount=type=secret,id=docker-password,required=true docker login -u admin"
            ' -p "$(cat /run/secrets/docker-password)" nexus:5000\n',
        ),
        "FROM a\nUSER app\nRUN docker login -u admin -p «admin123» nexus:5000\n",
        "FROM a\nRUN bash -c 'docker login -u admin -p «admin123» nexus:5000'\n",
        example(
            "FROM a\nRUN echo «hunter2-Horse» | docker login -u me --password-stdin\n",
            fixed="FROM a\nRUN --mount=type=secret,id=docker-password,required=true"
            ' echo "$(cat /run/secrets/docker-password)" | docker login -u me --password-stdin\n',
        ),
        example(
            "FROM a\nRUN apt-get update \\\n    && curl -fsSL -u me:«hunter2-Horse» https://x.io/a\n",
            fixed="FROM a\nRUN --mount=type=secret,id=curl-password,required=true apt-get update \\\n"
            '    && curl -fsSL -u me:"$(cat /run/secrets/curl-password)" https://x.io/a\n',
        ),
        example(
            "FROM a\nRUN pip install --index-url https://me:«hunter2-Horse»@nexus/simple flask\n",
            fixed="FROM a\nRUN --mount=type=secret,id=pip-password,required=true"
            ' pip install --index-url https://me:"$(cat /run/secrets/pip-password)"@nexus/simple flask\n',
        ),
        example(
            "FROM a\nRUN git clone https://oauth2:«glpat-abcdefghij0123456789»@git.io/a\n",
            fixed="FROM a\nRUN --mount=type=secret,id=git-password,required=true"
            ' git clone https://oauth2:"$(cat /run/secrets/git-password)"@git.io/a\n',
        ),
        example(
            "from a\nrun NPM_TOKEN=«npm9f8e7d6c5b4a» npm ci",
            fixed="from a\nrun --mount=type=secret,id=npm-token,required=true"
            ' NPM_TOKEN="$(cat /run/secrets/npm-token)" npm ci',
        ),
        example(
            'FROM a\nRUN echo "//registry.npmjs.org/:_authToken=«npm9f8e7d6c5b4a»" > .npmrc\n',
            fixed="FROM a\nRUN --mount=type=secret,id=npm-password,required=true"
            ' echo "//registry.npmjs.org/:_authToken=$(cat /run/secrets/npm-password)" > .npmrc\n',
        ),
        "FROM a\nRUN <<EOF\nexport API_TOKEN=«tk_0f1e2d3c4b5a6978»\nEOF\n",
        "FROM a\nCOPY «.env» /app/\n",
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
            "FROM a\n# for the private modules\nCOPY --chmod=600 «keys/id_rsa» /root/.ssh/id_rsa\n"
            "RUN git clone git@h:a/b.git\nUSER app\n",
            fixed="FROM a\n# for the private modules\n"
            "RUN --mount=type=secret,id=id-rsa,target=/root/.ssh/id_rsa,required=true git clone git@h:a/b.git\n"
            "USER app\n",
        ),
        example(
            "from a\ncopy «.env» /app/\nrun . /app/.env && make",
            fixed="from a\nrun --mount=type=secret,id=env,target=/app/.env,required=true . /app/.env && make",
        ),
        # The ignore file keeps it out of the other copy.
        example(
            {
                "Dockerfile": "FROM a\nWORKDIR /app\nCOPY «.netrc» .\nRUN git clone https://h/a\nCOPY . .\n",
                ".dockerignore": ".netrc\n",
            },
            fixed="FROM a\nWORKDIR /app\n"
            "RUN --mount=type=secret,id=netrc,target=/app/.netrc,required=true git clone https://h/a\nCOPY . .\n",
        ),
        # What the container reads when it runs, what is changed, what comes in another way too.
        "FROM a\nCOPY «.env» /app/\nRUN make\nCMD . /app/.env && serve\n",
        "FROM a\nCOPY «id_rsa» /root/.ssh/\nRUN chmod 600 /root/.ssh/id_rsa && git clone git@h:a/b.git\n",
        "FROM a\nWORKDIR /app\nCOPY «.netrc» .\nCOPY . .\nRUN git clone https://h/a\n",
        "FROM a\nWORKDIR /app\nCOPY «.netrc» .\nUSER app\nRUN git clone https://h/a\n",
        "FROM a AS b\nCOPY «.netrc» /app/\nRUN git clone https://h/a\nFROM a\nCOPY --from=b /app /app\n",
        "FROM a\nCOPY --chown=1:1 app.py «keys/id_rsa» «tls/server.key» /root/\n",
        'FROM a\nADD [«".env.production"», "/"]\n',
        example(
            "FROM a\nARG «NPM_TOKEN»\nRUN echo $NPM_TOKEN > /x\n",
            fixed="FROM a\nRUN --mount=type=secret,id=npm-token,env=NPM_TOKEN,required=true echo $NPM_TOKEN > /x\n",
        ),
        {"Dockerfile": "FROM a\nCOPY «.npmrc» ./\n", ".npmrc": "//r/:_authToken=abc\n"},
    ],
    good=[
        "FROM a\nENV DB_PASSWORD=\n",
        "FROM a\nARG TOKEN\nENV API_TOKEN=$TOKEN\n",
        "FROM a\nENV DB_PASSWORD=changeme\n",
        "FROM a\nENV DB_PASSWORD_FILE=/run/secrets/db\nENV TOKEN_URL=https://a/b\nENV AWS_ACCESS_KEY_ID=x\n",
        "FROM a\nENV DATABASE_URL=postgresql://user:pass@host/db\n",
        "FROM a\nRUN --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) npm ci\n",
        "FROM a\nRUN docker login -u $NEXUS_USER -p $NEXUS_PASS nexus:5000\n",
        "FROM a\nRUN curl -u $USER:$PASS https://x.io\n",
        "FROM a\nRUN echo 'RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]' > /a.conf\n",
        "FROM a\nCOPY .env.example .env\nCOPY id_rsa.pub ca.pem server.crt /x/\n",
        "FROM a\nCOPY --from=build /app/.env /app/\n",
        "FROM a AS build\nARG NPM_TOKEN\nRUN echo $NPM_TOKEN\nFROM a\n",
        "FROM a\nARG NPM_TOKEN\nRUN npm ci\n",
        {"Dockerfile": "FROM a\nCOPY .npmrc ./\n", ".npmrc": "registry=https://nexus/\n//r/:_authToken=${NPM_TOKEN}\n"},
        "FROM a\nCOPY .npmrc ca/proxy.pem ./\n",
        "FROM a\nCOPY jenkins.io.key /war/jenkins-key.pub\n",
        {"Dockerfile": "FROM a\nCOPY a.key /x/\n", "a.key": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"},
        "FROM a\nENV TOKENIZERS_PARALLELISM=false\nENV DB_PASS=**None**\nENV SECRET_KEY=!!!REPLACE-ME-1u9!!!\n",
    ],
)
def secret_in_image(instruction: Run | Environment | Argument | Transfer, files: Files) -> Iterator[Finding]:
    """A secret is written into the image.

    Everyone who can pull the image can read it: `docker history` prints ENV, ARG and RUN, and a
    copied file stays in its layer even if a later one deletes it. Give secrets to a build with
    `RUN --mount=type=secret`, and to a container when it starts. Silent for variables, for
    placeholders, and for example files.
    """
    mentions = (instruction.stage or instruction.document).mentions
    if isinstance(instruction, Run):
        if mentions(instruction.whole_text, logins.HINTS):
            for span, user in logins.literal_secrets(instruction.commands):
                id = build_secrets.secret_id(user)
                change = partial(build_secrets.reading_edits, instruction, span, id)
                fix = Fix(f"Read it from the build secret `{id}` (`docker build --secret id={id},src=…`)", change)
                yield Finding(span, f"a secret of {user} stands in the image's history", (fix,))
    elif isinstance(instruction, Transfer):
        if mentions(instruction.logical, key_files.HINTS):
            yield from _copied(instruction, files)
    elif mentions(instruction.logical, _NAMES):
        yield from _assigned(instruction)


def _copied(instruction: Transfer, files: Files) -> Iterator[Finding]:
    contexts = {posixpath.dirname(instruction.document.source.path), ""}
    public = instruction.destination is not None and instruction.destination.text.endswith((".pub", ".crt", ".asc"))
    for source in instruction.sources if instruction.origin is None and not public else ():
        if key_files.holds_secrets(source.text, contexts, files):
            name, id = posixpath.basename(source.text), secret_files.secret_id(source)
            title = (
                f"Give `{name}` to `RUN` as the build secret `{id}` (`docker build --secret id={id},src={source.text}`)"
            )
            fix = Fix(title, partial(secret_files.mounted_edits, instruction, source, files))
            yield Finding(source.span, f"`{name}` holds secrets, and the image keeps it", (fix,), printable=True)


def _assigned(instruction: Assigning) -> Iterator[Finding]:
    for pair in instruction.pairs:
        if pair.value is None:
            if _is_used_secret(instruction, pair):
                message = f"the value of `{pair.name}` stays in the image's history"
                yield Finding(pair.name_span, message, (_mounted(instruction, pair),), Severity.HINT, printable=True)
        elif secrets.is_named_secret(pair.name, pair.value) and not re.search(r"[$`]", pair.value):
            fix = _mounted(instruction, pair)
            yield Finding(pair.value_span, f"the secret `{pair.name}` is written into the image", (fix,))
        else:
            for span in _in_value(pair.value):
                yield Finding(_place(instruction, pair, span), f"`{pair.name}` holds a secret, written into the image")


def _mounted(instruction: Assigning, pair: Pair) -> Fix:
    id = kebab(pair.name)
    title = f"Give `{pair.name}` to `RUN` as the build secret `{id}` (`docker build --secret id={id},env={pair.name}`)"
    return Fix(title, partial(build_secrets.argument_edits, instruction, pair))


def _in_value(value: str) -> Iterator[Span]:
    yield from secrets.shapes(value)
    for login in secrets.url_logins(value):
        if "$" not in value[login.password.start : login.password.end]:
            yield login.password


def _place(instruction: Assigning, pair: Pair, span: Span) -> Span:
    """The part of the value, or all of it where quotes or joined lines hide which that is."""
    start = pair.value_span.start
    if instruction.document.source.of(pair.value_span) == pair.value:
        return Span(start + span.start, start + span.end)
    return pair.value_span


def _is_used_secret(instruction: Assigning, pair: Pair) -> bool:
    """A build argument with the name of a secret whose value a RUN of the final stage takes."""
    stage = instruction.stage
    if stage is None or not stage.final or not secrets.is_secret_name(pair.name):
        return False
    use = re.compile(rf"\$\{{?{re.escape(pair.name)}\b")
    return any(isinstance(one, Run) and use.search(one.whole_text) for one in stage.instructions)
