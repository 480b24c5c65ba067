"""The user that a container runs as."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.base_environment import can_set, sets_only_path
from playpen_ls.languages.dockerfile.model.expansion import expanded, names_in
from playpen_ls.languages.dockerfile.model.stage import Stage, is_for_developing, stage_of
from playpen_ls.languages.dockerfile.model.variables import comes_from_an_argument, is_assigned_before, values_before
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Cmd,
    Entrypoint,
    Run,
    Transfer,
    User,
    Volume,
)
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference

# Docker Hub's official images whose configuration has no USER. Databases are left out: their entrypoints drop root.
_ROOT_IMAGES = frozenset(
    "almalinux alpine amazoncorretto amazonlinux archlinux buildpack-deps busybox centos debian eclipse-temurin"
    " elixir erlang fedora gcc golang haskell httpd julia maven nginx node openjdk opensuse/leap oraclelinux"
    " perl php pypy python r-base rockylinux ruby rust sapmachine swift tomcat ubuntu"
    " adoptopenjdk gradle java wordpress".split()
)
_OTHER_IMAGES = frozenset(
    """
    adminer aerospike arangodb backdrop bash bonita caddy cassandra chronograf cirros clearlinux clojure
    composer consul convertigo couchbase couchdb crate dart docker drupal eclipse-mosquitto eggdrop
    elasticsearch emqx flink fluentd friendica gazebo geonetwork ghost gradle groovy haproxy haxe hello-world
    hitch hylang ibm-semeru-runtimes ibmjava influxdb irssi jetty jobber joomla jruby kapacitor kibana kong
    krakend lightstreamer liquibase logstash mageia mariadb matomo mediawiki memcached mongo mongo-express
    monica mysql nats nats-streaming neo4j neurodebian nextcloud odoo open-liberty orientdb percona photon
    phpmyadmin plone postfixadmin postgres rabbitmq rakudo-star redis redmine registry rethinkdb rocket.chat
    ros scratch silverpeas solr sonarqube spark spiped storm swipl teamspeak telegraf thrift tomee traefik
    unit varnish vault websphere-liberty wordpress xwiki yourls znc zookeeper
    """.split()
)
_SERVERS = regex(r"\b(?:nginx|php-fpm[\d.]*|httpd|apache2(?:ctl|-foreground)?|apachectl)\b")
_NEEDS_ROOT = regex(
    r"(?<![\w-])(?:systemd|dockerd(?:-entrypoint\.sh)?|sshd|crond?|supervisord|s6-svscan|runsvdir(?:-start)?|vsftpd|postfix"
    r"|named|dhcpd|openvpn|rsyslogd|udevd|my_init)(?![\w-])|(?<![\w./-])/(?:usr/)?(?:s?bin/)?init(?![\w./-])"
)
# A RUN that installs a container engine or its client, which needs the engine's socket, or a tool that makes file
# systems.
_HOME = regex(r"(?:/root|~|\$HOME|\$\{HOME\})(?:/|$)")
_IN_HOME = regex(r"(?<![\w/.-])/root(?:/|\b)")
# Commands that write to the home directory of their user.
_INTO_HOME = regex(
    r"git config\b.*--global|pip[\d.]* install\b.*--user(?!-)|nltk|download_corpora|playwright install|sh\.rustup\.rs"
    r"|install\.python-poetry\.org|astral\.sh/uv|bun\.sh/install|nvm-sh/nvm|\b(?:go|cargo) install\b"
)
_CONTAINERS = regex(
    r"(?<![\w./-])(?:docker-ce(?:-cli)?|docker\.io|docker-engine|docker-cli|moby-engine|containerd\.io|podman|buildah"
    r"|debootstrap|mmdebstrap|mkosi|live-build|pbuilder)(?![\w./-])"
)
_COMPILERS = frozenset("buildpack-deps gcc golang gradle haskell maven rust swift".split())
# Shells and interpreters that read commands from a terminal.
_WAITS = regex(
    r"(?:ba|z|a|da|fi|pw)?sh|i?python[\d.]*|pypy[\d.]*|node|irb|iex|erl|jshell|julia|R|ghci|php|swift|groovysh|scala|lua"
)
_OPTIONS = frozenset(("-l", "-i", "-a", "-il", "-li", "--login"))


def is_known_image(name: str) -> bool:
    """One of Docker Hub's official images. Other names without a `/` are stages or locally built images."""
    return name in _ROOT_IMAGES or name in _OTHER_IMAGES


def last_user(stage: Stage) -> User | None:
    """The last USER of the stage or of its base stages."""
    instructions = (one for each in stage.ancestors for one in reversed(each.instructions))
    return next((one for one in instructions if isinstance(one, User)), None)


def plain_user(stage: Stage) -> str:
    """The numeric user of the stage, "" if Kubernetes cannot enforce it (`runAsNonRoot`).

    "" for root, for user names, and where files of the program can be in root's home directory.
    """
    user = last_user(stage)
    number = user.user if user is not None else ""
    if not (number.isascii() and number.isdigit() and int(number)):
        return ""
    texts = (one.source.of(one.span) for one in stage.all_instructions)
    return "" if any("/root" in text or "--user" in text for text in texts) else number


def is_root(user: User) -> bool:
    """A user that is empty after the expansion of its variables is root; one that a build argument sets is unknown."""
    return _expanded_user(user) in ("root", "0", "")


def _expanded_user(user: User) -> str | None:
    """The name or number with variables expanded; None if it is unknown."""
    text = user.user
    if "$" not in text:
        return text if user.arguments else None
    if comes_from_an_argument(text, user):
        return None
    own = stage_of(user)
    image = own.external_base if own is not None else None
    names = {name for name in names_in(text) if not is_assigned_before(user, name)}
    above = user.file.ask(queries.global_arguments)
    unset = (name for name in names if sets_only_path(image, name) or (name in above and not can_set(image, name)))
    return expanded(text, {**values_before(user), **dict.fromkeys(unset, "")})


def runs_as_root(image: ImageReference, registry: str) -> bool:
    """A public image that is known to run as root; `registry` is "" for Docker Hub."""
    if registry == "gcr.io" and image.path.startswith("distroless/"):
        return "nonroot" not in image.tag
    if registry == "mcr.microsoft.com" and image.path.startswith("dotnet/"):
        version = re.match(r"\d+", image.tag)
        return version is not None and int(version[0]) < 8  # later images have a user `app`
    return not registry and image.name in _ROOT_IMAGES and "nonroot" not in image.tag


def needs_root(stage: Stage) -> bool:
    """The stage starts a program that must start as root: a server that drops privileges itself, an init system, a
    program that starts others for several users or containers. Setting USER would break it."""
    return (
        _starts_server(stage)
        or _has_low_port(stage)
        or _keeps_data(stage)
        or any(map(_is_of_root, stage.all_instructions))
    )


def _is_of_root(instruction: Instruction) -> bool:
    """It installs a container engine or a tool that makes file systems, or sets up cron."""
    if isinstance(instruction, Transfer):
        return instruction.destination is not None and instruction.destination.text.startswith("/etc/cron")
    if not isinstance(instruction, Run):
        return False
    return bool(_CONTAINERS.search(instruction.whole_text)) or any(
        one.name == "crontab" for one in instruction.commands
    )


def _has_low_port(stage: Stage) -> bool:
    """It listens on a port below 1024, which not every node lets other users do."""
    image = stage.external_base.reference if stage.external_base is not None else None
    exposed = [word.text for one in stage.all_instructions if one.name == "EXPOSE" for word in one.words]
    if image and image.path == "dotnet/aspnet" and not exposed:
        return not any("ASPNETCORE_" in one.logical for one in stage.all_instructions)  # 80 before version 8
    ports = [word.partition("/")[0] for word in exposed]
    return any(port.isascii() and port.isdigit() and int(port[:6]) < 1024 for port in ports)


def _keeps_data(stage: Stage) -> bool:
    """It writes to a volume whose folder belongs to root."""
    volumes = [word.text.rstrip("/") for one in stage.all_instructions if isinstance(one, Volume) for word in one.words]
    given = "\n".join(
        one.whole_text
        for one in stage.all_instructions
        if isinstance(one, Run) and re.search("chown|chmod", one.whole_text)
    )
    return any(volume not in given for volume in volumes)


def uses_home_of_root(stage: Stage) -> bool:
    """Files of the program are in the home directory of root, which other users cannot read."""
    for one in stage.all_instructions:
        if isinstance(one, Run):
            commands = [command for command in one.commands if command.name not in ("rm", "echo")]
            words = (word.text for command in commands for word in (*command.words, *command.redirects))
            if any(_HOME.match(word) for word in words) or _INTO_HOME.search(one.whole_text):
                return True
        elif isinstance(one, Transfer):
            if one.destination is not None and _HOME.match(one.destination.text):
                return True
        elif _IN_HOME.search(one.logical):
            return True
    return False


def _starts_server(stage: Stage) -> bool:
    """By its command or its base image."""
    image = stage.external_base.reference if stage.external_base is not None else None
    if image and (
        image.base in ("nginx", "httpd", "tomcat", "docker", "wordpress")
        or (image.base == "php" and re.search("apache|fpm", image.tag))
    ):
        return True
    starting = [one for one in stage.all_instructions if isinstance(one, (Cmd, Entrypoint))]
    return any(_SERVERS.search(one.logical) or _NEEDS_ROOT.search(one.logical) for one in starting)


def is_built_upon(stage: Stage) -> bool:
    """The image is meant as a base image or for interactive use: its command is only a shell or an interpreter.

    Without a command of its own: the image of a compiler, a stage for development or tests, or any other stage that
    nothing is copied into, unless the pulled image starts a server.
    """
    own = [one for owner in stage.ancestors for one in reversed(owner.instructions)]
    commands: list[Cmd | Entrypoint] = []
    for kind in (Cmd, Entrypoint):  # an ENTRYPOINT combined with a CMD usually executes the CMD
        commands += [one for one in own if isinstance(one, kind)][:1]
    if commands:
        words = [word.text for word in commands[0].vector or commands[0].words]
        return bool(words) and bool(_WAITS.fullmatch(posixpath.basename(words[0]))) and _OPTIONS.issuperset(words[1:])
    image = stage.external_base.reference if stage.external_base is not None else None
    if _starts_server(stage):
        return False
    if (image and image.name in _COMPILERS) or is_for_developing(stage.name):
        return True
    return not any(isinstance(one, Transfer) for one in own)


def starts_something(stage: Stage) -> bool:
    return any(isinstance(one, (Cmd, Entrypoint)) for one in stage.all_instructions)


def drops_root(stage: Stage) -> bool:
    """The file mentions a program that starts as root and switches to another user."""
    return stage.file.ask(queries.drops_root)
