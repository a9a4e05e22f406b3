<?php
// Installs WordPress with an administrator, an editor and 120 customers; prints the application passwords as JSON.
define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
if (!is_blog_installed()) {
    wp_install('Probe shop', 'office', 'office@example.org', false, '', wp_generate_password());
    update_option('permalink_structure', '/%postname%/');
    $editor = wp_insert_user(['user_login' => 'editor', 'user_pass' => wp_generate_password(), 'user_email' => 'editor@example.org', 'role' => 'editor']);
    for ($n = 1; $n <= 120; $n++) {
        wp_insert_user(['user_login' => "customer$n", 'user_pass' => 'x', 'user_email' => "c$n@example.org", 'display_name' => "Customer $n", 'role' => 'subscriber']);
    }
    flush_rewrite_rules();
}
$made = [];
foreach (['office', 'editor'] as $name) {
    $user = get_user_by('login', $name);
    WP_Application_Passwords::delete_all_application_passwords($user->ID);
    $made[$name] = WP_Application_Passwords::create_new_application_password($user->ID, ['name' => 'Sheetsync'])[0];
}
echo json_encode($made), "\n";
