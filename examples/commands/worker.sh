#!/bin/sh
# One life of a run, in POSIX shell. A step's result is a file of its own, published by `mv`: whole, or not there.
set -eu

# One line to the ledger, in one write. The second argument is further members of the mark.
mark() { printf '{"life":%s,"mark":"%s"%s}\n' "$KILLPOINT_LIFE" "$1" "${2-}" >&3; }

publish() { # name, text
  printf '%s\n' "$2" > "$KILLPOINT_DIR/$1.new"
  mv "$KILLPOINT_DIR/$1.new" "$KILLPOINT_DIR/$1"
}

mark begin
mark resolved ",\"epoch\":$KILLPOINT_LIFE"
outcome=''

# The workload is a tree in JSON; this worker knows steps that follow each other, and reads them off the text.
steps=$(grep -o '"kind":"step","id":"[^"]*","effect":"[^"]*"' "$KILLPOINT_WORKLOAD" | cut -d '"' -f 8,12 | tr '"' ' ')
while read -r step effect; do
  if [ -e "$KILLPOINT_DIR/$step" ]; then
    nonce=$(cat "$KILLPOINT_DIR/$step")
  elif [ -e "$KILLPOINT_DIR/$step.intent" ]; then
    # An earlier life began it, and nobody knows what became of it: it is not done twice.
    nonce=unknown
    publish "$step" "$nonce"
  else
    if [ "$effect" = once ]; then publish "$step.intent" "$KILLPOINT_LIFE"; fi
    nonce="$KILLPOINT_LIFE-$step-$$"
    mark effect ",\"step\":\"$step\",\"effect\":\"$effect\",\"key\":\"$KILLPOINT_RUN_ID/$step\",\"args\":\"\",\"nonce\":\"$nonce\",\"epoch\":$KILLPOINT_LIFE,\"attempt\":1"
    publish "$step" "$nonce"
  fi
  if [ "$nonce" = unknown ]; then
    mark observed ",\"step\":\"$step\",\"nonce\":\"\",\"state\":\"unknown\""
  else
    mark observed ",\"step\":\"$step\",\"nonce\":\"$nonce\",\"state\":\"done\""
  fi
  outcome="$outcome,\"$step\":\"$nonce\""
done <<END
$steps
END

mark 'done' ",\"status\":\"done\",\"outcome\":{${outcome#,}}"
