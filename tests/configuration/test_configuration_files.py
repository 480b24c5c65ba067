"""Configuration files: kinds, chunks, comments, and what is read of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playpen_ls.cli.main import run
from playpen_ls.languages.configuration import form_of
from playpen_ls.languages.configuration.file import LARGEST, ConfigurationFile
from playpen_ls.languages.configuration.kinds import Kind, kind_of
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.vocabulary.secret_lines import FORMS, secrets_in_file

SECRET = "DB_PASSWORD=hunter2-Horse\n"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".env", Kind("env")),
        ("web/.env.production", Kind("env")),
        (".env.local", Kind("env", development=True)),
        ("dev.env", Kind("env", development=True)),
        (".env.example", Kind("")),
        ("app.sample.env", Kind("")),
        ("env.dist.env", Kind("")),
        ("src/test/resources/application.properties", Kind("properties", development=True, test=True)),
        ("contest/app.properties", Kind("properties")),
        ("src/main/resources/application-dev.properties", Kind("properties", development=True)),
        ("messages.properties", Kind("")),
        ("ValidationMessages_de.properties", Kind("")),
        ("app_pt_BR.properties", Kind("")),
        ("locales/app.properties", Kind("")),
        ("docker-compose.yml", Kind("compose", development=True)),
        ("chart/values-prod.yaml", Kind("values")),
        ("examples/chart/values.yaml", Kind("values", development=True)),
    ],
)
def test_kinds(path: str, kind: Kind):
    assert kind_of(path, form_of(path)) == kind


def test_each_form_has_its_files():
    assert {form_of(f"x/{name}") for name in (
        ".env", "docker-compose.yml", "values.yaml", "alembic.ini", "a.properties", ".npmrc", ".netrc", "settings.xml",
    )} == FORMS.keys()  # fmt: skip


def opened(path: str, text: str) -> ConfigurationFile:
    return ConfigurationFile(Source(path, text), form_of(path))


def found(path: str, text: str) -> list[str]:
    return [text[one.span.start : one.span.end] for one in secrets_in_file(text, FORMS[form_of(path)])]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (".env", "A_TOKEN='x1 y2'\nDB_PASSWORD=a#b1c2d3\n", ["a#b1c2d3"]),
        (".env", "DB_PASSWORD=s3cr3t-1 # s3cr3t-2\n", ["s3cr3t-1"]),
        (".env", "URL=redis://:s3cr3tpw@cache:6379\nLOCAL=postgres://postgres:postgres@localhost/x\n", ["s3cr3tpw"]),
        ("a.properties", "db.password : s3cr3t#1 \n! db.password=s3cr3t-2\n#p=x\n", ["s3cr3t#1"]),
        ("a.properties", "spring.rabbitmq.password=guest\nlogin.password=Passwort\n", ["guest"]),
        ("compose.yaml", "a:\n  RabbitMq__Password: guest\n  password: guest\n", ["guest"]),
        (
            "a.properties",
            "store.db.password=root\na.dbPassword=canal\nadmin.passWord=123456\nb.password=root\n",
            ["root", "canal", "123456"],
        ),
        ("a.properties", "a.clientsecret = CLIENT_SECRET\nb.dbPassword = QVS2_DB_PASS\nc.db.password=PASSWORD\n", []),
        (
            "compose.yml",
            "a:\n  spring.datasource.password: root\n  b.key.name: root\n  LDAP_PASSWORDS: a1,b2c3\n",
            ["root", "a1,b2c3"],
        ),
        (
            "compose.yml",
            "a:\n  - db.password=root\n  - WEB_PASS='pass'\n  - \"PASSWORD=password\"\n",
            ["root", "pass", "password"],
        ),
        (
            "compose.yml",
            "a:\n  ROOT_PASSWORD_SHA2: 8c6976e5b5410415bde908bd4dee15dfb167a9c8\n  DB_PASS: mastodon\n",
            ["mastodon"],
        ),
        (
            "compose.yml",
            "a: ${GITHUB_CLIENT_SECRET:-placeholder}\nb: ${AUTH_SECRET:-your_auth_secret_here}\n",
            ["your_auth_secret_here"],
        ),
        ("compose.yml", "a: mitmdump --mode reverse:https://example.org:443@8443\n", []),
        ("a.properties", "token.uri=https://a.io\npassword.label=Passwort1!\n", []),
        ("a.properties", "a=${DB_PASSWORD:postgres}\nb=${API_TOKEN:changeme}\nc=${DB_PASSWORD:}\n", ["postgres"]),
        (".env", "A=${DB_PASSWORD:-postgres}\nB=${DB_PASSWORD:-s3cr3t-1}\n", ["postgres", "s3cr3t-1"]),
        ("compose.yml", "a: x:${DB_PASSWORD:-a1}@y\nb: ${DB_PASSWORD-a2} ${DB_PASSWORD:=a3}\n", ["a1", "a2", "a3"]),
        ("compose.yml", "a: ${DB_PASSWORD:?give it} ${DB_PASSWORD:+x1y2} ${DB_PASSWORD:-}\n", []),
        ("compose.yml", "a: amqp://app:password@mq\nb: amqp://app:password@localhost\n", ["password"]),
        ("compose.yml", "a: amqp://user:password@mq\nb: amqp://app:password@host\nc: x://a:pass@b.example.com\n", []),
        ("values.yaml", "a: ${DB_PASSWORD:-postgres} ${DB_PASSWORD:-s3cr3t-1}\n", ["s3cr3t-1"]),
        (
            "values.yaml",
            'db: {password: s3cr3t-1, user: x}\nkeys:\n  - password: "s3cr3t-2"\n',
            ["s3cr3t-1", "s3cr3t-2"],
        ),
        ("values.yaml", "auth:\n  secretKeys:\n    userPasswordKey: password\n  secretName: a1b2c3\n", []),
        ("docker-compose.yml", "x:\n  - JWT_SECRET=dev # x\n  - PASSWORD_FILE=/run/x1\n", ["dev"]),
        (".netrc", "machine a login b password c1d2e3\ndefault login anonymous password $PW\n", ["c1d2e3"]),
        ("settings.xml", "<PASSWORD>\n  a1b2c3d4 </PASSWORD><passphrase>${env.P1}</passphrase>\n", ["a1b2c3d4"]),
        ("pip.conf", "extra-index-url =\n  https://a:b1c2d3e4@nexus/simple\n", ["b1c2d3e4"]),
        (".npmrc", "_auth=YWRtaW46YWRtaW4x\n//n/:_authToken=npm-1a2b3c\n", ["YWRtaW46YWRtaW4x", "npm-1a2b3c"]),
    ],
)
def test_what_is_a_secret_in_them(path: str, text: str, expected: list[str]):
    assert found(path, text) == expected


def test_a_plain_word_of_a_list_of_variables_stays_one():
    # Not a connection string with a user and a password, although that can have several lines.
    secrets = secrets_in_file("a:\n  - USERNAME=admin\n  - PASSWORD=admin\n", FORMS["compose"])
    assert [one.plain for one in secrets] == [True]


def test_a_block_of_lines_is_a_chunk():
    model = opened(".env", "A=1\r\nB=2\r\n\r\n \r\nC=3\r\n")
    assert [chunk.key for chunk in model.chunks] == ["A=1\r\nB=2\r\n\r\n \r\n", "C=3\r\n"]
    whole = opened("settings.xml", "<!--\n\n<password>a1b2c3d4</password> -->")
    assert len(whole.chunks) == 1


def test_comments():
    def comments(path: str, text: str) -> list[tuple[str, bool]]:
        return [(one.text, one.alone) for one in opened(path, text).comments()]

    assert comments(".env", "# a\nA=1 # b\nB='# c'\n") == [("# a", True), ("# b", False)]
    assert comments("a.properties", "! a\na=1 # b\n; c\n") == [("! a", True), ("; c", True)]
    assert comments("settings.xml", "<a/><!-- b -->") == [("<!-- b ", True)]


def test_a_comment_is_put_above_the_whole_value():
    def above(path: str, text: str, at: str) -> str:
        source = Source(path, text)
        edit = opened(path, text).comment_above(text.index(at), "# x")
        assert edit is not None
        return source.edited([edit]).text

    assert above("values.yaml", "a:\n  b: |\n    c\n    d\n", "d") == "a:\n  # x\n  b: |\n    c\n    d\n"
    assert above("a.properties", "a=1\\\n  2\n", "2") == "# x\na=1\\\n  2\n"
    assert above("settings.xml", "<a>\n  <b/>\n", "<b") == "<a>\n  <!-- x -->\n  <b/>\n"


def test_files_are_read_on_the_command_line_unless_git_or_the_configuration_leaves_them_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in (".env", "ignored/.env", "off/.env", "big.env", "old.properties"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SECRET)
    (tmp_path / "big.env").write_text("#" * LARGEST + "\n" + SECRET)
    (tmp_path / "old.properties").write_bytes("db.password=Gr\u00fc\u00dfe-1234\n".encode("latin-1"))
    (tmp_path / ".gitignore").write_text("/ignored/\n")
    (tmp_path / "playpen.toml").write_text('[per-path]\n"off/" = { ignore = ["configuration/literal-secret"] }\n')
    monkeypatch.chdir(tmp_path)
    run(["check", "--format", "json", "."])
    report = json.loads(capsys.readouterr().out)
    assert [(one["path"], one["rule"]) for one in report["findings"]] == [(".env", "configuration/literal-secret")]
    assert "old.properties" not in json.dumps(report)
    # A file that git ignores has nothing to say when it is named, either.
    assert run(["check", "--format", "concise", "ignored/.env"]) == 0


def test_an_open_file_is_checked_and_one_that_git_ignores_is_not(tmp_path: Path):
    (tmp_path / ".gitignore").write_text(".env.local\n")
    workspace = Workspace(tmp_path)
    for name, expected in ((".env", 1), (".env.local", 0)):
        workspace.open(Source(name, SECRET), "configuration")
        assert len(workspace.check(name).diagnostics) == expected
