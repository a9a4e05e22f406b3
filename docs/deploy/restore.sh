#!/bin/sh
# Put a backup of the ledger back. Read docs/operations.md, "Restore", first: an older ledger does not know what was sent after it.
# Stop the service and every worker before.
#   restore.sh sqlite BACKUP.db sheetsync.db
#   restore.sh postgresql BACKUP.dump DATABASE     (the database is there and empty)
set -eu
umask 077

kind=$1 backup=$2 target=$3
[ -s "$backup" ] || { echo "restore.sh: there is no backup $backup" >&2; exit 2; }

case $kind in
sqlite)
    # the ledger of now is kept: what it holds beyond the backup stands nowhere else
    aside=$target.before-$(date -u +%Y%m%dT%H%M%SZ)
    for part in "" -wal -shm; do
        if [ -e "$target$part" ]; then mv "$target$part" "$aside$part"; fi
    done
    cp "$backup" "$target.part"
    mv "$target.part" "$target"
    ;;
postgresql)
    # all or nothing; refuses a database that holds a ledger already
    pg_restore --exit-on-error --single-transaction --no-owner --dbname="$target" "$backup"
    ;;
*)
    echo "restore.sh: say sqlite or postgresql, not $kind" >&2
    exit 2
    ;;
esac
echo "Restored. Next: sheetsync ledger check"
