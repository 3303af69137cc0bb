# For those without Python:  docker build -t enishi .
#     docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/site" enishi build
FROM python:3.12-slim AS build
COPY . /src
RUN python -m venv /opt/enishi \
 && /opt/enishi/bin/pip install --no-cache-dir --disable-pip-version-check -c /src/constraints.txt /src

FROM python:3.12-slim
# git, because `enishi check` asks it what changed
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 author
COPY --from=build /opt/enishi /opt/enishi
ENV PATH="/opt/enishi/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
USER author
WORKDIR /site
ENTRYPOINT ["enishi"]
