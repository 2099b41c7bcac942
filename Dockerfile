# Web and worker from one image and the same locks as everywhere else:
#   docker build -t torqueline .
#   docker run --env-file shop.env -p 8000:8000 torqueline            the web server
#   docker run --env-file shop.env torqueline worker                  the worker
#   docker run --env-file owner.env torqueline migrate                before each new version

FROM node:22-bookworm-slim AS node

FROM python:3.11-slim-bookworm AS packages
WORKDIR /srv/torqueline
RUN python -m venv .venv
COPY requirements.txt ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM packages AS built
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
COPY package.json package-lock.json .npmrc ./
COPY app app
COPY bin bin
COPY pyproject.toml ./
RUN .venv/bin/python bin/assets \
 && .venv/bin/python bin/words \
 && .venv/bin/python -m compileall -q app

FROM python:3.11-slim-bookworm
WORKDIR /srv/torqueline
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent torqueline \
 && install -d -o torqueline -g torqueline /var/lib/torqueline
COPY --from=packages /srv/torqueline/.venv .venv
COPY --from=built /srv/torqueline/app app
COPY --from=built /srv/torqueline/build build
COPY migrations migrations
COPY bin/torqueline bin/torqueline
ENV PATH=/srv/torqueline/bin:/srv/torqueline/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TORQUELINE_HOME=/var/lib/torqueline
USER torqueline
VOLUME /var/lib/torqueline
EXPOSE 8000
ENTRYPOINT ["torqueline"]
CMD ["serve"]
