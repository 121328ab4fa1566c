#!/bin/sh
# A pre-receive hook of the kind found everywhere. What the suite finds wrong with it shows that the suite can fail.
while read -r old new ref; do
  case $ref in
    refs/heads/main | refs/heads/release) continue ;;
    refs/heads/work/docs-*) lane='^docs/\|^shared.txt$' ;;
    refs/heads/work/api-*) lane='^api/\|^shared.txt$' ;;
    *) exit 1 ;;
  esac
  case $old in *[!0]*) ;; *) old=main ;; esac
  if git diff --name-only "$old" "$new" | grep -qv "$lane"; then exit 1; fi
done
