# syntax=docker/dockerfile:1
# Built in a stage with the tools; what ships is Node and dist/, which has its libraries in it.
FROM node:26-slim AS build
WORKDIR /sluice
COPY package.json package-lock.json .npmrc ./
# The image's own Node builds; the packaged one is for machines with an older Node.
RUN npm ci --ignore-scripts
COPY tools ./tools
COPY src ./src
RUN node tools/build.mjs

FROM node:26-slim
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /sluice
COPY --from=build /sluice/dist ./dist
COPY package.json LICENSE ./
COPY configs ./configs
# The manual, for `sluice explain`.
COPY docs/reference ./docs/reference
COPY configs/container.yaml /etc/sluice/config.yaml
ENV NODE_ENV=production
# Any unprivileged user will do; nothing is written outside of what the config names, so the root file system may be read-only.
USER 65532:65532
# OTLP gRPC and HTTP, Prometheus, health, the agent's own metrics.
EXPOSE 4317 4318 8889 13133 8888
# It reads from the config where the agent listens: the file, or AOT_CONFIG_CONTENT.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["node", "dist/main.js", "healthcheck", "--config", "/etc/sluice/config.yaml"]
# Node is process 1 and handles SIGTERM itself; there is no shell in between.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run", "--config", "/etc/sluice/config.yaml"]
