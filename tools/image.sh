#!/bin/sh
# What `make image` runs: build the container image, for this kind of machine or for others.
# BUILDER, IMAGE and VERSION are given. What may be empty: BASE, PLATFORM, PUSH, PIP_CONF, and what
# the image says of itself: SOURCE, DOCUMENTATION, CREATED.
set -eu
: "${BASE:=}" "${PLATFORM:=}" "${PUSH:=}" "${PIP_CONF:=}"

# Without who may read it; an address that only this machine knows is told to nobody.
source_of_here() {
    git config --get remote.origin.url 2> /dev/null | sed -n 's|^\(https\{0,1\}://\)\([^/@]*@\)\{0,1\}|\1|p'
}

# What the base's name leads to now, or nothing where no registry can be asked.
digest_of() {
    case $BUILDER in
        docker) docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1" ;;
        buildah) skopeo inspect --no-tags --format '{{.Digest}}' "docker://$1" ;;
    esac 2> /dev/null || true
}

if [ -n "$PUSH" ] && [ -z "$PLATFORM" ]; then
    echo "PUSH goes with PLATFORM, such as linux/amd64,linux/arm64; without: $BUILDER push $IMAGE" >&2
    exit 1
fi

base=${BASE:-$(sed -n 's/^ARG BASE=//p' Dockerfile)}
case $base in
    *@*) digest=${base#*@} ;;
    *) digest=$(digest_of "$base") ;;
esac
SOURCE=${SOURCE:-$(source_of_here)}

# It is built on what its label says, also if the base's name leads elsewhere by then.
set -- --build-arg "BASE=${base%@*}${digest:+@$digest}" --build-arg "BASE_DIGEST=$digest" \
    --build-arg "REVISION=$(git rev-parse HEAD 2> /dev/null || true)" \
    --build-arg "CREATED=${CREATED:-$(date -u +%FT%TZ)}" \
    --build-arg "SOURCE=$SOURCE" --build-arg "DOCUMENTATION=${DOCUMENTATION:-$SOURCE}" \
    ${PIP_CONF:+--secret "id=pip,src=$PIP_CONF"} .

run() {
    echo "$*"
    "$@"
}

to=--load
[ -z "$PUSH" ] || to=--push
case $BUILDER,$PLATFORM in
    *,) run "$BUILDER" build --tag "$IMAGE" --tag "$IMAGE:$VERSION" "$@" ;;
    docker,*)
        run docker buildx build --platform "$PLATFORM" "$to" \
            --tag "$IMAGE" --tag "$IMAGE:$VERSION" "$@"
        ;;
    buildah,*)
        run buildah build --platform "$PLATFORM" --manifest "$IMAGE:$VERSION" "$@"
        [ -z "$PUSH" ] || run buildah manifest push --all "$IMAGE:$VERSION" "docker://$IMAGE:$VERSION"
        ;;
esac
