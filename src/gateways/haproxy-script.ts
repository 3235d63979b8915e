import type { GatewaySettings } from './settings.ts'

/**
 * The shell script that fetches the keys for HAProxy: POSIX sh and curl, nothing else. It changes
 * nothing unless it has all of them, so that an outage of the service leaves HAProxy as it is.
 * @param slots how many files the configuration reads
 */
export function haproxyScript(
  { service, algorithm, keyFolder }: GatewaySettings,
  slots: number,
): string {
  return `#!/bin/sh
# Fetches the ${algorithm} keys of Mintmark for HAProxy, and reloads it when they are others.
# For cron: */5 * * * * root /usr/local/sbin/mintmark-keys
# RELOAD is what it runs then. Before HAProxy's first start: RELOAD=true mintmark-keys
set -eu
service=${service}
folder=${keyFolder}
reload=\${RELOAD:-systemctl reload haproxy}

fetch() { curl -fsS --retry 3 --max-time 10 "$1" -o "$2"; }

mkdir -p "$folder"
new=$(mktemp -d "$folder/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
fetch "$service/.well-known/jwks.json" "$new/jwks.json"
count=0
for kid in $(grep -o '"kid":"[A-Za-z0-9_-]*","alg":"${algorithm}"' "$new/jwks.json" | cut -d '"' -f 4); do
  count=$((count + 1))
  if [ "$count" -gt ${slots} ]; then
    echo "mintmark-keys: there are more than ${slots} ${algorithm} keys; HAProxy's configuration reads ${slots}" >&2
    exit 1
  fi
  fetch "$service/.well-known/keys/$kid.pem" "$new/$count.pem"
  echo "$kid $folder/$count.pem" >>"$new/keys.map"
done
if [ "$count" -eq 0 ]; then
  echo "mintmark-keys: $service publishes no ${algorithm} key" >&2
  exit 1
fi
# HAProxy wants every file that its configuration names; no kid leads to these.
while [ "$count" -lt ${slots} ]; do
  count=$((count + 1))
  cp "$new/1.pem" "$new/$count.pem"
done
cat "$new/keys.map" "$new"/*.pem >"$new/all"
if cmp -s "$new/all" "$folder/all"; then exit 0; fi
mv "$new"/*.pem "$new/keys.map" "$folder/"
$reload
# Last, so that a reload that failed is tried again.
mv "$new/all" "$folder/all"
`
}
