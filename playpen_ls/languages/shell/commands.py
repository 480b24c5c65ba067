"""Simple commands with their words, options and operands."""

from __future__ import annotations

import re

from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.span import Span

# Options whose value is the next word, by program; `--name=value` needs no table.
VALUED: dict[str, frozenset[str]] = {
    name: frozenset(options.split())
    for name, options in {
        "pip": (
            "-r --requirement -c --constraint -i --index-url --extra-index-url --trusted-host -f --find-links "
            "-t --target --platform --python-version --implementation --abi --prefix --root --src --cache-dir "
            "--log --proxy --retries --timeout --progress-bar --no-binary --only-binary -e --editable "
            "--upgrade-strategy --cert --config-settings -d --dest -w --wheel-dir --report --global-option "
            "--exists-action --python"
        ),
        "npm": "--prefix --registry --cache --userconfig -w --workspace --loglevel --omit --include --tag -C",
        "yarn": "--cwd --cache-folder --registry --modules-folder --network-timeout --mutex",
        "pnpm": "-C --dir --filter -F --registry --store-dir --reporter",
        "apt-get": "-o --option -c --config-file -t --target-release --default-release",
        "apk": "-t --virtual -X --repository -p --root --arch --repositories-file --keys-dir --cache-dir",
        "docker": (
            "-u --username -p --password -t --tag -f --file -H --host --config --context -l --label "
            "--build-arg --target --platform --cache-from --cache-to --output -o --network --name -v --volume "
            "-e --env -w --workdir --entrypoint --log-level --secret --ssh --progress --builder"
        ),
        "curl": (
            "-u --user -H --header -d --data --data-binary --data-raw -o --output -X --request -F --form -A "
            "-e -b -c -T --upload-file --cacert --cert --key -m --max-time --connect-timeout --retry --url -w "
            "--write-out -x --proxy"
        ),
        "kubectl": (
            "-n --namespace -f --filename -k --kustomize -l --selector -o --output --context --kubeconfig -c "
            "--container --cluster --user -s --server --token --timeout"
        ),
        "uvicorn": (
            "--host --port --workers --log-level --log-config --app-dir --root-path --reload-dir --env-file --uds"
        ),
        "uv": (
            "-r --requirement -c --constraint -i --index-url --extra-index-url --index --default-index -f "
            "--find-links -p --python -t --target --prefix --group --extra --no-group --only-group "
            "--directory --project --package --cache-dir --config-file --no-install-package --link-mode "
            "--index-strategy --python-version --color --no-extra"
        ),
        "poetry": "-C --directory -P --project --with --without --only -E --extras",
        "pdm": "-p --project -G --group --with --without -L --lockfile -k --skip --venv --config",
        "useradd": (
            "-u --uid -g --gid -G --groups -d --home-dir --home -s --shell -c --comment -b --base-dir -e -f -k --skel "
            "-K -p --password"
        ),
        "adduser": "-u --uid -g --gid -G --ingroup -h --home -s --shell --gecos --comment -k",
        "pipenv": "--categories --python --extra-pip-args",
        "bun": "--cwd --cache-dir --registry -c --config",
        "go": "-C -o -ldflags -tags -mod -gcflags -asmflags -p -modfile -overlay -pgo -pkgdir -toolexec",
        "bundle": "--path --without --with -j --jobs --retry --gemfile --binstubs --shebang",
        "composer": "-d --working-dir --ignore-platform-req",
        "mvn": "-f --file -s --settings -P --activate-profiles -pl --projects -rf -T --threads -l --log-file -gs",
        "gunicorn": (
            "-b --bind -w --workers -k --worker-class -c --config --timeout -t --log-level --access-logfile "
            "--error-logfile --chdir --threads --max-requests -u --user -g --group -n --name"
        ),
    }.items()
}
VALUED |= {
    "executor": frozenset(
        "-c --context --context-sub-path -d --destination -f --dockerfile --target --build-arg --cache-repo".split()
    ),
    "gcloud": frozenset("-t --tag --project --region --config --substitutions --timeout --machine-type".split()),
    "az": frozenset("-t --image -f --file -r --registry -g --resource-group --build-arg --platform --target".split()),
    "minikube": frozenset("-t --tag -f --file -p --profile --build-env --build-opt".split()),
    "pack": frozenset("-b --buildpack -B --builder -p --path -e --env -t --tag --env-file".split()),
    "helm": frozenset(
        "--set --set-string --set-file --set-json --set-literal -f --values -n --namespace --version --timeout "
        "--kube-context --kubeconfig --repo --description --post-renderer --post-renderer-args --history-max -o "
        "--output --username --password --ca-file --cert-file --key-file --keyring -l --labels --name-template -a "
        "--api-versions --kube-version -s --show-only --output-dir --registry-config --repository-config "
        "--repository-cache --kube-apiserver --kube-as-user --kube-token --burst-limit --qps".split()
    ),
    "buildctl": frozenset("-o --output --opt --local --frontend --progress --addr --export-cache --secret".split()),
    "apt": VALUED["apt-get"],
    "podman": VALUED["docker"],
    "nerdctl": VALUED["docker"],
    "buildah": VALUED["docker"],
}
# Programs that accept combined short options, the last with a value: `pip install -qr requirements.txt`.
_JOINING = frozenset("pip uv apk apt apt-get curl".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command. `text` is without quotes and with unexpanded variables; `start:end` are fragment offsets.

    `plain` means that the shell passes exactly `text`: without expansion, glob or hole. `quote` is the
    quote around the whole word, "" if there is none, or "mixed".
    """

    fragment: Fragment
    start: int
    end: int
    text: str
    plain: bool
    quote: str

    def within(self, fragment: Fragment) -> Word:
        """The same word in another fragment that has the same text."""
        return Word(fragment, self.start, self.end, self.text, self.plain, self.quote)

    @property
    def span(self) -> Span:
        """The range of the word in the file, including its quotes."""
        return self.fragment.span(self.start, self.end)

    @property
    def raw(self) -> str:
        return self.fragment.text[self.start : self.end]

    def part(self, start: int, end: int) -> Span:
        """The range of `text[start:end]` in the file; that of the whole word if its quotes make the offsets unclear."""
        if self.raw == self.text:
            return self.fragment.span(self.start + start, self.start + end)
        if self.quote in ("'", '"') and self.raw[1:-1] == self.text:
            return self.fragment.span(self.start + 1 + start, self.start + 1 + end)
        return self.span

    def after(self, prefix: str) -> Span:
        """The range in the file after a prefix such as `--tag=`."""
        return self.part(len(prefix), len(self.text))


@dataclass(frozen=True, slots=True)
class Option:
    """An option. `value` is None for a flag; for `--name=value` and `-pVALUE` it is the same word as `word`."""

    name: str
    word: Word
    value: Word | None
    text: str

    @property
    def value_span(self) -> Span:
        if self.value is None:
            return self.word.span
        if self.value is self.word:
            return self.word.part(len(self.word.text) - len(self.text), len(self.word.text))
        return self.value.span


@dataclass(frozen=True)
class Command:
    """A simple command. `words[0]` is its name, after assignments and wrappers such as `sudo`.

    `start:end` are fragment offsets of the whole command, `before` and `after` the operators around it
    ("" at the ends; "\\n" for a newline), `depth` is the number of enclosing subshells. `heredocs` are the delimiters
    of the heredocs that it reads.
    """

    fragment: Fragment
    start: int
    end: int
    assignments: tuple[Word, ...]
    words: tuple[Word, ...]
    redirects: tuple[Word, ...]
    wrapper: str
    before: str
    after: str
    depth: int
    heredocs: tuple[str, ...] = ()

    def within(self, fragment: Fragment) -> Command:
        """The same command in another fragment that has the same text."""
        assignments, words, redirects = (
            tuple([word.within(fragment) for word in some]) for some in (self.assignments, self.words, self.redirects)
        )
        around = self.wrapper, self.before, self.after, self.depth, self.heredocs
        return Command(fragment, self.start, self.end, assignments, words, redirects, *around)

    @property
    def span(self) -> Span:
        return self.fragment.span(self.start, self.end)

    @cached_property
    def name(self) -> str:
        """The program without its folder and version: `pip` for `/usr/bin/pip3.12` and `python -m pip`."""
        if not self.words:
            return ""
        name = self.words[0].text.rpartition("/")[2]
        return re.sub(r"^(pip|python)[\d.]+$", r"\1", name)

    @property
    def arguments(self) -> tuple[Word, ...]:
        return self.words[1:]

    @cached_property
    def operands(self) -> tuple[Word, ...]:
        """The arguments that are neither options nor option values; all arguments after `--`."""
        return self._parsed[0]

    @cached_property
    def options(self) -> tuple[Option, ...]:
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[tuple[Word, ...], tuple[Option, ...]]:
        valued = VALUED.get(self.name, frozenset())
        operands: list[Word] = []
        options: list[Option] = []
        words = iter(self.arguments)
        for word in words:
            text = word.text
            if text == "--":
                operands += words
            elif len(text) < 2 or text[0] != "-":
                operands.append(word)
            elif "=" in text:
                name, _, value = text.partition("=")
                options.append(Option(name, word, word, value))
            elif text in valued:
                value_word = next(words, None)
                options.append(Option(text, word, value_word, value_word.text if value_word else ""))
            elif text[1] != "-" and text[:2] in valued:
                options.append(Option(text[:2], word, word, text[2:]))
            elif len(text) < 8 and f"-{text[-1]}" in valued and text[1:].isalpha() and self.name in _JOINING:
                value_word = next(words, None)
                options.append(Option(text[:-1], word, None, ""))
                options.append(Option(f"-{text[-1]}", word, value_word, value_word.text if value_word else ""))
            else:
                options.append(Option(text, word, None, ""))
        return tuple(operands), tuple(options)

    def option(self, *names: str) -> Option | None:
        """The first option with one of these names."""
        return next((option for option in self.options if option.name in names), None)

    def has(self, *names: str) -> bool:
        return self.option(*names) is not None

    def runs(self, name: str, *subcommand: str) -> bool:
        """Whether the command is `name` with these leading operands: `command.runs("pip", "install")`."""
        return self.name == name and tuple(word.text for word in self.operands[: len(subcommand)]) == subcommand
