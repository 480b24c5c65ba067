# An image with playpen-ls, for pipelines. Kaniko and BuildKit build it the same way.
ARG BASE=playpen/python-base:latest

FROM ${BASE} AS build
WORKDIR /build
RUN python3 -m venv /opt/playpen-ls
COPY pyproject.toml README.md LICENSE ./
COPY playpen_ls playpen_ls
RUN /opt/playpen-ls/bin/pip install --no-cache-dir .

FROM ${BASE}
COPY --from=build /opt/playpen-ls /opt/playpen-ls
# The root file system can be read-only: no cache is written unless a volume is mounted.
ENV PATH=/opt/playpen-ls/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
USER 65532:65532
ENTRYPOINT ["playpen-ls"]
CMD ["check"]
