# Any Debian-like image with Python 3.11 or later and its module venv.
ARG BASE=python:3.11.14-slim-bookworm

# --- The environment: locked and hashed wheels only, so that nothing is ever compiled ------------

FROM ${BASE} AS environment
SHELL ["/bin/sh", "-euc"]
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_ONLY_BINARY=:all: PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/ requirements/
# The pip.conf of who has an index of their own is a secret: it is in no layer.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -m venv tools; \
    python3 -m venv --without-pip /opt/oran-mano-exporter; \
    tools/bin/pip install --require-hashes -r requirements/image.txt; \
    tools/bin/pip --python /opt/oran-mano-exporter/bin/python3 \
        install --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter/ exporter/
RUN tools/bin/hatchling build -t wheel -d dist; \
    tools/bin/pip --python /opt/oran-mano-exporter/bin/python3 \
        install --no-index --no-deps --find-links dist oran-mano-exporter; \
    version="$(tools/bin/hatchling version)"; \
    sed "s/^dynamic = .*/version = \"$version\"/" pyproject.toml > versioned.toml; \
    tools/bin/cyclonedx-py environment --pyproject versioned.toml --output-reproducible \
        --output-file sbom.cdx.json /opt/oran-mano-exporter/bin/python3
# Without its extensions the HTTP library works too, several times slower: that is not to ship.
# Volumes and layers do not keep times, and nobody edits these files: bytecode is not to be checked.
RUN /opt/oran-mano-exporter/bin/python3 -c 'from aiohttp import http_parser, http_writer; \
        from aiohttp._websocket import mask, reader_c; \
        from msgspec import _core; from multidict import _multidict; \
        from propcache import _helpers_c; from yarl import _quoting_c; \
        assert http_parser.HttpResponseParser is not http_parser.HttpResponseParserPy; \
        assert http_writer._serialize_headers is not http_writer._py_serialize_headers'; \
    python3 -m compileall -q -f -j 0 --invalidation-mode unchecked-hash /opt/oran-mano-exporter

# --- The system: the base without what installs, compiles or gains rights ------------------------

FROM ${BASE} AS system
SHELL ["/bin/sh", "-euc"]
RUN lib="$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"; \
    rm -rf "$lib"/ensurepip "$lib"/idlelib "$lib"/lib2to3 "$lib"/test "$lib"/tkinter \
        "$lib"/turtledemo "$lib"/config-* "$lib"/site-packages/* \
        /usr/local/bin/2to3* /usr/local/bin/idle* /usr/local/bin/pip* /usr/local/bin/wheel* \
        /usr/local/bin/python*-config /usr/local/include/* \
        /usr/share/python-wheels /etc/apt/sources.list* /var/cache/* /var/lib/apt/lists/* /var/log/*; \
    find / -xdev -type f -perm /6000 -exec chmod ug-s {} +; \
    python3 -m compileall -q -f -j 0 --invalidation-mode unchecked-hash "$lib"; \
    echo 'exporter:x:65532:65532::/:/usr/sbin/nologin' >> /etc/passwd; \
    echo 'exporter:x:65532:' >> /etc/group; \
    mkdir /etc/oran-mano-exporter; \
    install -d -o 65532 -g 65532 -m 0750 /var/lib/oran-mano-exporter

# --- The image: from nothing, so that what was removed is in no lower layer either ---------------

FROM scratch
# hadolint ignore=DL3067
COPY --from=system / /
COPY --from=environment /build/sbom.cdx.json /usr/share/oran-mano-exporter/
COPY --from=environment /opt/oran-mano-exporter /opt/oran-mano-exporter

ARG BASE
ARG VERSION=0.1.0
ARG REVISION=""
ARG SOURCE=""
ARG DOCUMENTATION=""
ARG CREATED=""
ARG BASE_DIGEST=""
LABEL org.opencontainers.image.title="oran-mano-exporter" \
      org.opencontainers.image.description="Observability sidecar for the O-RAN Intent-MANO API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.documentation="${DOCUMENTATION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.base.digest="${BASE_DIGEST}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/oran-mano-exporter/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    ORAN_MANO_EXPORTER_REVISION="${REVISION}"
USER 65532:65532
EXPOSE 10945
ENTRYPOINT ["oran-mano-exporter"]
