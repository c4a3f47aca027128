# Sourced by scripts that do their work in phases and say at the end how long each took.
# shellcheck shell=bash

phase_names=()
phase_seconds=()

# phase NAME COMMAND... - runs the command, remembers its wall time, returns its status.
phase() {
  local name=$1 begin=$EPOCHREALTIME status=0
  shift
  echo "== $name" >&2
  "$@" || status=$?
  phase_names+=("$name")
  # EPOCHREALTIME has six decimals whatever the locale's point is.
  phase_seconds+=($(((${EPOCHREALTIME//[!0-9]/} - ${begin//[!0-9]/}) / 1000)))
  return $status
}

print_phases() {
  local i total=0
  for i in "${!phase_names[@]}"; do
    printf '%-28s %5d.%03d s\n' "${phase_names[$i]}" $((phase_seconds[i] / 1000)) $((phase_seconds[i] % 1000))
    total=$((total + phase_seconds[i]))
  done
  printf '%-28s %5d.%03d s\n' "all phases" $((total / 1000)) $((total % 1000))
}

# Compiler jobs: one a core, fewer where memory is short (a heavy file takes 1.5 GB).
build_jobs() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo 2>/dev/null || echo 0)
  if [ "$memory_gb" -gt 0 ] && [ $((cores * 3 / 2)) -gt "$memory_gb" ]; then
    cores=$((memory_gb * 2 / 3))
  fi
  if [ "$cores" -lt 1 ]; then cores=1; fi
  echo "$cores"
}
