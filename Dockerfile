# PostgreSQL's official image with phasegate:
#
#   docker build --build-arg PG_MAJOR=17 --tag phasegate:17 .
#   docker run --env POSTGRES_PASSWORD=... --publish 5432:5432 phasegate:17
#
# and, as another target, the companion program that serves it over HTTP; compose.yaml runs both:
#
#   docker build --target service --tag phasegate-service .
ARG PG_MAJOR=17
ARG RUST=1.95

FROM rust:${RUST}-bookworm AS rust

FROM postgres:${PG_MAJOR}-bookworm AS build
ARG PG_MAJOR
COPY --from=rust /usr/local/cargo /usr/local/cargo
COPY --from=rust /usr/local/rustup /usr/local/rustup
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup PATH=/usr/local/cargo/bin:$PATH
# The first line's packages are what pgrx-config/setup.sh would install too; the image has no package lists, and no
# certificates to fetch crates with.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make gcc libc6-dev pkg-config clang libclang-dev \
       binutils ca-certificates postgresql-server-dev-${PG_MAJOR}
WORKDIR /build
COPY . .
RUN make package PG_MAJOR=${PG_MAJOR}

FROM rust AS service-build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --manifest-path service/Cargo.toml \
    && strip --strip-unneeded service/target/release/phasegate

FROM debian:bookworm-slim AS service
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=service-build /build/service/target/release/phasegate /usr/bin/phasegate
COPY LICENSE /usr/share/doc/phasegate/copyright
# Debian's nobody and nogroup, as numbers: Kubernetes' runAsNonRoot refuses a name, which it cannot look up.
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["phasegate"]
CMD ["serve", "--config", "/etc/phasegate/phasegate.toml"]

# The last one is what is built without --target.
FROM postgres:${PG_MAJOR}-bookworm
ARG PG_MAJOR
RUN --mount=type=bind,from=build,source=/build/target/dist,target=/dist dpkg --install /dist/postgresql-*.deb
# New clusters of this image get the extension in the database that they are made with, and in later ones.
RUN printf 'CREATE EXTENSION phasegate;\n\\connect template1\nCREATE EXTENSION phasegate;\n' \
    > /docker-entrypoint-initdb.d/10-phasegate.sql
