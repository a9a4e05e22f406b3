#!/bin/sh
# A genuine WordPress on loopback, with probe routes for credits; see README.md. Everything is kept below $FOLDER.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
FOLDER=${FOLDER:-$(mktemp -d)}
PORT=${PORT:-8920}
WORDPRESS=${WORDPRESS:-/usr/share/wordpress}
mkdir -p "$FOLDER/site" "$FOLDER/db"
[ -e "$FOLDER/site/wp-load.php" ] || cp -r "$WORDPRESS/." "$FOLDER/site/"
mkdir -p "$FOLDER/site/wp-content/mu-plugins"
cp "$HERE/probe.php" "$FOLDER/site/wp-content/mu-plugins/"
[ -d "$FOLDER/db/mysql" ] || mariadb-install-db --user="$(id -un)" --datadir="$FOLDER/db" --skip-test-db \
    --auth-root-authentication-method=normal > /dev/null 2>&1
mariadbd --no-defaults --user="$(id -un)" --datadir="$FOLDER/db" --socket="$FOLDER/db.sock" --skip-networking \
    --pid-file="$FOLDER/db.pid" > "$FOLDER/db.log" 2>&1 &
DATABASE=$!
trap 'kill "$DATABASE"' EXIT INT TERM
tries=0
until mariadb --no-defaults -uroot -S "$FOLDER/db.sock" -e 'create database if not exists wp' 2> /dev/null; do
    tries=$((tries + 1)); [ "$tries" -lt 100 ] || { cat "$FOLDER/db.log"; exit 1; }; sleep 0.2
done
cat > "$FOLDER/site/wp-config.php" <<PHP
<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:$FOLDER/db.sock');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', 'http://127.0.0.1:$PORT'); define('WP_SITEURL', 'http://127.0.0.1:$PORT');
define('WP_ENVIRONMENT_TYPE', '${TYPE:-local}'); define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
\$table_prefix = 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
PHP
php "$HERE/install.php" "$FOLDER/site" > "$FOLDER/passwords.json"
echo "http://127.0.0.1:$PORT"
echo "application passwords: $FOLDER/passwords.json"
PHP_CLI_SERVER_WORKERS=4 php -S "127.0.0.1:$PORT" -t "$FOLDER/site" "$HERE/router.php" > "$FOLDER/web.log" 2>&1
