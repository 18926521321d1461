# syntax=docker/dockerfile:1
# Built in a stage with the tools; what ships is Node and dist/, which has its libraries in it.
#   docker build -t sluice .                                 on node:26-slim: has a shell, to look around in
#   docker build -t sluice:distroless --target distroless .  Node, the C library, and nothing else to run
FROM node:26-slim AS build
WORKDIR /sluice
COPY package.json package-lock.json .npmrc LICENSE ./
# The image's own Node builds; the packaged one is for machines with an older Node.
RUN npm ci --ignore-scripts
COPY tools ./tools
COPY src ./src
RUN node tools/build.mjs
# Node needs it, and the distroless image does not have it.
RUN mkdir /libraries && cp -L /usr/lib/*-linux-gnu/libatomic.so.1 /libraries/

# What both images have.
FROM scratch AS files
COPY --from=build /sluice/dist /sluice/dist
COPY package.json LICENSE /sluice/
COPY configs /sluice/configs
# The manual, for `sluice explain`.
COPY docs/reference /sluice/docs/reference
COPY configs/container.yaml /etc/sluice/config.yaml

FROM gcr.io/distroless/cc-debian13 AS distroless
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /libraries /usr/local/lib
COPY --from=files / /
ENV LD_LIBRARY_PATH=/usr/local/lib PATH=/usr/local/bin
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /sluice
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 4317 4318 8889 13133 8888
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --start-interval=1s CMD ["node", "dist/main.js", "healthcheck", "--config", "/etc/sluice/config.yaml"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run", "--config", "/etc/sluice/config.yaml"]

FROM node:26-slim
COPY --from=files / /
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /sluice
ENV NODE_ENV=production
# Any unprivileged user will do; nothing is written outside of what the config names, so the root file system may be read-only.
USER 65532:65532
# OTLP gRPC and HTTP, Prometheus, health, the agent's own metrics.
EXPOSE 4317 4318 8889 13133 8888
# It reads from the config where the agent listens: the file, or AOT_CONFIG_CONTENT.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --start-interval=1s CMD ["node", "dist/main.js", "healthcheck", "--config", "/etc/sluice/config.yaml"]
# Node is process 1 and handles SIGTERM itself; there is no shell in between.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run", "--config", "/etc/sluice/config.yaml"]
