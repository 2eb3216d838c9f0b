# tenantry as a container: `docker run IMAGE status`, `docker run IMAGE migrate --env production`.
# docs/operations.md says how to use it. With BuildKit a secret "npmrc" may name another registry:
# docker build --secret id=npmrc,src=$HOME/.npmrc .

ARG NODE_IMAGE=node:20-bookworm-slim

# Everything that building needs; nothing of it is in the images below.
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json rolldown.config.ts drizzle.config.ts ./
COPY schema schema
COPY codegen codegen
COPY src src
COPY drizzle drizzle
RUN npm run -s build && chmod 755 dist/src/cli/bin.js
# For the service below, which is a package of its own.
RUN npm pack --ignore-scripts --loglevel=error

# What runs: the dependencies, the peers that a service needs, and of the optional ones those that its commands use.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    node -e ' \
      const { readFileSync, writeFileSync } = require("node:fs"); \
      const manifest = JSON.parse(readFileSync("package.json", "utf8")); \
      const kept = ["@dagrejs/dagre", "age-encryption", "drizzle-kit", "drizzle-orm", "ioredis", "postgres", "ts-morph", "zod"]; \
      for (const name of kept) manifest.dependencies[name] = manifest.devDependencies[name]; \
      manifest.devDependencies = {}; \
      manifest.peerDependencies = {}; \
      manifest.peerDependenciesMeta = {}; \
      writeFileSync("package.json", JSON.stringify(manifest));' \
    && npm install --omit=dev --no-audit --no-fund --loglevel=error

FROM ${NODE_IMAGE} AS auth-service-build
WORKDIR /service
COPY examples/hono-service ./
COPY --from=build /app/tenantry-*.tgz /tmp/
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm install --no-audit --no-fund --loglevel=error /tmp/tenantry-*.tgz \
    && npm run -s build \
    && npm prune --omit=dev --no-audit --no-fund --loglevel=error

# The example of examples/hono-service; compose.yaml starts it.
FROM ${NODE_IMAGE} AS auth-service
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /service
COPY --from=auth-service-build /service/package.json ./
COPY --from=auth-service-build /service/node_modules node_modules
COPY --from=auth-service-build /service/dist dist
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/server.js"]

# psql, pg_dump, pg_restore and redis-cli with the libraries that they need, and without Perl and all else that packages
# bring. pg_dump refuses a server that is newer than itself: where the distribution has not that version, PostgreSQL's own
# has.
FROM ${NODE_IMAGE} AS clients
ARG POSTGRES_MAJOR=18
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends ca-certificates postgresql-common redis-tools \
    && if ! apt-cache show "postgresql-client-${POSTGRES_MAJOR}" >/dev/null 2>&1; then \
         /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y; fi \
    && apt-get install -y -q --no-install-recommends "postgresql-client-${POSTGRES_MAJOR}"
RUN mkdir -p /clients/usr/local/bin \
    && cd "/usr/lib/postgresql/${POSTGRES_MAJOR}/bin" \
    && cp psql pg_dump pg_restore /usr/bin/redis-cli /clients/usr/local/bin/ \
    && ldd /clients/usr/local/bin/* | awk '/=> \// { print $3 }' | sort -u \
         | grep -v -E '/(libc|libm|libdl|librt|libpthread|libstdc\+\+|libgcc_s)\.so' \
         | sed 's|^/lib/|/usr/lib/|' \
         | xargs cp --dereference --parents --target-directory /clients \
    && cp --parents /etc/ssl/certs/ca-certificates.crt /clients

# The last stage, so that it is what `docker build .` makes.
FROM ${NODE_IMAGE} AS tenantry
# An image is for staging and production: it has no server of its own to fall back to.
ENV NODE_ENV=production TENANTRY_ENV=production
WORKDIR /app
COPY --from=clients /clients /
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json /app/drizzle.config.ts ./
COPY --from=build /app/dist dist
COPY --from=build /app/schema schema
COPY --from=build /app/drizzle drizzle
RUN ln -s /app/dist/src/cli/bin.js /usr/local/bin/tenantry
USER 1000:1000
HEALTHCHECK --interval=60s --timeout=30s --start-period=10s CMD ["tenantry", "status", "--quiet"]
ENTRYPOINT ["tenantry"]
CMD ["status"]
