# The service and what it needs to run, and nothing else: see "In a container" in README.md.
# The Node is the one in package-lock.json, with which the tests run; test/container.test.ts compares.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-trixie-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No script of a package runs: they fetch a second Node and an embedded database.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build
RUN chmod +x dist/cli/main.js && mkdir bin && ln -s ../dist/cli/main.js bin/mintmark

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
# A quarter of their size, which only a debugger would read.
RUN find node_modules -name '*.map' -delete

FROM ${NODE_IMAGE} AS service
LABEL org.opencontainers.image.title="mintmark" \
      org.opencontainers.image.description="A token service: issues, rotates and revokes OAuth 2.0 tokens that any service can verify offline." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
# For `mintmark`.
ENV PATH=/app/bin:$PATH
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY migrations ./migrations
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
# By number, so that Kubernetes can see that it is not root. It owns nothing and writes nothing.
USER 1000:1000
EXPOSE 3000
# Whether the process lives, and not whether it is ready: no restart of it mends a database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://localhost:${process.env.PORT || 3000}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The base image's is a shell. Without it, Node is process 1 and gets SIGTERM itself.
ENTRYPOINT []
# What V8 collects late is memory that nobody uses: with these a busy process stays at 175 MB, and
# without them it takes 300 for a tenth more refreshes a second.
CMD ["node", "--max-semi-space-size=8", "--heap-growing-percent=20", "dist/main.js"]
