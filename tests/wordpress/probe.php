<?php
/**
 * Plugin Name: Probe credits
 * Description: Credit routes over user meta, for trying Sheetsync on a genuine WordPress. Not FastCredit Pro.
 */

add_action('rest_api_init', function () {
    $admin = function () { return current_user_can('manage_options'); };
    $user = ['type' => 'integer', 'required' => true];
    $amount = ['type' => 'integer', 'required' => true, 'minimum' => 0];
    $show = function ($id) {
        $balance = get_user_meta($id, 'probe_credits', true);
        return ['user_id' => $id, 'data' => ['balance' => $balance === '' ? null : (int) $balance]];
    };
    $known = function ($request) {
        return get_userdata($request['user_id']) ? null
            : new WP_Error('rest_user_invalid_id', 'Invalid user ID.', ['status' => 404]);
    };
    register_rest_route('probe/v1', '/credits/(?P<user_id>[\d]+)', [
        'methods' => 'GET', 'permission_callback' => $admin, 'args' => ['user_id' => $user],
        'callback' => function ($request) use ($show, $known) {
            return $known($request) ?? $show((int) $request['user_id']);
        },
    ]);
    register_rest_route('probe/v1', '/credits/add', [
        'methods' => 'POST', 'permission_callback' => $admin, 'args' => ['user_id' => $user, 'credits' => $amount],
        'callback' => function ($request) use ($show, $known) {
            $id = (int) $request['user_id'];
            if ($error = $known($request)) { return $error; }
            update_user_meta($id, 'probe_credits', (int) get_user_meta($id, 'probe_credits', true) + $request['credits']);
            return $show($id);
        },
    ]);
    register_rest_route('probe/v1', '/credits/update-total', [
        'methods' => 'PUT, POST', 'permission_callback' => $admin, 'args' => ['user_id' => $user, 'credits' => $amount],
        'callback' => function ($request) use ($show, $known) {
            $id = (int) $request['user_id'];
            if ($error = $known($request)) { return $error; }
            update_user_meta($id, 'probe_credits', $request['credits']);
            return $show($id);
        },
    ]);
    register_rest_route('probe/v1', '/credit-log/(?P<user_id>[\d]+)', [
        'methods' => 'GET', 'permission_callback' => $admin, 'args' => ['user_id' => $user],
        'callback' => function () { return []; },
    ]);
});
