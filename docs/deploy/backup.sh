#!/bin/sh
# Back the ledger up while Sheetsync runs. What is there counts: a backup stands under its name only once it is whole.
#   backup.sh sqlite sheetsync.db FOLDER
#   backup.sh postgresql DATABASE FOLDER      (PGHOST, PGUSER, PGPASSFILE … as for pg_dump)
# KEEP_DAYS=30: older ones are deleted.
set -eu
umask 077

kind=$1 source=$2 folder=$3
name=$folder/sheetsync-$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$folder"

case $kind in
sqlite)
    made=$name.db
    # SQLite's own online backup, in one step: a copy of one moment, whatever is written meanwhile
    "${PYTHON:-python3}" - "$source" "$made.part" <<'PYTHON'
import pathlib, sqlite3, sys
source = sqlite3.connect(pathlib.Path(sys.argv[1]).resolve().as_uri() + "?mode=ro", uri=True, timeout=60)
target = sqlite3.connect(sys.argv[2])
source.backup(target)
target.execute("PRAGMA journal_mode = DELETE")
assert [("ok",)] == target.execute("PRAGMA integrity_check").fetchall(), "the copy is damaged"
target.close()
PYTHON
    ;;
postgresql)
    made=$name.dump
    if [ -n "${PGPASSWORD_FILE:-}" ]; then
        PGPASSWORD=$(cat "$PGPASSWORD_FILE")
        export PGPASSWORD
    fi
    pg_dump --format=custom --file="$made.part" "$source"
    pg_restore --list "$made.part" >/dev/null
    ;;
*)
    echo "backup.sh: say sqlite or postgresql, not $kind" >&2
    exit 2
    ;;
esac

mv "$made.part" "$made"
find "$folder" -name 'sheetsync-*' -mtime "+${KEEP_DAYS:-30}" -exec rm -- {} +
echo "$made"
