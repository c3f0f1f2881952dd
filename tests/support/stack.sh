# Sourced by scripts that need a running simulator and daemon on loopback: stack_start BUILD_DIR WORK_DIR, stack_stop.
# Sets STACK_MCP_URL, STACK_URL, STACK_TOKEN, STACK_SIM, STACK_CA, STACK_CONFIG, STACK_WORLD (a file) and the names of the
# simulator's world that scripts work with. Only processes started here are ended, by their ids.

STACK_PIDS=()

stack_wait_line() { # stack_wait_line FILE PATTERN PID: prints the first line that matches; at most 20 s
  local i
  for i in $(seq 200); do
    if grep -m1 -E -- "$2" "$1" 2>/dev/null; then return 0; fi
    kill -0 "$3" 2>/dev/null || { echo "the process ended early:" >&2; tail -20 "$1" >&2; return 1; }
    sleep 0.1
  done
  echo "no line like '$2' in $1" >&2
  tail -20 "$1" >&2
  return 1
}

stack_curl() { curl --silent --show-error --fail --noproxy '*' --max-time 20 --cacert "$STACK_CA" "$@"; }

stack_pat() { # stack_pat ORGANIZATION: a PAT of the simulator's world with the scopes a daemon needs
  jq -r --arg o "$1" '.organizations[] | select(.name == $o).pats.recommended.token' "$STACK_WORLD"
}

stack_start_simulator() { # stack_start_simulator BUILD_DIR WORK_DIR [SIMULATOR OPTIONS...]
  local build=$1 work=$2
  shift 2
  STACK_CA=$work/ca.pem
  "$build/ado-simulator" --port 0 --ca-file "$STACK_CA" --print-config --state-dir "$work/state" \
    --daemon-listen "${STACK_LISTEN:-127.0.0.1:0}" "$@" >"$work/simulator.out" 2>"$work/simulator.err" &
  STACK_SIM_PID=$!
  STACK_PIDS+=("$STACK_SIM_PID")
  local line
  line=$(stack_wait_line "$work/simulator.out" '^# listening ' "$STACK_SIM_PID") || return 1
  STACK_SIM=https://localhost:${line##*:}
  STACK_WORLD=$work/world.json
  stack_curl "$STACK_SIM/__sim/world" >"$STACK_WORLD"
  # The simulator's own configuration lets anybody in; scripts go through the token door, as an operator does.
  STACK_CONFIG=$work/config.yaml
  sed 's/mode: none/mode: token/' "$work/simulator.out" >"$STACK_CONFIG"
}

# What scripts work with: one organization a method. `reconnect_backoff` is found in five files of each.
STACK_QUERY=reconnect_backoff
STACK_PAT_ORG=contoso STACK_PAT_PROJECT="Game Engine"
STACK_OAUTH_ORG=fabrikam STACK_OAUTH_PROJECT=Fabrikam-Fiber
STACK_MI_ORG=northwind STACK_MI_PROJECT=Traders

stack_start_daemon() { # stack_start_daemon BUILD_DIR WORK_DIR
  local build=$1 work=$2
  "$build/ado-mcpd" serve --config "$STACK_CONFIG" >"$work/daemon.out" 2>"$work/daemon.log" &
  STACK_DAEMON_PID=$!
  STACK_PIDS+=("$STACK_DAEMON_PID")
  local address=${STACK_LISTEN:-127.0.0.1:0} i
  if [ "${address##*:}" = 0 ]; then
    address=$(stack_wait_line "$work/daemon.log" '"daemon.ready"' "$STACK_DAEMON_PID" | jq -r .listen) || return 1
  else
    # A quiet log level hides the event: ask the door.
    for i in $(seq 200); do
      curl --silent --noproxy '*' --insecure --max-time 5 -o /dev/null "${STACK_SCHEME:-http}://$address/readyz" && break
      kill -0 "$STACK_DAEMON_PID" 2>/dev/null || { tail -20 "$work/daemon.log" >&2; return 1; }
      [ "$i" -lt 200 ] || { echo "nothing answers at $address" >&2; tail -20 "$work/daemon.log" >&2; return 1; }
      sleep 0.1
    done
  fi
  STACK_URL=${STACK_SCHEME:-http}://$address
  STACK_MCP_URL=$STACK_URL/mcp
  STACK_TOKEN=$(cat "$work/state/admin-token")
}

stack_attach_pat() { # stack_attach_pat ORGANIZATION PAT: by the REST API; the PAT goes through standard input
  printf 'organization=%s&pat=%s' "$1" "$2" |
    curl --silent --show-error --fail-with-body --noproxy '*' --max-time 30 --header "Authorization: Bearer $STACK_TOKEN" \
      --data-binary @- "$STACK_URL/api/v1/azuredevops/auth/pat"
}

stack_sign_in() { # stack_sign_in BUILD_DIR ORGANIZATION: a device-code sign-in that the simulated person approves
  stack_curl "$STACK_SIM/__sim/device/auto?polls=1&interval_s=1" >/dev/null
  "$1/ado-mcpd" login --organization "$2" --device-code --config "$STACK_CONFIG"
}

stack_start() { # stack_start BUILD_DIR WORK_DIR [SIMULATOR OPTIONS...]: simulator, daemon, the PAT organization connected
  local build=$1 work=$2
  shift 2
  stack_start_simulator "$build" "$work" "$@"
  stack_start_daemon "$build" "$work"
  stack_attach_pat "$STACK_PAT_ORG" "$(stack_pat "$STACK_PAT_ORG")" >/dev/null
}

stack_end() { # stack_end PID: asks the process to end; after ten seconds it must
  local i
  kill "$1" 2>/dev/null || return 0
  for i in $(seq 100); do
    kill -0 "$1" 2>/dev/null || break
    [ "$i" -lt 100 ] || { echo "process $1 did not end when it was asked to" >&2; kill -9 "$1" 2>/dev/null; }
    sleep 0.1
  done
  wait "$1" 2>/dev/null || return 0
}

stack_check_logs() { # stack_check_logs WORK_DIR: after stack_stop; fails when a sanitizer wrote a report into a log there
  if grep -hA 90 -E '(WARNING|ERROR): [A-Za-z]*Sanitizer|runtime error:' "$1"/*.log "$1"/*.err 2>/dev/null; then
    echo "a sanitizer has found something" >&2
    return 1
  fi
}

stack_stop() {
  local pid
  for pid in "${STACK_PIDS[@]}"; do
    stack_end "$pid"
  done
  STACK_PIDS=()
  return 0
}
