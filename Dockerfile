# One static program and nothing else: no shell, no libraries, no certificates (those of the web are in the program).
#
#   docker build -t ollama2openai .
#
# The last stage also takes a program that is built already, from a folder in place of the stage `builder`:
#
#   OUT=folder/out PROGRAM=ollama2openai scripts/image-files.sh
#   docker build -t ollama2openai --build-context builder=folder .
#
# which is how `make test-image` and the release build it.

FROM docker.io/library/node:24-bookworm-slim AS node

FROM docker.io/library/rust:1.95-bookworm AS builder
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm

WORKDIR /src
# What the program and its panel depend on comes first: these layers stay until a manifest changes.
COPY ui/package.json ui/package-lock.json ui/
RUN cd ui && npm ci --no-audit --no-fund
COPY Cargo.toml Cargo.lock ./
COPY bench/Cargo.toml bench/
COPY crates/manual/Cargo.toml crates/manual/
COPY crates/wire/Cargo.toml crates/wire/
COPY scripts/node.sh scripts/static.sh scripts/stubs.sh scripts/
RUN scripts/stubs.sh && scripts/static.sh

# Newer than the stubs, whatever their times were where they come from.
COPY . .
RUN find build.rs src crates migrations -exec touch {} + && program=$(scripts/static.sh) && \
    OUT=/out PROGRAM="$program" scripts/image-files.sh

FROM scratch AS final
ARG VERSION=4.0.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="ollama2openai" \
      org.opencontainers.image.description="One Ollama, or a fleet of them, as an OpenAI-compatible service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
COPY --from=builder /out/root/ /
# A new volume takes its owner from here, so that with --user 65532 there is nothing left to do for root.
COPY --from=builder --chown=65532:65532 /out/app/ /app/
ENV PATH=/usr/local/bin HOST=0.0.0.0 DATA_DIR=/app/data RUN_AS=65532:65532
WORKDIR /app
VOLUME /app/data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/local/bin/ollama2openai", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/ollama2openai"]
