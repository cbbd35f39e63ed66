# PostgreSQL's official image with phasegate:
#
#   docker build --build-arg PG_MAJOR=17 --tag phasegate:17 .
#   docker run --env POSTGRES_PASSWORD=... --publish 5432:5432 phasegate:17
ARG PG_MAJOR=17
ARG RUST=1.95

FROM rust:${RUST}-bookworm AS rust

FROM postgres:${PG_MAJOR}-bookworm AS build
ARG PG_MAJOR
COPY --from=rust /usr/local/cargo /usr/local/cargo
COPY --from=rust /usr/local/rustup /usr/local/rustup
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup PATH=/usr/local/cargo/bin:$PATH
# The first line's packages are what pgrx-config/setup.sh would install too; the image has no package lists.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make gcc libc6-dev pkg-config clang libclang-dev \
       binutils postgresql-server-dev-${PG_MAJOR}
WORKDIR /build
COPY . .
RUN make package PG_MAJOR=${PG_MAJOR}

FROM postgres:${PG_MAJOR}-bookworm
ARG PG_MAJOR
RUN --mount=type=bind,from=build,source=/build/target/dist,target=/dist dpkg --install /dist/*.deb
# New clusters of this image get the extension in the database that they are made with, and in later ones.
RUN printf 'CREATE EXTENSION phasegate;\n\\connect template1\nCREATE EXTENSION phasegate;\n' \
    > /docker-entrypoint-initdb.d/10-phasegate.sql
