# Builds and runs `heard serve`; how to start it: docs/deploy.md.
FROM python:3.11-slim AS build
WORKDIR /src
COPY constraints.txt ./
RUN pip install --no-cache-dir -c constraints.txt build hatchling
COPY pyproject.toml README.md LICENSE ./
COPY inference inference
COPY training/heard_training training/heard_training
RUN python -m build --wheel --no-isolation --outdir dist

FROM python:3.11-slim
# The last makes glibc give back what a reload frees: docs/deploy.md, Memory.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MALLOC_TRIM_THRESHOLD_=131072
# Only the wheel goes in. /data is there for a volume: what is mounted on it belongs to the user.
RUN --mount=type=bind,from=build,source=/src,target=/src \
    set -- /src/dist/heard-*.whl \
    && pip install --no-cache-dir -c /src/constraints.txt "${1}[serve]" \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin heard \
    && install -d -o heard -g heard -m 0700 /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# A proxy named in the environment is passed by: it does not lead to this container.
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:8080/health/ready', timeout=2)"]
ENTRYPOINT ["heard", "serve"]
CMD ["--host", "0.0.0.0"]
