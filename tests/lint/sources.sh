# Sourced by the lint scripts. $root is the source tree; folders that are built or fetched are left out.
project_files() { # NAME-PATTERN...: files of ours, relative to $root, sorted
  local names=() pattern
  for pattern in "$@"; do names+=(-o -name "$pattern"); done
  (cd "$root" && find . \( -name .git -o -name 'build' -o -name 'build-*' -o -name node_modules -o -path ./tests/lint/planted \) -prune \
    -o -type f \( "${names[@]:1}" \) -print) | sed 's,^\./,,' | LC_ALL=C sort
}
